import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { setImmediate as turn } from 'node:timers/promises'
import { createClient } from 'redis'
import { createHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { carryOut, step, type Step } from '../support/programs.js'
import { until } from '../support/promises.js'
import { startServer } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

/** How the calls of a run are spread over turns of the event loop: together, apart, or in pairs. */
const paces = [() => false, () => true, (index: number) => index % 2 === 1]

/** Makes calls without waiting for their answers; in a turn of its own what comes after those that `apart` tells. */
async function begin(calls: readonly (() => unknown)[], apart: (index: number) => boolean): Promise<void> {
  for (const [index, call] of calls.entries()) {
    void call()
    if (apart(index)) await turn()
  }
}

const RUNS = scaled(1_000)

describe.each(backends)('Order on $name, under SCRIPT FLUSH', ({ createHot, raw }) => {
  const hot = createHot({ prefix: 'order:', onError: () => undefined })
  let flushing = true
  let flushes = 0
  let flusher: Promise<unknown>

  beforeAll(() => {
    // Keys on each of the three nodes of the cluster.
    flusher = Promise.all(
      ['a', 'b', 'c'].map(async key => {
        while (flushing) {
          await raw(key, 'SCRIPT', 'FLUSH', 'SYNC')
          flushes++
          await turn()
        }
      })
    )
  })

  afterAll(async () => {
    flushing = false
    await flusher
    expect(flushes).toBeGreaterThan(100)
  })

  test(`${RUNS} small runs that mix commands and scripts without await all end as they should`, async () => {
    const wrong: unknown[] = []
    for (let run = 0; run < RUNS; run++) {
      const list = hot.list<number>(`run:${run}`)
      const calls = [
        () => list.push(1, 2),
        () => list.reverse(),
        () => list.push(3),
        () => list.insert(1, 4),
        () => list.reverse(),
        () => list.unshift(5),
        () => list.splice(1, 1, 6, 7),
        () => list.push(8)
      ]
      await begin(calls, paces[run % paces.length]!)
      const items = await list.toJS()
      // [1,2] [2,1] [2,1,3] [2,4,1,3] [3,1,4,2] [5,3,1,4,2] [5,6,7,1,4,2]
      if (items.join() !== '5,6,7,1,4,2,8') wrong.push(items)
      void list.clear()
    }
    expect(wrong).toEqual([])
  })

  test('calls among waits keep their order, and a wait starts after the calls before it', async () => {
    const queue = hot.queue<number>('among-queue')
    const lock = hot.lock('among-lock')
    const wrong: unknown[] = []
    for (let run = 0; run < RUNS / 2; run++) {
      const list = hot.list<number>(`among:${run}`)
      const waits: Promise<unknown>[] = []
      const calls = [
        () => list.push(1, 2),
        () => waits.push(lock.acquire().then(permit => permit.release())),
        () => list.reverse(),
        () => list.push(3),
        () => queue.put(run),
        () => waits.push(queue.get().then(item => item !== run && wrong.push(item))),
        () => list.insert(1, 4),
        () => list.reverse(),
        () => list.push(5)
      ]
      await begin(calls, paces[run % paces.length]!)
      const items = await list.toJS()
      // [1,2] [2,1] [2,1,3] [2,4,1,3] [3,1,4,2]
      if (items.join() !== '3,1,4,2,5') wrong.push(items)
      await Promise.all(waits)
      void list.clear()
    }
    expect(wrong).toEqual([])
  })

  test('any program of list and dict calls, awaited or not, answers and ends as Array and Map do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps: Step[]) => {
        const { seen, expected } = await carryOut(hot, steps)
        expect(seen).toEqual(expected)
      }),
      { numRuns: scaled(30) }
    )
  })

  test('a call too big for one command keeps its place among others', async () => {
    const list = hot.list<number>()
    const many = Array.from({ length: 20_000 }, (_, index) => index)
    void list.push(-1)
    void list.push(...many)
    void list.reverse()
    void list.push(-2)
    void list.splice(1, 0, ...many)
    const length = list.length
    list[0] = -3
    void list.replace([...many, -4])
    void list.push(-5)
    const end = list.toJS()

    expect(await length).toBe(40_002)
    expect(await end).toEqual([...many, -4, -5])
  })

  test('assignments take effect in order with the calls around them', async () => {
    const list = hot.list<number>('assigned', { initial: [1, 2, 3] })
    list[0] = 10
    void list.reverse()
    list[0] = 30
    delete list[1]
    const before = list.toJS()
    list.length = 1
    void list.push(4)
    const after = list.toJS()

    expect(await before).toEqual([30, 10])
    expect(await after).toEqual([30, 4])
  })

  test('a read that inserts a default, then a delete, leaves no field', async () => {
    for (let run = 0; run < 200; run++) {
      const made = hot.defaultDict<{ x: number; y: number }>(() => 7)
      const read = made.x
      delete made.x
      void made.y
      const left = made.toJS()
      expect(await read).toBe(7)
      expect(await left).toEqual({ y: 7 })
      void made.clear()
    }
  })

  test('calls behind a read that inserts a default keep their order, also those on other keys', async () => {
    const made = hot.defaultDict<{ x: number }>(() => 1)
    const list = hot.list<number>()
    void made.x
    void made.increment('x', 4)
    void list.push(1)
    made.x = 20
    void list.reverse()
    const x = made.get('x')
    void list.push(2)

    expect(await x).toBe(20)
    expect(await list.toJS()).toEqual([1, 2])
  })

  test('a call that fails does not hold up or reorder the ones behind it', async () => {
    const list = hot.list<number>()
    void list.push(1)
    const fails = [hot.dict(list.key).set('a', 1), hot.dict(list.key).increment('n'), list.set(9, 9)]
    void list.push(2)
    void list.reverse()
    const end = list.toJS()

    expect((await Promise.allSettled(fails)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await end).toEqual([2, 1])
  })
})

describe('One round trip', () => {
  let proxy: TcpProxy
  beforeAll(async () => {
    proxy = await TcpProxy.to(Number(new URL(process.env['HOT_TEST_URL']!).port))
  })
  afterAll(() => proxy.stop())

  test('Promise.all of calls is sent in one go, before the first answer', async () => {
    await using hot = createHot({ url: proxy.url, prefix: 'round-trip:' })
    const user = hot.dict<{ name: string; visits: number }>('user', { initial: { name: 'Ada', visits: 1 } })
    const todo = hot.list<string>('todo', { initial: ['a'] })
    await hot.flush()

    const before = proxy.requests.length
    proxy.holdReplies()
    const answers = Promise.all([user.name, user.visits, todo.length, user.increment('visits'), todo[0]])
    const seen = () => proxy.requests.slice(before)
    await until('all requests have arrived', () => seen().includes('LINDEX'))
    expect(seen()).toMatch(/HMGET[^]*LLEN[^]*EVAL[^]*LINDEX/)
    proxy.release()
    expect(await answers).toEqual(['Ada', 1, 1, 2, 'a'])
  })

  test('a list, a dict and many calls share one connection', async () => {
    const before = proxy.connections
    await using hot = createHot({ url: proxy.url, prefix: 'round-trip:' })
    const list = hot.list<number>()
    await Promise.all(Array.from({ length: 500 }, (_, index) => Promise.all([list.push(index), hot.dict().size])))
    expect(proxy.connections - before).toBe(1)
  })
})

test('what is confirmed out of order lets nothing pass a script that has to be sent again', async () => {
  const server = await startServer()
  const proxy = await TcpProxy.to(server.port)
  const [hot, other] = [createHot({ url: proxy.url }), createHot({ url: server.url })]
  const raw = createClient({ url: server.url })
  await raw.connect()
  const list = hot.list<number>('list', { initial: [1, 2] })
  const held = await other.lock('lock').acquire()
  const waiting = hot.lock('lock').acquire()
  await until('it is enqueued', async () => (await raw.zCard(auxKeyName('lock', 'waiters'))) === 1)
  await hot.flush()

  proxy.holdReplies()
  await held.release()
  await until('the lock is handed over', () => proxy.kept === 1)
  proxy.releaseFirst()
  const permit = await waiting
  await until('its lease is confirmed', () => proxy.kept === 1)
  // Redis does not know this script yet.
  void list.reverse()
  await until('the script is found missing', () => proxy.kept === 2)
  void list.push(3)
  proxy.releaseFirst()
  await turn()
  await turn()
  proxy.release()
  expect(await list.toJS()).toEqual([2, 1, 3])
  await permit.release()
  await Promise.all([hot.close(), other.close(), raw.disconnect()])
  await proxy.stop()
  await server.stop()
})
