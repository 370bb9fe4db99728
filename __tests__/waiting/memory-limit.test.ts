import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
import { lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { failureOf, started } from '../support/promises.js'
import { consuming, limit } from '../support/queues.js'
import { startServer, type Server } from '../support/servers.js'

let server: Server
let raw: RawClient
let hot: Hot
let key: string

beforeAll(async () => {
  server = await startServer()
  raw = await rawClient(server.url)
  hot = createHot({ url: server.url })
})
beforeEach(() => {
  key = freshKey()
})
afterAll(async () => {
  await hot.close()
  await raw.disconnect()
  await server.stop()
})

describe('Out of memory, without eviction, leases are renewed and ended:', () => {
  const lease = 300
  afterEach(() => raw.configSet('maxmemory', '0'))
  const fill = () => raw.configSet('maxmemory', '1')

  test('permits', async () => {
    const permit = await hot.lock(key).acquire({ lease })
    await fill()
    expect(await failureOf(hot.lock(freshKey()).acquire())).toMatchObject({ message: expect.stringMatching(/OOM/) })
    await sleep(2 * lease)
    expect(permit.signal.aborted).toBe(false)
    await permit.release()
  })

  test('permits that were handed over', async () => {
    const first = await hot.lock(key).acquire()
    const second = started(hot.lock(key).acquire({ lease }))
    await lines(raw)(1, key, 'waiters')
    await fill()
    await first.release()
    const permit = await second
    await sleep(2 * lease)
    expect(permit.signal.aborted).toBe(false)
    await permit.release()
  })

  test('items', async () => {
    const queue = hot.queue<string>(key)
    await queue.put('a')
    const consumer = consuming(queue, { lease })
    expect(await consumer.next()).toBe('a')
    await fill()
    await sleep(2 * lease)
    expect(await queue.size).toBe(0)
    await consumer.leave()
    expect(await queue.get()).toBe('a')
  })
})

describe('When Redis evicts what belongs to a queue, no item is lost:', () => {
  test('not that of a put that waits for space', async () => {
    const queue = hot.queue<string>(key, { maxsize: 1 })
    await queue.put('a')
    const put = started(queue.put('b'))
    await lines(raw)(1, key, 'putters')
    await raw.del(auxKeyName(key, 'bound'))
    expect(await queue.get()).toBe('a')
    await put
    expect(await queue.get(limit)).toBe('b')
  })

  test.each(['leases', 'state'])('not that of a consumer, without the %s', async role => {
    const queue = hot.queue<string>(key)
    await queue.put('a')
    const consumer = consuming(queue)
    expect(await consumer.next()).toBe('a')
    await raw.del(auxKeyName(key, role))
    if (role === 'state') await consumer.leave()
    expect(await queue.get(limit)).toBe('a')
  })
})

describe('All processes know when to check for an ended lease,', () => {
  test('however many wait before them', async () => {
    await using other = createHot({ url: server.url })
    const tickets = Array.from({ length: 1_500 }, (_, index) => ({ score: index + 1, value: `stopped/${index}L2000` }))
    const permit = await other.lock(key).acquire()
    const behind = started(hot.lock(key).acquire())
    await lines(raw)(1, key, 'waiters')
    const waiters = auxKeyName(key, 'waiters')
    const [ticket = ''] = await raw.zRange(waiters, 0, 0)
    await raw.zAdd(waiters, tickets)
    // It receives what is sent to the process that never does anything.
    const stopped = await rawClient(server.url)
    const told: string[] = []
    await stopped.subscribe('stopped', () => undefined)
    const spy = await rawClient(server.url)
    await spy.subscribe(ticket.split('/')[0] ?? '', message => told.push(message))
    await permit.release()
    await sleep(50)
    expect(told).toEqual([expect.stringMatching(/^recheck \d+ /)])
    await raw.del(waiters)
    await stopped.disconnect()
    await spy.disconnect()
    await hot.lock(key).clear()
    await (await behind).release()
  })
})
