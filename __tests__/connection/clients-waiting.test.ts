import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import * as version4 from 'redis'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { createHot, type Hot, type HotOptions } from '../../src/index.js'
import { until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

type Client = NonNullable<HotOptions['client']>

/** Clients that speak RESP2 or RESP3, also with what only RESP3 can do. */
const clients: readonly (readonly [string, (url: string) => unknown])[] = [
  ['node-redis 4', url => version4.createClient({ url })],
  ['node-redis 5', url => version5.createClient({ url })],
  ['node-redis 5 with RESP3', url => version5.createClient({ url, RESP: 3 })],
  ['node-redis 6', url => version6.createClient({ url })],
  ['node-redis 6 with RESP2', url => version6.createClient({ url, RESP: 2 })],
  [
    'node-redis 6 with a cache of its own',
    url => version6.createClient({ url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' } })
  ]
]

let server: Server
const raw = version4.createClient.bind(undefined)
let admin: ReturnType<typeof raw>
beforeAll(async () => {
  server = await startServer()
  admin = raw({ url: server.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.disconnect()
  await server.stop()
})

describe.each(clients)('Waiting with %s given to a Hot', (_, make) => {
  let hot: Hot
  let client: { readonly isOpen: boolean; disconnect?(): Promise<void>; destroy?(): void }
  beforeEach(async () => {
    await admin.flushAll()
    const made = make(server.url)
    client = made as typeof client
    hot = createHot({ client: made as Client })
  })
  afterEach(async () => {
    await hot.close()
    if (!client.isOpen) return
    if (client.destroy) client.destroy()
    else await client.disconnect?.()
  })

  const enqueued = (key: string, line: string, length = 1): Promise<void> =>
    until('it is enqueued', async () => (await admin.zCard(`{${key}}:hot-redis:${line}`)) === length)

  test('an item is handed over', async () => {
    const jobs = hot.queue<string>('jobs')
    const got = jobs.get()
    await enqueued('jobs', 'getters')
    await jobs.put('a')
    expect(await got).toBe('a')
  })

  test('a plain RPUSH of another program wakes a get, again and again', async () => {
    const jobs = hot.queue<string>('jobs')
    for (const item of ['a', 'b', 'c']) {
      const got = jobs.get()
      await enqueued('jobs', 'getters')
      await admin.rPush('jobs', item)
      expect(await got).toBe(item)
    }
  })

  test('FLUSHALL forgets who is enqueued: they ask again', async () => {
    const jobs = hot.queue<string>('jobs')
    const lock = hot.lock('lock')
    const holder = await lock.acquire()
    const waits = [jobs.get(), jobs.get()]
    const acquired = hot.lock('lock').acquire()
    await enqueued('jobs', 'getters', 2)
    await enqueued('lock', 'waiters')
    await admin.flushAll()
    await (await acquired).release()
    await enqueued('jobs', 'getters', 2)
    await jobs.put('a')
    await jobs.put('b')
    expect(await Promise.all(waits)).toEqual(['a', 'b'])
    await holder.release().catch(() => undefined)
  })

  test('a lock is handed on', async () => {
    const first = await hot.lock('lock').acquire()
    const second = hot.lock('lock').acquire()
    await enqueued('lock', 'waiters')
    await first.release()
    expect((await second).token).toBeGreaterThan(first.token)
    await (await second).release()
  })
})
