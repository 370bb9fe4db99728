import { afterAll, expect, test } from '@jest/globals'
import { createClient, createCluster } from 'redis'
import { setTimeout as sleep } from 'node:timers/promises'
import slotOf from 'cluster-key-slot'
import { createHot } from '../../src/index.js'
import { startCluster, startServer, type Server } from '../support/servers.js'

const closers: (() => Promise<unknown>)[] = []

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** One command on a node, whatever the cluster thinks of it. */
async function ask(node: Server, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: node.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.sendCommand(args)
  } finally {
    await client.disconnect()
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50)
}

test('when a master of a cluster dies, calls on its keys go on with the replica that takes its place, in order', async () => {
  const cluster = await startCluster()
  closers.push(() => cluster.stop())
  const [master, neighbour] = cluster.nodes as [Server, Server]
  for (const node of cluster.nodes) await ask(node, 'CONFIG', 'SET', 'cluster-node-timeout', '500')
  const args = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '500']
  const replica = await startServer({ args })
  closers.push(() => replica.stop())
  await ask(replica, 'CLUSTER', 'MEET', '127.0.0.1', String(master.port))
  const id = String(await ask(master, 'CLUSTER', 'MYID'))
  await until(async () => String(await ask(replica, 'CLUSTER', 'NODES')).includes(id))
  await ask(replica, 'CLUSTER', 'REPLICATE', id)
  await until(async () => String(await ask(replica, 'INFO', 'replication')).includes('master_link_status:up'))
  await until(async () => String(await ask(neighbour, 'CLUSTER', 'NODES')).includes(`slave ${id}`))

  const client = createCluster({ rootNodes: cluster.rootUrls.map(url => ({ url })) })
  client.on('error', () => undefined)
  closers.push(() => client.disconnect())
  const hot = createHot({ client, connectTimeout: 20_000 })
  closers.push(() => hot.close())
  await hot.list('any').length
  const key = Array.from({ length: 1_000 }, (_, n) => `list:${n}`).find(name => {
    const slot = client.slots.findIndex((_, index) => index === slotOf(name))
    return client.slots[slot]?.master.port === master.port
  }) as string
  const list = hot.list<number>(key)
  await list.push(0)

  await until(async () => (await ask(replica, 'DBSIZE')) === 1)
  await master.kill()
  await list.push(-1).catch((error: unknown) => expect(error).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' }))
  const results = await Promise.all(Array.from({ length: 100 }, (_, n) => list.push(n + 1)))
  expect(results).toHaveLength(100)
  const items = await list.toJS()
  expect(items.filter(item => item >= 0)).toEqual(Array.from({ length: 101 }, (_, n) => n))
})
