import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { RedisMemoryServer } from 'redis-memory-server'
import { findServer } from '../../scripts/setup.mjs'

/** A server process of our own, with a data folder of its own; it keeps nothing on disk unless `durable`. */
export interface Server {
  readonly url: string
  readonly port: number
  /** The process id, which changes with `restart`; undefined while it is not running. */
  readonly pid: number | undefined
  /** Ends it for good and removes its data folder. */
  stop(): Promise<void>
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port with the same arguments and data folder, after a kill -9 if it still runs. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  /** SIGCONT. */
  resume(): void
}

export interface ServerOptions {
  port?: number
  /** What it has answered survives kill -9. */
  durable?: boolean
  /** More arguments of redis-server, as `['--maxmemory', '10mb']`. */
  args?: readonly string[]
}

/**
 * By default Redis (appendfsync everysec) puts off a write to the file, and answers all the same, while the disk is still
 * busy with the last; with `no` it has left the process before the answer.
 */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'no']

export async function startServer({ port, durable = false, args = [] }: ServerOptions = {}): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'hot-redis-'))
  try {
    const memoryServer = await launch(port, ['--dir', folder, ...(durable ? DURABLE : []), ...args])
    return new ServerProcess(memoryServer, await memoryServer.getPort(), folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

class ServerProcess implements Server {
  readonly url: string

  constructor(
    private readonly memoryServer: RedisMemoryServer,
    readonly port: number,
    private readonly folder: string
  ) {
    this.url = `redis://127.0.0.1:${port}`
  }

  get pid() {
    return this.process?.pid
  }

  async stop() {
    this.resume()
    await this.memoryServer.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  async kill() {
    const child = this.process
    if (child) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    // Also ends the process that watches over it; a RedisMemoryServer that was stopped starts on the same port again.
    await this.memoryServer.stop()
  }

  async restart() {
    await this.kill()
    await this.memoryServer.start()
  }

  pause() {
    this.process?.kill('SIGSTOP')
  }

  resume() {
    this.process?.kill('SIGCONT')
  }

  /** The running child process. */
  private get process() {
    const info = this.memoryServer.getInstanceInfo()
    // What redis-memory-server calls its child process is, by its types, possibly missing; it never is after start().
    const child = info ? info.childProcess : undefined
    return child?.exitCode === null && child.signalCode === null ? child : undefined
  }
}

/** Starts a server on `port`, or on a free one: then another is tried if somebody else is quicker to take it. */
async function launch(port: number | undefined, args: string[], attempts = 5): Promise<RedisMemoryServer> {
  const chosen = port ?? (await freePort())
  const systemBinary = findServer()
  const memoryServer = new RedisMemoryServer({
    instance: { port: chosen, args },
    binary: systemBinary === undefined ? {} : { systemBinary }
  })
  try {
    await memoryServer.start()
    if ((await memoryServer.getPort()) === chosen) return memoryServer
    await memoryServer.stop()
    throw new Error(`port ${chosen} is in use`)
  } catch (error) {
    if (port !== undefined || attempts <= 1) throw error
    return launch(undefined, args, attempts - 1)
  }
}

/** Each worker of jest takes ports of its own: those of a server that is down for a while are not taken by another. */
const PORTS = 1_000
const firstPort = 12_000 + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 10) * PORTS

/**
 * A port that is free, and whose cluster bus port (10000 above) is free too. Both are below the ports that systems give
 * to outgoing connections (32768 and up on Linux), so that it stays free while its server is down.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * PORTS)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Three masters that share the 16384 slots. */
export interface Cluster {
  readonly rootUrls: readonly string[]
  readonly nodes: readonly Server[]
  stop(): Promise<void>
}

const masters = 3
const slots = 16_384

/** A node of a cluster, that knows no others yet; `timeout` is its cluster-node-timeout. */
export function startNode(timeout: number, { args = [], ...options }: ServerOptions = {}): Promise<Server> {
  const clustered = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf']
  return startServer({ ...options, args: [...clustered, '--cluster-node-timeout', String(timeout), ...args] })
}

export async function startCluster(options: ServerOptions = {}): Promise<Cluster> {
  const nodes = await startAll(Array.from({ length: masters }, () => () => startNode(5_000, options)))
  const stop = () => stopAll(nodes)
  try {
    await formCluster(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return { rootUrls: nodes.map(node => node.url), nodes, stop }
}

/** Starts things together; if one fails, those that started are stopped again. */
export async function startAll<T extends { stop(): Promise<void> }>(
  starts: readonly (() => Promise<T>)[]
): Promise<T[]> {
  const results = await Promise.allSettled(starts.map(start => start()))
  const started = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find(result => result.status === 'rejected')
  if (failed) {
    await stopAll(started)
    throw failed.reason
  }
  return started
}

export async function stopAll(started: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(started.map(one => one.stop()))
}

async function formCluster(nodes: readonly Server[]): Promise<void> {
  const clients = nodes.map(node => createClient({ url: node.url }).on('error', () => undefined))
  try {
    await Promise.all(clients.map(client => client.connect()))
    await Promise.all(
      clients.map(async (client, index) => {
        // Distinct epochs from the start, or the nodes would have to settle a conflict.
        await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)])
        await addSlots(args => client.sendCommand(args), share(index), share(index + 1))
        for (const other of nodes.slice(0, index)) {
          await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(other.port)])
        }
      })
    )
    const deadline = Date.now() + 20_000
    while (
      !(await Promise.all(clients.map(client => client.sendCommand<string>(['CLUSTER', 'INFO'])))).every(isReady)
    ) {
      if (Date.now() > deadline) throw new Error('the cluster was not ready within 20 seconds')
      await sleep(25)
    }
  } finally {
    await Promise.all(clients.map(client => client.disconnect().catch(() => undefined)))
  }
}

const share = (index: number) => Math.round((index * slots) / masters)

/** CLUSTER ADDSLOTSRANGE is missing in Redis 6.2. */
async function addSlots(send: (args: string[]) => Promise<unknown>, from: number, to: number): Promise<void> {
  const all = Array.from({ length: to - from }, (_, offset) => String(from + offset))
  for (let start = 0; start < all.length; start += 1000) {
    await send(['CLUSTER', 'ADDSLOTS', ...all.slice(start, start + 1000)])
  }
}

const isReady = (info: string) =>
  /^cluster_state:ok\r?$/m.test(info) &&
  new RegExp(`^cluster_known_nodes:${masters}\\r?$`, 'm').test(info) &&
  new RegExp(`^cluster_size:${masters}\\r?$`, 'm').test(info)
