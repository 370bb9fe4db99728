import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { auxKeyName } from '../support/keys.js'

// Of the waits at one key only one looks whether a lease has ended; whatever becomes of that one, the others depend on it.

/** Longer than it takes to get everybody enqueued. */
const LEASE = 3_000

let server: Server
let raw: ReturnType<typeof createClient>
let rival: Hot
beforeAll(async () => {
  server = await startServer()
  raw = createClient({ url: server.url })
  await raw.connect()
  rival = createHot({ url: server.url })
})
afterAll(async () => {
  await rival.close()
  await raw.disconnect()
  await server.stop()
})

let proxy: TcpProxy
let hot: Hot
beforeEach(async () => {
  proxy = await TcpProxy.to(server.port)
  hot = createHot({ url: proxy.url })
})
afterEach(async () => {
  proxy.release()
  await hot.close()
  await proxy.stop()
})

/** A semaphore all of whose permits are held by somebody who is cut off for good before he can renew them. */
async function heldByDead(key: string): Promise<void> {
  const way = await TcpProxy.to(server.port)
  const holder = createHot({ url: way.url, connectTimeout: 2_000 })
  await holder.lock(key).acquire({ lease: LEASE })
  await way.stop()
  void holder.close().catch(() => undefined)
}

const enqueued = (key: string, length: number) =>
  until(`${length} are enqueued`, async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === length)
const leaseEnds = (key: string) => until('the lease has ended', async () => (await rival.lock(key).available()) === 1)

test('who waits behind one that leaves just before the lease of a dead holder ends gets the lock', async () => {
  const key = 'leaves'
  await heldByDead(key)
  const leaving = new AbortController()
  const first = failureOf(hot.lock(key).acquire({ signal: leaving.signal }))
  const second = hot.lock(key).acquire()
  let served = false
  void second.then(() => (served = true))
  await enqueued(key, 2)

  proxy.holdReplies()
  leaving.abort()
  await enqueued(key, 1)
  expect(await rival.lock(key).available()).toBe(0)
  await leaseEnds(key)
  // The moment at which somebody has to look is milliseconds away.
  await sleep(100)
  proxy.release()

  expect(await first).toBe(leaving.signal.reason)
  await until('the one behind has the lock', () => served)
  await (await second).release()
})

test('who waits behind one whose look at the end of a lease fails hears of it, or gets the lock', async () => {
  const key = 'fails'
  await heldByDead(key)
  const first = failureOf(hot.lock(key).acquire())
  const second = hot.lock(key).acquire()
  let ended = false
  const end = () => (ended = true)
  second.then(end, end)
  await enqueued(key, 2)

  await raw.sendCommand(['ACL', 'SETUSER', 'default', '-eval', '-evalsha'])
  try {
    // It is enqueued, and so may still be handed the lock.
    expect(await first).toMatchObject({ outcome: 'unknown', message: expect.stringContaining('NOPERM') })
  } finally {
    await raw.sendCommand(['ACL', 'SETUSER', 'default', '+eval', '+evalsha'])
  }
  await until('the wait behind has ended', () => ended)
})

test('who waits behind one that is handed the lock and does not move has it soon, however long the lease before was', async () => {
  const key = 'mute'
  const held = await rival.lock(key).acquire({ lease: 3_600_000 })
  const mute = raw.duplicate()
  await mute.connect()
  await mute.subscribe('hot-redis:mute', () => undefined)
  await raw.zAdd(auxKeyName(key, 'waiters'), { score: 1, value: 'hot-redis:mute/1L500' })
  const second = hot.lock(key).acquire()
  let served = false
  void second.then(() => (served = true))
  await enqueued(key, 2)
  await held.release()
  await until('the one behind has the lock', () => served)
  await (await second).release()
  await mute.disconnect()
})
