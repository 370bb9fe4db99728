import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster } from 'redis'
import type { HotOptions } from '../../src/index.js'
import { addReplica, ask } from './failover.js'
import { until } from './promises.js'
import type { Random } from './random.js'
import { Resharding } from './resharding.js'
import { startCluster, startServer, stopAll, type Cluster, type Server } from './servers.js'

/** What a Hot may notice of a server that stands still, or is gone, is over before it gives up. */
export const TIMEOUTS = { connectTimeout: 10_000, responseTimeout: 500 } as const

/** Longer than a connection may be silent, and shorter than makes a cluster think that its node is gone. */
const STANDSTILL = 2 * TIMEOUTS.responseTimeout

/** Steps of a resharding have calls in between. */
const RESHARDING_PAUSE = 20

/** Servers on which no write that was answered is lost by what is done to them. */
export interface FaultyServers {
  readonly nodes: readonly Server[]
  /** What can be done to them, by name; `keys` are in use. Each is over when its promise resolves. */
  readonly faults: Readonly<Record<string, (random: Random, keys: readonly string[]) => Promise<unknown>>>
  /** How a Hot reaches them, and how what that takes is given up. */
  connect(): { readonly options: HotOptions; readonly close: () => Promise<unknown> }
  /** Resolves when they can take the next fault. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export async function durableServer(): Promise<FaultyServers> {
  const server = await startServer({ durable: true })
  return {
    nodes: [server],
    faults: {
      'kill -9 and restart': () => server.restart(),
      SIGSTOP: () => standStill(server),
      ...onEach(() => [server])
    },
    connect: () => ({ options: { url: server.url }, close: () => Promise.resolve() }),
    settled: () => Promise.resolve(),
    stop: () => server.stop()
  }
}

/** Three masters, each with a replica: a shard is two nodes that may change their roles. */
export async function durableCluster(): Promise<FaultyServers> {
  // A replica that lost its master is in step again at once.
  const options = { durable: true, args: ['--repl-diskless-sync-delay', '0'] }
  const cluster = await startCluster(options)
  const replicas: Server[] = []
  const stop = () => stopAll([...replicas, cluster])
  try {
    for (const master of cluster.nodes) replicas.push(await addReplica(cluster, master, 5_000, options))
  } catch (error) {
    await stop()
    throw error
  }
  const shards = cluster.nodes.map((master, index): Shard => [master, replicas[index]!])
  const nodes = shards.flat()
  return {
    nodes,
    faults: {
      'SIGSTOP of a master': async random => standStill((await anyShard(shards, random))[0]),
      'kill -9 and restart of a master': async random => (await anyShard(shards, random))[0].restart(),
      'CLUSTER FAILOVER': async random => failOver(await anyShard(shards, random)),
      resharding: async (random, keys) => reshard(cluster, await mastersFirst(shards), random, keys),
      ...onEach(() => nodes)
    },
    connect: () => connectTo(nodes),
    settled: () => whenSettled(shards),
    stop
  }
}

/** What is done to all nodes alike. */
function onEach(nodes: () => readonly Server[]) {
  const all =
    (...args: string[]) =>
    () =>
      Promise.all(nodes().map(node => ask(node, ...args)))
  return {
    'CLIENT KILL TYPE normal': all('CLIENT', 'KILL', 'TYPE', 'normal'),
    'CLIENT KILL TYPE pubsub': all('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    'SCRIPT FLUSH': all('SCRIPT', 'FLUSH')
  }
}

async function standStill(server: Server): Promise<void> {
  server.pause()
  await sleep(STANDSTILL)
  server.resume()
}

/** A master and its replica. */
type Shard = readonly [Server, Server]

const isMaster = async (node: Server): Promise<boolean> => (await ask(node, 'ROLE')).startsWith('master')

const mastersFirst = (shards: readonly Shard[]): Promise<Shard[]> =>
  Promise.all(shards.map(async ([one, other]): Promise<Shard> => ((await isMaster(one)) ? [one, other] : [other, one])))

async function anyShard(shards: readonly Shard[], random: Random): Promise<Shard> {
  const now = await mastersFirst(shards)
  return now[random.upTo(now.length - 1)]!
}

/** The replica takes over when it has all that its master has answered. */
async function failOver([, replica]: Shard): Promise<void> {
  await ask(replica, 'CLUSTER', 'FAILOVER')
  await until('the replica has taken over', () => isMaster(replica))
}

async function reshard(cluster: Cluster, shards: readonly Shard[], random: Random, keys: readonly string[]) {
  const masters = shards.map(([master]) => master)
  const resharding = await Resharding.of({ ...cluster, nodes: masters, rootUrls: masters.map(({ url }) => url) })
  try {
    await resharding.move(await resharding.slotOf(keys[random.upTo(keys.length - 1)]!), RESHARDING_PAUSE)
  } finally {
    await resharding.close()
  }
}

function connectTo(nodes: readonly Server[]) {
  const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) }).on('error', () => undefined)
  return {
    options: { client },
    close: async () => {
      if (client.isOpen) await client.disconnect()
    }
  }
}

/** Every node serves, every replica is in step, and what it was sent at first is in its file: only then is it durable. */
async function whenSettled(shards: readonly Shard[]): Promise<void> {
  const patterns = [/^cluster_state:ok/m, /^aof_rewrite_in_progress:0/m, /^aof_rewrite_scheduled:0/m]
  await until('the cluster has settled', () => isSettled(shards, patterns), 60_000)
}

async function isSettled(shards: readonly Shard[], patterns: readonly RegExp[]): Promise<boolean> {
  const now = await mastersFirst(shards)
  const states = await Promise.all(
    now.flat().map(async node => (await ask(node, 'CLUSTER', 'INFO')) + (await ask(node, 'INFO', 'persistence')))
  )
  const links = await Promise.all(now.map(([, replica]) => ask(replica, 'INFO', 'replication')))
  return (
    states.every(state => patterns.every(pattern => pattern.test(state))) &&
    links.every(link => /^master_link_status:up/m.test(link))
  )
}
