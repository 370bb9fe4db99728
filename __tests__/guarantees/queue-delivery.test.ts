import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setImmediate as turn } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { until } from '../support/promises.js'
import { Crew, END, begin, kill, lines, rawClient, type RawClient } from '../support/crew.js'
import { startServer, type Server } from '../support/servers.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

let server: Server
let crew: Crew
let hot: Hot
let raw: RawClient

beforeAll(async () => {
  server = await startServer()
  crew = new Crew(server.url)
  hot = createHot({ url: server.url })
  raw = await rawClient(server.url)
})
afterAll(async () => {
  await hot.close()
  await raw.disconnect()
  await server.stop()
})

/** What each of the four puts. */
const EACH = scaled(5_000)

/** What is left at a key and its companions once nobody needs any of it; answers are kept for a minute. */
const leftAt = async (key: string) => (await raw.keys(`*${key}*`)).filter(name => !name.endsWith(':replies')).sort()

test(`${4 * EACH} items of 4 processes reach 4 other ones, each item once, those of one process in order`, async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const [PRODUCERS, LOOPS] = [4, 8]
  const workers = await crew.hire(8)
  const [producers, consumers] = [workers.slice(0, PRODUCERS), workers.slice(PRODUCERS)]
  begin(consumers, 'takes', queue.key, LOOPS)
  begin(producers, 'puts', queue.key, EACH, 100)
  await crew.results(producers)
  await Promise.all(Array.from({ length: 4 * LOOPS }, () => queue.put(END)))
  const taken = (await crew.results<string[][]>(consumers)).flat()

  for (const loop of taken) {
    for (let producer = 0; producer < PRODUCERS; producer++) {
      const numbers = loop.filter(item => item.startsWith(`${producer}:`)).map(item => Number(item.slice(2)))
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  }
  const all = taken.flat()
  expect(all).toHaveLength(PRODUCERS * EACH)
  expect(new Set(all).size).toBe(PRODUCERS * EACH)
  await queue.join()
  expect(await leftAt(queue.key)).toEqual([])
})

test('a queue with a maxsize never holds more, whoever puts, and no item is lost on its way', async () => {
  const [PRODUCERS, EACH, LOOPS] = [3, scaled(1_000), 2]
  const queue = hot.queue<string>(freshKey('queue'), { maxsize: 10 })
  const workers = await crew.hire(PRODUCERS + 2)
  const [producers, consumers] = [workers.slice(0, PRODUCERS), workers.slice(PRODUCERS)]
  begin(consumers, 'takes', queue.key, LOOPS)
  begin(producers, 'putsBounded', queue.key, EACH, 50)

  const sizes = new Set<number>()
  let going = true
  const watching = (async () => {
    while (going) sizes.add(await raw.lLen(queue.key))
  })()
  await crew.results(producers)
  going = false
  await watching
  for (let loop = 0; loop < 2 * LOOPS; loop++) await queue.put(END)
  const taken = (await crew.results<string[][]>(consumers)).flat(2)

  expect(Math.max(...sizes)).toBe(10)
  expect(taken).toHaveLength(PRODUCERS * EACH)
  expect(new Set(taken).size).toBe(PRODUCERS * EACH)
  await queue.join()
  expect(await leftAt(queue.key)).toEqual([auxKeyName(queue.key, 'bound')])
  expect(await raw.hGetAll(auxKeyName(queue.key, 'bound'))).toEqual({ maxsize: '10' })
})

test('unique items: what was new is taken once or still there, and at no moment differ the list and its set', async () => {
  const queue = hot.setQueue<number>(freshKey('queue'))
  const workers = await crew.hire(4)
  begin(workers, 'unique', queue.key, 1_500)
  let going = true
  let looks = 0
  let filled = 0
  const watching = (async () => {
    while (going) {
      const answers = await raw.multi().lRange(queue.key, 0, -1).sMembers(auxKeyName(queue.key, 'members')).exec()
      const [list, members] = answers as unknown as [string[], string[]]
      expect(list.sort()).toEqual(members.sort())
      looks++
      if (list.length > 1) filled++
      await turn()
    }
  })()
  const told = await crew.results<{ put: number[]; taken: number[] }>(workers)
  going = false
  await watching
  const put = told.flatMap(one => one.put).sort((a, b) => a - b)
  const found = [...told.flatMap(one => one.taken), ...(await queue.toJS())].sort((a, b) => a - b)
  expect(put.length).toBeGreaterThan(1_000)
  expect(found).toEqual(put)
  expect(looks).toBeGreaterThan(100)
  expect(filled).toBeGreaterThan(10)
})

test('an item whose worker is killed goes in front again when its lease has ended, and join() waits for it', async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const [holder] = await crew.hire(1)
  await queue.put('a')
  begin([holder!], 'holds', queue.key, 1_000)
  expect(await holder!.next()).toBe('a')
  await queue.put('b')
  let joined = false
  const join = queue.join().then(() => (joined = true))
  expect(await queue.get()).toBe('b')
  await kill(holder!)
  expect(joined).toBe(false)
  // Nobody acts at the key but those who wait.
  for await (const item of queue.consume()) {
    expect(item).toBe('a')
    expect(joined).toBe(false)
    break
  }
  expect(joined).toBe(false)
  expect(await queue.get()).toBe('a')
  await join
  expect(await leftAt(queue.key)).toEqual([])
})

test('what killed processes were putting into a full queue is not put, and leaves nothing behind', async () => {
  const queue = hot.queue<string>(freshKey('queue'), { maxsize: 1 })
  await queue.put('mine')
  const [dying] = await crew.hire(1)
  begin([dying!], 'waitsForSpace', queue.key, 20)
  await lines(raw)(20, queue.key, 'putters')
  const next = queue.put('next')
  await lines(raw)(21, queue.key, 'putters')
  await kill(dying!)
  expect(await queue.get()).toBe('mine')
  await next
  expect(await queue.get()).toBe('next')
  expect(await queue.empty()).toBe(true)
  expect(await raw.hGetAll(auxKeyName(queue.key, 'bound'))).toEqual({ maxsize: '1' })
})

test('when workers are killed with -9 and replaced, every item is worked on to its end, and join() tells when', async () => {
  const queue = hot.queue<string>(freshKey('queue'))
  const [ITEMS, KILLS] = [scaled(2_000), scaled(3)]
  const workers = await crew.hire(4 + KILLS)
  const items = Array.from({ length: ITEMS }, (_, index) => String(index))
  await Promise.all(items.map(item => queue.put(item)))
  const joined = queue.join()
  const done = hot.set<string>(`${queue.key}:done`)

  const working = workers.splice(0, 4)
  begin(working, 'works', queue.key, 500)
  for (let round = 1; round <= KILLS; round++) {
    await until('some more is done', async () => (await done.size) >= (round * ITEMS) / (KILLS + 2), 20_000)
    const replacement = workers.splice(0, 1)
    const [killed] = working.splice(Math.floor(Math.random() * working.length), 1, ...replacement)
    killed!.kill()
    begin(replacement, 'works', queue.key, 500)
  }
  await joined
  expect((await done.toJS()).size).toBe(ITEMS)
  const begun = await hot.list<string>(`${queue.key}:begun`).toJS()
  expect(new Set(begun).size).toBe(ITEMS)
  expect(begun.length).toBeLessThan(ITEMS + ITEMS / 10)
  await kill(...working)
})
