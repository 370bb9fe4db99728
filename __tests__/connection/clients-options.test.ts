import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as version4 from 'redis'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { createHot, type HotOptions } from '../../src/index.js'
import { exercise } from '../support/exercise.js'
import { until } from '../support/promises.js'
import { startCluster, startServer, stopAll, type Cluster, type Server } from '../support/servers.js'

type Client = NonNullable<HotOptions['client']>
interface Owned {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  disconnect?(): Promise<unknown>
  destroy?(): unknown
  on(event: string, listener: () => void): unknown
}

let server: Server
let cluster: Cluster
beforeAll(async () => {
  ;[server, cluster] = await Promise.all([startServer(), startCluster()])
})
afterAll(() => stopAll([server, cluster]))

async function closed(client: Owned): Promise<void> {
  if (!client.isOpen) return
  if (client.destroy) client.destroy()
  else await client.disconnect?.()
}

const mapping = { commandOptions: { typeMapping: { 36: Buffer, 37: Map, 58: String } } }
const rootNodes = (): { url: string }[] => cluster.rootUrls.map(url => ({ url }))

describe.each<[string, () => unknown]>([
  ['node-redis 5 with RESP3', () => version5.createClient({ url: server.url, RESP: 3 })],
  ['node-redis 5 with a type mapping', () => version5.createClient({ url: server.url, RESP: 3, ...mapping } as never)],
  ['node-redis 6 with a type mapping', () => version6.createClient({ url: server.url, ...mapping })],
  ['node-redis 4 in legacy mode', () => version4.createClient({ url: server.url, legacyMode: true })],
  ['a cluster of node-redis 5 with RESP3', () => version5.createCluster({ rootNodes: rootNodes(), RESP: 3 })],
  [
    'a cluster of node-redis 6 with a type mapping',
    () => version6.createCluster({ rootNodes: rootNodes(), RESP: 3, ...mapping } as never)
  ]
])('%s', (_name, make) => {
  test('gives every reply in the shape that the types read', async () => {
    const client = make() as Owned
    client.on('error', () => undefined)
    const hot = createHot({ client: client as never as Client, prefix: '{shapes}:' })
    await exercise(hot)
    const words = hot.multiSet('words')
    await words.update(['a', 'b', 'a'])
    expect(await words.toJS()).toEqual(new Map(Object.entries({ a: 2, b: 1 })))
    const dict = hot.dict<Record<string, number>>('equal', { initial: { a: 1 } })
    expect(await dict.equals({ a: 1 })).toBe(true)
    await Promise.all([words.clear(), dict.clear()])
    await hot.close()
    await closed(client)
  })
})

describe.each<[number, (options: object) => Owned]>([
  [4, options => version4.createClient(options)],
  [5, options => version5.createClient(options)],
  [6, options => version6.createClient(options)]
])('A client of node-redis %i on another database', (version, create) => {
  test.each(['by its option', 'by SELECT'])('%s: calls, transactions and waits use that one', async how => {
    const client = create({ url: server.url, ...(how === 'by its option' && { database: 3 }) })
    client.on('error', () => undefined)
    await client.connect()
    if (how === 'by SELECT') await (client as never as { select(database: number): Promise<unknown> }).select(3)
    const hot = createHot({ client: client as never as Client, prefix: `db:${version}:` })
    const there = createHot({ url: `${server.url}/3`, prefix: `db:${version}:` })
    const elsewhere = createHot({ url: server.url, prefix: `db:${version}:` })

    await hot.list<number>('list').push(1)
    await hot.transaction(async () => {
      if ((await hot.list<number>('list').length) === 1) void hot.list<number>('list').push(2)
    })
    expect(await there.list('list').toJS()).toEqual([1, 2])
    expect(await elsewhere.list('list').exists()).toBe(false)

    const waiting = hot.queue<string>('jobs').get()
    const enqueued = async (): Promise<boolean> => (await there.command<string[]>('KEYS', '*:getters*')).length > 0
    await until('it waits', enqueued)
    // Past the scripts of queues: only CLIENT TRACKING tells of it.
    await there.list<string>('jobs').push('x')
    expect(await waiting).toBe('x')
    await Promise.all([there.list('list').clear(), hot.close(), elsewhere.close()])
    await there.close()
    await closed(client)
  })
})
