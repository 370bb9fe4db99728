import { describe, expect, test } from '@jest/globals'
import { getEventListeners, setMaxListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { KeyTypeError, QueueEmptyError, QueueFullError, WaitTimeoutError } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf, started, until } from '../../support/promises.js'
import { consuming, enqueued, kinds, limit, type AnyQueue } from '../../support/queues.js'

/** Lets a random little time pass: none, a few microtasks, or turns of the event loop. */
async function anyMoment(): Promise<void> {
  const moments = Math.floor(Math.random() * 12)
  for (let moment = 0; moment < moments; moment++) await (moment % 3 === 0 ? turn() : Promise.resolve())
}

interface Wait {
  readonly line: 'getters' | 'putters' | 'joiners'
  readonly initial: readonly string[]
  readonly start: (queue: AnyQueue, limits: object) => Promise<unknown>
  readonly tooLate: new () => Error
  /** What the queue holds when a wait has been given up. */
  readonly left: readonly string[]
}

/** Each call that waits, at a queue of one place where it has to. */
const waits: Readonly<Record<string, Wait>> = {
  'get()': {
    line: 'getters',
    initial: [],
    start: (queue, limits) => queue.get(limits),
    tooLate: QueueEmptyError as never,
    left: []
  },
  'put()': {
    line: 'putters',
    initial: ['a'],
    start: (queue, limits) => queue.put('b', limits),
    tooLate: QueueFullError as never,
    left: ['a']
  },
  'join()': {
    line: 'joiners',
    initial: ['a'],
    start: (queue, limits) => queue.join(limits),
    tooLate: WaitTimeoutError as never,
    left: ['a']
  }
}

describe.each(backends)('Waiting on $name', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(Object.entries(waits))('in %s of a queue', (call, { line, initial, start, tooLate, left }) => {
    const made = () => hot.queue<string>(freshKey(), { maxsize: 1, initial })

    test.each([0, 0.5, 30])('ends after its timeout of %p ms, and leaves the line', async timeout => {
      const queue = made()
      const error = await failureOf(start(queue, { timeout }))
      expect(error).toBeInstanceOf(tooLate)
      expect(error).toMatchObject({ key: queue.key, operation: `Queue.${call.slice(0, -2)}` })
      expect((error as Error).message).toContain(queue.key)
      await enqueued(raw, queue.key, line, 0)
      expect(await queue.toJS()).toEqual(left)
    })

    test('with an endless timeout and without any does not', async () => {
      const queue = made()
      const waiting = [start(queue, { timeout: Infinity }), start(queue, {}), start(queue, { timeout: undefined })].map(
        started
      )
      await enqueued(raw, queue.key, line, 3)
      if (line === 'getters') await raw(queue.key, 'RPUSH', queue.key, 'x', 'y', 'z')
      else for (let item = 0; item < (line === 'putters' ? 3 : 1); item++) await queue.get(limit)
      await Promise.all(waiting)
    })

    test('rejects with the reason of a signal that has aborted, without having asked', async () => {
      const queue = made()
      for (const reason of [new Error('no'), 'text', 0, { a: 1 }]) {
        expect(await failureOf(start(queue, { signal: AbortSignal.abort(reason) }))).toBe(reason)
      }
      const error = await failureOf(start(queue, { signal: AbortSignal.abort(), timeout: 0 }))
      expect(error).toMatchObject({ name: 'AbortError' })
      expect(await queue.toJS()).toEqual(left)
      // Even when it would not have to wait.
      if (line === 'getters') await queue.put('x')
      else await queue.clear()
      const before = await queue.toJS()
      expect(await failureOf(start(queue, { signal: AbortSignal.abort('again') }))).toBe('again')
      expect(await queue.toJS()).toEqual(before)
    })

    test('rejects with the reason of a signal that aborts meanwhile, and leaves the line', async () => {
      const queue = made()
      const stop = new AbortController()
      setMaxListeners(0, stop.signal)
      const waiting = Array.from({ length: 20 }, () => failureOf(start(queue, { signal: stop.signal, ...limit })))
      await enqueued(raw, queue.key, line, 20)
      const reason = new Error('enough')
      stop.abort(reason)
      for (const error of await Promise.all(waiting)) expect(error).toBe(reason)
      await enqueued(raw, queue.key, line, 0)
      expect(await queue.toJS()).toEqual(left)
      expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    })

    test('lets go of its signal when it ends otherwise', async () => {
      const { signal } = new AbortController()
      const queue = made()
      await failureOf(start(queue, { signal, timeout: 5 }))
      if (line === 'getters') await queue.put('x')
      else await queue.clear()
      await start(queue, { signal })
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })

    test('fails by name, and at once, for all who wait when the key comes to hold something else', async () => {
      const queue = made()
      const errors: unknown[] = []
      const waiting = [1, 2, 3].map(() => failureOf(start(queue, limit)).then(error => errors.push(error)))
      await enqueued(raw, queue.key, line, 3)
      await raw(queue.key, 'SET', queue.key, 'text')
      // By itself, and not because its time is over.
      await until('all have failed', () => errors.length === 3, 5_000)
      await Promise.all(waiting)
      for (const error of errors) expect(error).toBeInstanceOf(KeyTypeError)
      expect(await raw(queue.key, 'GET', queue.key)).toBe('text')
    })

    test('is not served any more when it has failed', async () => {
      const queue = made()
      const waiting = failureOf(start(queue, { timeout: 500 }))
      await enqueued(raw, queue.key, line, 1)
      await raw(queue.key, 'SET', queue.key, 'text')
      expect(await waiting).toBeInstanceOf(KeyTypeError)
      await queue.clear()
      expect(await queue.toJS()).toEqual([])
      await queue.put('new')
      expect(await queue.getNowait()).toBe('new')
    })
  })

  describe.each(kinds)('in a $name', ({ make }) => {
    test('serves who came first first: of two Hots, with get, for await and consume', async () => {
      const queue = make(hot, freshKey())
      const other = make(another(), queue.key)
      const loop = other[Symbol.asyncIterator]()
      const consumer = consuming(queue)
      const starts = [
        () => queue.get(limit),
        () => other.get(),
        async () => (await loop.next()).value as string,
        () => consumer.next(),
        () => other.get(limit),
        () => queue.get()
      ]
      const waiting: Promise<string>[] = []
      for (const start of starts) {
        waiting.push(started(start()))
        await enqueued(raw, queue.key, 'getters', waiting.length)
      }
      for (const item of ['1', '2', '3', '4', '5', '6', '7']) await other.put(item)
      expect(await Promise.all(waiting)).toEqual(['1', '2', '3', '4', '5', '6'])
      expect(await queue.toJS()).toEqual(['7'])
      await loop.return?.()
      await consumer.leave()
    })

    test('serves those of one Hot in the order of their calls, made at once', async () => {
      const queue = make<number>(another(), freshKey())
      const waiting = Array.from({ length: 200 }, () => started(queue.get()))
      await enqueued(raw, queue.key, 'getters', waiting.length)
      await Promise.all(waiting.map((_, index) => queue.put(index)))
      expect(await Promise.all(waiting)).toEqual(waiting.map((_, index) => index))
    })

    test('skips who has given up', async () => {
      const queue = make<number>(hot, freshKey())
      const stop = new AbortController()
      const waiting: Promise<unknown>[] = []
      for (let index = 0; index < 9; index++) {
        const wait = started(queue.get(index % 3 === 1 ? limit : { signal: stop.signal }))
        waiting.push(wait.catch(() => 'gave up'))
        await enqueued(raw, queue.key, 'getters', index + 1)
      }
      stop.abort()
      for (const item of [1, 2, 3, 4]) await queue.put(item)
      const gone = 'gave up'
      expect(await Promise.all(waiting)).toEqual([gone, 1, gone, gone, 2, gone, gone, 3, gone])
      expect(await queue.toJS()).toEqual([4])
    })

    test('a get that is given up the moment an item arrives has it, or leaves it', async () => {
      const queue = make<number>(hot, freshKey())
      const putter = make<number>(another(), queue.key)
      const got: number[] = []
      const reason = new Error('enough')
      const items: number[] = []
      // Until they have met: some are got, and some are left.
      while (items.length < 400 || got.length === 0 || got.length === items.length) {
        const item = items.length
        items.push(item)
        const stop = new AbortController()
        const soon = { timeout: Math.random() * 3 }
        const waiting = queue.get(item % 2 === 0 ? { signal: stop.signal } : soon).then(
          value => got.push(value),
          (error: unknown) => expect(item % 2 === 0 ? error === reason : error instanceof QueueEmptyError).toBe(true)
        )
        await anyMoment()
        const putting = started(putter.put(item))
        await anyMoment()
        stop.abort(reason)
        await Promise.all([waiting, putting])
      }
      const left = await queue.toJS()
      expect([...got, ...left].sort((a, b) => a - b)).toEqual(items)
    })

    test('a loop over leased items that is stopped the moment one arrives loses and doubles none', async () => {
      const queue = make<number>(hot, freshKey())
      const putter = make<number>(another(), queue.key)
      const done: number[] = []
      const items = Array.from({ length: 200 }, (_, index) => index)
      for (const item of items) {
        const stop = new AbortController()
        const consume = async () => {
          for await (const one of queue.consume({ signal: stop.signal })) done.push(one)
        }
        const consumed = started(consume())
        await anyMoment()
        const putting = started(putter.put(item))
        await anyMoment()
        stop.abort(0)
        await consumed
        await putting
      }
      expect([...done, ...(await queue.toJS())].sort((a, b) => a - b)).toEqual(items)
      await Promise.all((await queue.toJS()).map(() => queue.get()))
      await queue.join({ timeout: 0 })
    })

    test('a put that is given up the moment there is space has put its item, or has not', async () => {
      const queue = make<number>(hot, freshKey(), { maxsize: 1, initial: [-1] })
      await hot.flush()
      const taker = make<number>(another(), queue.key)
      const told: number[] = [-1]
      const got: number[] = []
      let refused = 0
      for (let item = 0; item < 300; item++) {
        const stop = new AbortController()
        const limits = item % 2 === 0 ? { signal: stop.signal } : { timeout: Math.random() * 3 }
        const putting = queue.put(item, limits).then(
          () => told.push(item),
          () => refused++
        )
        await anyMoment()
        const taking = taker.getNowait().then(
          value => got.push(value),
          (error: unknown) => expect(error).toBeInstanceOf(QueueEmptyError)
        )
        await anyMoment()
        stop.abort()
        await Promise.all([putting, taking])
      }
      expect([told.length > 1, refused > 0]).toEqual([true, true])
      expect([...got, ...(await queue.toJS())].sort((a, b) => a - b)).toEqual(told)
    })
  })

  test.each(['clear', 'replace'] as const)('%s() leaves those who wait, in their order', async way => {
    const queue = hot.queue<string>(freshKey())
    const waiting: Promise<string>[] = []
    for (const from of [hot, another(), hot, another()]) {
      waiting.push(started(from.queue<string>(queue.key).get(limit)))
      await enqueued(raw, queue.key, 'getters', waiting.length)
    }
    // Sent together, so that nobody has come for what was handed over before it is taken back.
    const calls = [queue.put('a'), queue.put('b'), way === 'clear' ? queue.clear() : queue.replace([])]
    await Promise.all([...calls, ...['c', 'd', 'e', 'f'].map(item => queue.put(item))])
    const got = await Promise.all(waiting)
    expect(got).toEqual([...got].sort())
  })

  test('replace() and initial give to those who wait, in order', async () => {
    const queue = hot.queue<string>(freshKey())
    const waiting: Promise<string>[] = []
    for (let index = 0; index < 4; index++) {
      waiting.push(started(queue.get(limit)))
      await enqueued(raw, queue.key, 'getters', index + 1)
    }
    await queue.replace(['a', 'b'])
    expect(await Promise.all(waiting.slice(0, 2))).toEqual(['a', 'b'])
    hot.queue(queue.key, { initial: ['c', 'd', 'e'] })
    expect(await Promise.all(waiting.slice(2))).toEqual(['c', 'd'])
    expect(await queue.toJS()).toEqual(['e'])
  })

  test('a transaction’s puts are handed over at its end, its takes make space', async () => {
    const tag = `{${freshKey()}}`
    const [full, empty] = [hot.queue<string>(`${tag}:full`, { maxsize: 1, initial: ['a'] }), hot.queue(`${tag}:empty`)]
    const waiting = [full.put('b', limit), empty.get(limit)].map(started)
    await enqueued(raw, full.key, 'putters', 1)
    await enqueued(raw, empty.key, 'getters', 1)
    await hot.transaction(() => {
      void full.getNowait()
      void empty.putNowait('x')
    })
    expect(await Promise.all(waiting)).toEqual([undefined, 'x'])
    expect(await full.toJS()).toEqual(['b'])
  })
})
