import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { Crew, END, begin, lines, rawClient, type RawClient } from '../support/crew.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

const url = process.env['HOT_TEST_URL']!
const PROCESSES = 8
const ITEMS = scaled(400)

let hot: Hot
let raw: RawClient
let stand: ReturnType<typeof lines>
const crew = new Crew(url)

beforeAll(async () => {
  hot = createHot({ url })
  raw = await rawClient(url)
  stand = lines(raw)
})
afterAll(async () => {
  await hot.close()
  await raw.disconnect()
})

test('who waits together with others gets as much as they do', async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const workers = await crew.hire(PROCESSES)
  begin(workers, 'takes', queue.key, 1)
  for (let item = 0; item < ITEMS; item++) {
    while ((await raw.zCard(auxKeyName(queue.key, 'getters'))) < PROCESSES);
    await queue.put(String(item))
  }
  for (let worker = 0; worker < PROCESSES; worker++) await queue.put(END)
  const counts = (await crew.results<string[][]>(workers)).map(([taken]) => taken!.length)
  expect(counts.reduce((all, count) => all + count)).toBe(ITEMS)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(ITEMS / PROCESSES - 5)
  expect(Math.max(...counts)).toBeLessThanOrEqual(ITEMS / PROCESSES + 5)
})

test('items are given out in the order in which processes came, however often each of them waits', async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const workers = await crew.hire(PROCESSES)
  begin(workers, 'waits', queue.key)
  const came: number[] = []
  for (let wait = 0; wait < 120; wait++) {
    const number = Math.floor(Math.random() * PROCESSES)
    workers[number]!.send({ name: wait })
    came.push(number)
    await stand(wait + 1, queue.key)
  }
  await Promise.all(came.map((_, item) => queue.put(String(item))))
  const given: string[] = []
  for (const number of came) {
    const { name, item } = await workers[number]!.next<{ name: number; item: string }>()
    given[name] = item
  }
  expect(given).toEqual(came.map((_, wait) => String(wait)))
  for (const worker of workers) worker.send({ name: END })
  await crew.results(workers)
})

test('who gives up every few milliseconds and comes again gets its share among those who wait on', async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const workers = await crew.hire(PROCESSES)
  const [impatient, ...patient] = workers
  begin(patient, 'takes', queue.key, 1)
  begin([impatient!], 'comesAndGoes', queue.key, 5)
  await stand(PROCESSES, queue.key)
  for (let item = 0; item < ITEMS; item++) {
    await queue.put(String(item))
    await sleep(2)
  }
  // Each takes one end, and then no more.
  await Promise.all(Array.from({ length: PROCESSES }, () => queue.put(END)))
  const [counts] = await crew.results<{ taken: number; gaveUp: number }>([impatient!])
  const others = (await crew.results<string[][]>(patient)).map(([taken]) => taken!.length)
  expect(counts!.gaveUp).toBeGreaterThan(100)
  expect(counts!.taken + others.reduce((all, count) => all + count)).toBe(ITEMS)
  expect(counts!.taken).toBeGreaterThanOrEqual(ITEMS / PROCESSES / 2)
})
