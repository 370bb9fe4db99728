import { afterAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodecError, KeyTypeError, QueueFullError, TransactionError, type HotQueue } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { hearHot } from '../../support/listener.js'
import { failureOf, started } from '../../support/promises.js'
import { first, enqueued, kinds, limit, type AnyQueue } from '../../support/queues.js'

const { hot: silent, connections } = await hearHot()

describe('What a queue can’t work with is refused by name, and nothing is sent:', () => {
  // One wait for many tests: all of them must be silent.
  afterAll(async () => {
    expect(await connections()).toBe(0)
  })

  describe.each(kinds)('$name', ({ name, factory, make }) => {
    test.each([
      [0, RangeError],
      [-1, RangeError],
      [1.5, RangeError],
      [NaN, RangeError],
      [Infinity, RangeError],
      [2 ** 53, RangeError],
      ['5', TypeError],
      [null, TypeError],
      [true, TypeError],
      [{}, TypeError],
      [5n, TypeError]
    ])('maxsize: %p', (maxsize, Problem) => {
      const making = () => make(silent, 'k', { maxsize: maxsize as number })
      expect(making).toThrow(Problem)
      expect(making).toThrow(`hot.${factory}`)
      expect(making).toThrow(/maxsize/)
    })

    const badTimeouts = [-1, -0.5, NaN, -Infinity, '5', null, {}, 5n]
    const badSignals = [5, 'abort', {}, new AbortController(), null, { aborted: true }]
    const badOptions = [5, null, 'text', true]
    const waits = {
      put: (queue: AnyQueue, options: unknown) => queue.put('a', options as object),
      get: (queue: AnyQueue, options: unknown) => queue.get(options as object),
      join: (queue: AnyQueue, options: unknown) => queue.join(options as object)
    }

    async function expectRefused(promise: Promise<unknown>, operation: string, message: RegExp) {
      const error = await failureOf(promise)
      expect(['TypeError', 'RangeError']).toContain((error as Error).name)
      expect((error as Error).message).toContain(`${name}.${operation}`)
      expect((error as Error).message).toMatch(message)
    }

    test.each(Object.entries(waits))('%s() with a timeout, signal or options that are none', async (method, call) => {
      for (const queue of [make(silent, 'k'), make(silent, 'k', { maxsize: 1 })]) {
        for (const timeout of badTimeouts) await expectRefused(call(queue, { timeout }), method, /timeout/)
        for (const signal of badSignals) await expectRefused(call(queue, { signal }), method, /signal/)
        for (const options of badOptions) await expectRefused(call(queue, options), method, /options/)
      }
    })

    test('consume() with a lease, signal or options that are none', async () => {
      const queue = make(silent, 'k')
      const call = (options: unknown) =>
        Promise.race([first(queue.consume(options as object)), sleep(1_000, 'it waits', { ref: false })])
      for (const lease of [99, 0, -1, NaN, Infinity, '1000', null, {}]) {
        await expectRefused(call({ lease }), 'consume', /lease/)
      }
      for (const signal of badSignals) await expectRefused(call({ signal }), 'consume', /signal/)
      for (const options of badOptions) await expectRefused(call(options), 'consume', /options/)
      for (const signal of badSignals) await expectRefused(first(queue.items({ signal } as object)), 'items', /signal/)
      for (const options of badOptions) await expectRefused(first(queue.items(options as never)), 'items', /options/)
    })

    test('put() and putNowait() of what no codec takes', async () => {
      const queue = make<unknown>(silent, 'k')
      for (const item of [undefined, NaN, Infinity, () => 1, Symbol('x'), new Date(), 1n, new Map(), queue]) {
        for (const call of [queue.put(item), queue.putNowait(item), queue.put(item, limit)]) {
          const error = await failureOf(call)
          expect(error).toBeInstanceOf(CodecError)
          expect(error).toMatchObject({ code: 'CODEC', key: 'k' })
        }
        expect(await failureOf(queue.replace(['a', item]))).toBeInstanceOf(CodecError)
      }
    })

    test('a wait with a signal that has aborted', async () => {
      const queue = make(silent, 'k')
      const signal = AbortSignal.abort('before')
      const calls = [queue.get({ signal }), queue.put('a', { signal }), queue.join({ signal })]
      for (const call of calls) expect(await failureOf(call)).toBe('before')
    })

    test('assignments to its members, and positions', () => {
      const queue = make(silent, 'k', { maxsize: 3 }) as unknown as Record<string, unknown>
      for (const member of ['maxsize', 'size', 'get', 'x', '0', 'length']) {
        expect(() => {
          queue[member] = 5
        }).toThrow(TypeError)
        expect(() => delete queue[member]).toThrow(TypeError)
      }
    })
  })
})

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(kinds)('a $name', ({ make, unique }) => {
    test('whose key holds something else tells so at every member, while others wait for it too', async () => {
      const queue = make(hot, freshKey(), { maxsize: 2 })
      const waiting = failureOf(make(another(), queue.key).get(limit))
      await enqueued(raw, queue.key, 'getters', 1)
      await raw(queue.key, 'SET', queue.key, 'text')
      const calls = [
        queue.put('a'),
        queue.putNowait('a'),
        queue.get(),
        queue.getNowait(),
        queue.peek(),
        queue.size,
        queue.empty(),
        queue.full(),
        queue.join(),
        queue.toJS(),
        queue.replace(['a']),
        queue.equals(['a']),
        first(queue),
        first(queue.consume())
      ]
      for (const error of await Promise.all(calls.map(failureOf))) {
        expect(error).toBeInstanceOf(KeyTypeError)
        expect(error).toMatchObject({ code: 'KEY_TYPE', key: queue.key })
        expect((error as Error).message).toContain('holds a string, not a list')
      }
      expect(await waiting).toBeInstanceOf(KeyTypeError)
      expect(await raw(queue.key, 'GET', queue.key)).toBe('text')
    })

    describe('in a transaction', () => {
      const put = unique ? true : undefined

      test('is read first, and changed at its end', async () => {
        const queue = make(hot, freshKey(), { maxsize: 3, initial: ['a', 'b'] })
        await hot.flush()
        const seen = make(another(), queue.key)
        const results = await hot.transaction(async () => {
          const read = await Promise.all([queue.peek(), queue.size, queue.empty(), queue.full(), queue.toJS()])
          const results = [queue.putNowait('c'), queue.getNowait(), queue.putNowait('d')] as const
          expect(await seen.toJS()).toEqual(['a', 'b'])
          expect(read.slice(1)).toEqual([2, false, false, ['a', 'b']])
          return [read[0], ...results]
        })
        const [next] = results
        expect(results).toEqual([next, put, next === 'a' ? 'a' : 'c', put])
        expect(await queue.toJS()).toEqual(next === 'a' ? ['b', 'c', 'd'] : ['a', 'b', 'd'])
      })

      test('is run again when what it read has changed', async () => {
        const queue = make(hot, freshKey(), { initial: ['a'] })
        await hot.flush()
        const other = make(another(), queue.key)
        let runs = 0
        await hot.transaction(async () => {
          const item = await queue.peek()
          if (++runs === 1) await other.replace(['b'])
          void queue.replace([`${item} seen`])
        })
        expect(runs).toBe(2)
        expect(await queue.toJS()).toEqual(['b seen'])
      })

      test('that is full when it commits fails by itself, and the others stay', async () => {
        const queue = make(hot, freshKey(), { maxsize: 2, initial: ['a'] })
        await hot.flush()
        const told: Promise<unknown>[] = []
        const error = await failureOf(
          hot.transaction(() => {
            for (const item of ['b', 'c']) told.push(queue.putNowait(item))
            void queue.expire(60_000)
          })
        )
        expect(error).toBeInstanceOf(TransactionError)
        const { results } = error as TransactionError
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(QueueFullError)
        expect(await told[0]).toBe(put)
        expect(await failureOf(told[1]!)).toBeInstanceOf(QueueFullError)
        expect(await queue.toJS()).toEqual(['a', 'b'])
        expect(await queue.ttl()).toBeGreaterThan(50_000)
      })

      test('that is empty when it commits fails getNowait()', async () => {
        const queue = make(hot, freshKey())
        const error = await failureOf(hot.transaction(() => [queue.getNowait()]))
        expect(error).toMatchObject({ results: [{ status: 'rejected', reason: { code: 'QUEUE_EMPTY' } }] })
      })

      test.each<[string, (queue: AnyQueue) => Promise<unknown>]>([
        ['put() with a maxsize', queue => queue.put('x')],
        ['put() with a maxsize and a timeout', queue => queue.put('x', { timeout: 0 })],
        ['get()', queue => queue.get()],
        ['get() with a timeout', queue => queue.get({ timeout: 0 })],
        ['consume()', queue => first(queue.consume())],
        ['for await', queue => first(queue)]
      ])('%s waits for nothing, and gives what it gives outside', async (_, call) => {
        const inside = make(hot, freshKey(), { maxsize: 3, initial: ['a'] })
        const outside = make(hot, freshKey(), { maxsize: 3, initial: ['a'] })
        await hot.flush()
        const result = await hot.transaction(async () => {
          const result = await call(inside)
          expect(await make(another(), inside.key).toJS()).toEqual(['a'])
          return result
        })
        expect(result).toEqual(await call(outside))
        expect(await inside.toJS()).toEqual(await outside.toJS())
      })

      test('puts with put() on a handle without a maxsize', async () => {
        const queue = make(hot, freshKey())
        expect(await hot.transaction(() => [queue.put('a'), queue.put('b')])).toEqual([put, put])
        const bounded = make(hot, queue.key, { maxsize: 2 })
        await bounded.clear()
        await bounded.put('a')
        const error = await failureOf(hot.transaction(() => [queue.put('b'), queue.put('c')]))
        expect(error).toMatchObject({
          results: [{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'QUEUE_FULL' } }]
        })
        expect(await queue.toJS()).toEqual(['a', 'b'])
      })
    })
  })

  test('in a transaction, put() and putNowait() of what returns nothing can be awaited', async () => {
    const queue = hot.queue<string>(freshKey())
    await hot.transaction(async () => {
      await queue.put('a')
      await queue.putNowait('b')
    })
    expect(await queue.toJS()).toEqual(['a', 'b'])
  })

  test('a loop that was begun outside goes on waiting while a transaction is run', async () => {
    const queue: HotQueue<string> = hot.queue(freshKey())
    const next = started(queue[Symbol.asyncIterator]().next())
    await enqueued(raw, queue.key, 'getters', 1)
    await hot.transaction(() => [queue.putNowait('a')])
    expect(await next).toEqual({ done: false, value: 'a' })
  })
})
