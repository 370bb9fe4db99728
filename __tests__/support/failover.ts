import { createClient } from 'redis'
import { until } from './promises.js'
import { startNode, type Cluster, type Server, type ServerOptions } from './servers.js'

/** One command on a node, whatever the cluster thinks of it. */
export async function ask(node: Server, ...args: string[]): Promise<string> {
  const client = createClient({ url: node.url }).on('error', () => undefined)
  await client.connect()
  try {
    return String(await client.sendCommand(args))
  } finally {
    await client.disconnect()
  }
}

/** Adds a replica to a master, known to all; it takes the master's place so many milliseconds after that is gone. */
export async function addReplica(
  cluster: Cluster,
  master: Server,
  timeout = 500,
  options: ServerOptions = {}
): Promise<Server> {
  for (const node of cluster.nodes) await ask(node, 'CONFIG', 'SET', 'cluster-node-timeout', String(timeout))
  const replica = await startNode(timeout, options)
  const id = await ask(master, 'CLUSTER', 'MYID')
  const nodesKnownTo = (node: Server) => ask(node, 'CLUSTER', 'NODES')
  await ask(replica, 'CLUSTER', 'MEET', '127.0.0.1', String(master.port))
  for (const { port } of cluster.nodes) {
    await until('the replica knows all', async () => (await nodesKnownTo(replica)).includes(`:${port}@`))
  }
  await ask(replica, 'CLUSTER', 'REPLICATE', id)
  await until('it is connected', async () => (await ask(replica, 'INFO', 'replication')).includes('link_status:up'))
  for (const node of cluster.nodes) {
    await until('all know it', async () => (await nodesKnownTo(node)).includes(`slave ${id}`))
  }
  return replica
}

/** Resolves when all that a master has been told so far has reached its replica. */
export async function replicated(master: Server): Promise<void> {
  await until('the replica is up to date', async () => {
    const info = await ask(master, 'INFO', 'replication')
    const [sent, arrived] = [/master_repl_offset:(\d+)/, /slave0:.*offset=(\d+)/].map(at => at.exec(info)?.[1])
    return sent === arrived
  })
}
