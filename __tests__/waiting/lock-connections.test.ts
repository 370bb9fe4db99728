import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setImmediate as turn } from 'node:timers/promises'
import { createClient } from 'redis'
import { createHot, type Hot, type HotLock } from '../../src/index.js'
import { countingNew } from '../support/connections.js'
import { spawnWorker } from '../support/processes.js'
import { until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { upTo, waitFor } from '../support/lines.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

const WAITS = scaled(250)
/** Connections of one Hot, however many waits there are. */
const MOST_CONNECTIONS = 8

let server: Server
let raw: ReturnType<typeof createClient>
const hots: Hot[] = []

function another(): Hot {
  const hot = createHot({ url: server.url })
  hots.push(hot)
  return hot
}

beforeAll(async () => {
  server = await startServer()
  raw = createClient({ url: server.url })
  await raw.connect()
})
afterAll(async () => {
  await Promise.all(hots.map(hot => hot.close()))
  await raw.disconnect()
  await server.stop()
})

const enqueued = (lock: HotLock, length: number) =>
  until(`${length} are enqueued`, async () => (await raw.zCard(auxKeyName(lock.key, 'waiters'))) === length)

const newConnections = () => countingNew(() => [raw.sendCommand(['CLIENT', 'LIST'])])

test(`${WAITS} waits for one lock take a few connections, and are served in order`, async () => {
  const lock = another().lock('one')
  const held = await lock.acquire()
  const connections = await newConnections()
  const other = another().lock(lock.key)

  const { inside, done } = waitFor(upTo(WAITS).map(() => other))
  await enqueued(lock, WAITS)
  expect(await connections()).toBeGreaterThan(0)
  expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
  expect(inside).toEqual([])
  await held.release()
  await done
  expect(inside).toEqual(upTo(WAITS))
  expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
})

test(`${WAITS} waits for as many locks take a few connections, and are served as the locks are released`, async () => {
  const hot = another()
  const held = await Promise.all(upTo(WAITS).map(place => hot.lock(`many:${place}`).acquire()))
  const connections = await newConnections()
  const other = another()
  const locks = upTo(WAITS).map(place => other.lock(`many:${place}`))

  const { inside, done } = waitFor(locks)
  await Promise.all(locks.map(lock => enqueued(lock, 1)))
  expect(await connections()).toBeGreaterThan(0)
  expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
  expect(inside).toEqual([])
  // Locks of their own have no order among each other: half of them together, then one after the other, last first.
  const together = held.splice(0, WAITS / 2)
  await Promise.all(together.map(permit => permit.release()))
  await until('those are served', () => inside.length === together.length)
  expect([...inside].sort((one, other) => one - other)).toEqual(upTo(WAITS / 2))
  for (const permit of held.reverse()) {
    const served = inside.length
    await permit.release()
    while (inside.length === served) await turn()
  }
  await done
  expect(inside.slice(WAITS / 2)).toEqual(
    upTo(WAITS)
      .reverse()
      .slice(0, WAITS / 2)
  )
  expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
})

test('the waits of a killed process hold up nobody who waits behind them', async () => {
  const lock = another().lock('left')
  const held = await lock.acquire()
  const connections = await newConnections()
  const worker = spawnWorker('lining-up.ts', ['crowds', server.url, lock.key, 'killed', String(WAITS)])
  await enqueued(lock, WAITS)
  expect(await connections()).toBeGreaterThan(0)
  worker.kill()
  await worker.done
  await until('Redis has seen it go', async () => (await connections()) === 0)
  const { done } = waitFor(upTo(3).map(() => another().lock(lock.key)))
  await enqueued(lock, WAITS + 3)

  await held.release()
  // One that does not live would have the lock for two seconds if it were handed it; all of them for half an hour.
  await done
  expect(await lock.available()).toBe(1)
})
