import { afterAll, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createHot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { occupancy } from '../support/occupancy.js'
import { spawnWorker, type Worker } from '../support/processes.js'
import { until } from '../support/promises.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

const PERMITS = 5
const TIMES = scaled(15)

const url = process.env['HOT_TEST_URL']!
const hot = createHot({ url })
afterAll(() => hot.close())

async function start(processes: number, ...args: (string | number)[]): Promise<Worker[]> {
  const workers = Array.from({ length: processes }, () => spawnWorker('permits.ts', args.map(String)))
  expect(await Promise.all(workers.map(worker => worker.next()))).toEqual(workers.map(() => 'ready'))
  for (const worker of workers) worker.send('go')
  return workers
}

async function end(workers: readonly Worker[]): Promise<number> {
  const told = await Promise.all(workers.map(worker => worker.next<number>()))
  expect(await Promise.all(workers.map(worker => worker.done))).toEqual(workers.map(() => 0))
  return told.reduce((all, one) => all + one, 0)
}

test(`of 50 contenders in 10 processes never more than ${PERMITS} are inside, also when processes are killed that hold permits`, async () => {
  const key = freshKey('semaphore')
  const room = await occupancy(`${key}:room`)
  const semaphore = hot.boundedSemaphore(key, { value: PERMITS })
  const lease = 3_000
  const workers = await start(10, 'visits', key, PERMITS, TIMES, 5, lease)

  const killed = workers.splice(0, 3)
  let buried = 0
  for (const worker of killed) {
    worker.send('stay')
    expect(await worker.next()).toBe('inside')
    worker.kill()
    expect(await worker.done).toBe('SIGKILL')
    buried += await room.bury(worker.pid)
  }
  const visits = await end(workers)

  expect(buried).toBeGreaterThanOrEqual(killed.length)
  expect(visits).toBe(workers.length * 5 * TIMES)
  expect(await room.visits()).toBeGreaterThanOrEqual(visits + buried)
  expect(await room.most()).toBe(PERMITS)
  await until('the leases of the dead have ended', async () => (await semaphore.available()) === PERMITS)
  await room.close()
})

test('permits added by several processes serve as many who wait, in order, and the rest is there', async () => {
  const key = freshKey('semaphore')
  const semaphore = hot.semaphore(key, { value: 1 })
  const raw = await createClient({ url }).connect()
  await semaphore.acquire()
  const served: number[] = []
  const waits = Array.from({ length: 150 }, async (_, place) => {
    await semaphore.acquire()
    served.push(place)
  })
  await until('all are enqueued', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === waits.length)

  expect(await end(await start(4, 'adds', key, 1, 25))).toBe(100)
  await until('as many are served', () => served.length >= 100)
  expect(await raw.zCard(auxKeyName(key, 'waiters'))).toBe(50)
  expect(await semaphore.available()).toBe(0)

  expect(await end(await start(3, 'adds', key, 1, 25))).toBe(75)
  await Promise.all(waits)
  expect(served).toEqual(waits.map((_, place) => place))
  expect(await semaphore.available()).toBe(25)
  await raw.disconnect()
})
