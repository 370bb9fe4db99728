import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createHot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker, type Worker } from '../support/processes.js'
import { until } from '../support/promises.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

const PROCESSES = 8
const TIMES = scaled(300)
const JOINS = scaled(80)

const url = process.env['HOT_TEST_URL']!
const hot = createHot({ url })
const raw = createClient({ url })
beforeAll(() => raw.connect())
afterAll(async () => {
  await hot.close()
  await raw.disconnect()
})

async function start(job: string, key: string, times = 0): Promise<Worker[]> {
  const names = Array.from({ length: PROCESSES }, (_, number) => String(number))
  const workers = names.map(name => spawnWorker('lining-up.ts', [job, url, key, name, String(times)]))
  expect(await Promise.all(workers.map(worker => worker.next()))).toEqual(names.map(() => 'ready'))
  return workers
}

async function end(workers: readonly Worker[]): Promise<void> {
  for (const worker of workers) expect(await worker.next()).toBe('done')
  expect(await Promise.all(workers.map(worker => worker.done))).toEqual(workers.map(() => 0))
}

const who = (key: string) => raw.lRange(`${key}:ledger`, 0, -1)

test(`${PROCESSES} processes take a lock ${TIMES} times together: each gets at least half of its fair share`, async () => {
  const key = freshKey('lock')
  const workers = await start('contends', key, TIMES)
  for (const worker of workers) worker.send('go')
  await end(workers)

  const ledger = (await who(key)).slice(0, TIMES)
  const shares = workers.map((_, number) => ledger.filter(name => name === String(number)).length)
  expect(ledger).toHaveLength(TIMES)
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(TIMES / PROCESSES / 2)
})

test('many processes are served in the exact order in which they came; who leaves the line delays nobody', async () => {
  const key = freshKey('lock')
  const workers = await start('joins', key)
  const enqueued = (length: number) =>
    until(`${length} are enqueued`, async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === length)
  const held = await hot.lock(key).acquire()

  const expected: string[] = []
  const joined = workers.map(() => 0)
  for (let place = 0; place < JOINS; place++) {
    const process = place < 2 * PROCESSES ? place % PROCESSES : Math.floor(Math.random() * PROCESSES)
    expected.push(`${process}:${joined[process]!++}`)
    workers[process]!.send('join')
    await enqueued(place + 1)
  }
  for (const [process, worker] of workers.entries()) {
    worker.send('leave')
    worker.send('leave')
    for (const wait of [0, 1]) expected.splice(expected.indexOf(`${process}:${wait}`), 1)
  }
  await enqueued(JOINS - 2 * PROCESSES)
  for (const worker of workers) worker.send('end')
  await held.release()
  await end(workers)

  expect(await who(key)).toEqual(expected)
})
