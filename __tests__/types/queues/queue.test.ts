import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { MismatchError, QueueEmptyError, QueueFullError } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf, started } from '../../support/promises.js'
import { consuming, enqueued, kinds, limit } from '../../support/queues.js'

const many = Array.from({ length: 12_000 }, (_, index) => index)
describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()
  /** The keys that stay for ever: what was handed over is remembered for a while. */
  const keptLike = async (tag: string) => {
    const keys = (await raw(tag, 'KEYS', `*${tag.slice(1, -1)}*`)) as string[]
    const times = await Promise.all(keys.map(key => raw(key, 'PTTL', key)))
    return keys.filter((_, index) => times[index] === -1).sort()
  }

  describe.each(kinds)('a $name', kind => {
    const { make, name, lifo, unique } = kind
    /** In the order in which they are taken. */
    const taken = <T>(items: readonly T[]) => (lifo ? [...items].reverse() : [...items])
    /** What put() resolves with when the item went in. */
    const put = unique ? true : undefined

    describe('gives its items', () => {
      test(lifo ? 'last in, first out' : 'first in, first out', async () => {
        const queue = make(hot, freshKey())
        for (const item of ['a', 'b', 'c', 'd']) expect(await queue.put(item)).toBe(put)
        const got = [await queue.get(), await queue.getNowait(), await queue.get(limit), await queue.getNowait()]
        expect(got).toEqual(taken(['a', 'b', 'c', 'd']))
        expect(await queue.exists()).toBe(false)
      })

      test('whoever asks, each once, when many ask at once', async () => {
        const queue = make<number>(hot, freshKey(), { initial: many.slice(0, 600) })
        await hot.flush()
        const other = make<number>(another(), queue.key)
        const got = await Promise.all(
          Array.from({ length: 200 }, () => [queue.get(), other.getNowait(), other.get()]).flat()
        )
        expect(got.sort((a, b) => a - b)).toEqual(many.slice(0, 600))
      })

      test('to a look with peek(), which leaves them', async () => {
        const queue = make(hot, freshKey())
        expect(await queue.peek()).toBeUndefined()
        await queue.replace(['a', 'b', 'c'])
        expect([await queue.peek(), await queue.peek()]).toEqual(lifo ? ['c', 'c'] : ['a', 'a'])
        expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
      })

      test('in the order of putting with toJS(), which initial and replace() put them in too', async () => {
        const queue = make(hot, freshKey(), { initial: ['a', 'b'] })
        await queue.put('c')
        await queue.putNowait('d')
        expect(await queue.toJS()).toEqual(['a', 'b', 'c', 'd'])
        await queue.replace(new Set(['x', 'y']))
        expect([await queue.getNowait(), await queue.getNowait()]).toEqual(taken(['x', 'y']))
      })

      test('as the values they were', async () => {
        const values = ['', '42', 42, 0.1, true, null, 'null', [1, ['é']], { b: '😀', a: null }, '\ud800']
        const queue = make<unknown>(hot, freshKey())
        for (const value of values) await queue.put(value)
        const got: unknown[] = []
        while (!(await queue.empty())) got.push(await queue.get())
        expect(got).toEqual(taken(values))
      })

      test('through a schema', async () => {
        const schema = z.string().transform(text => text.length)
        const queue = hot[kind.factory as 'queue'](freshKey(), { schema, initial: ['four'] })
        await queue.put('three')
        expect([await queue.get(), await queue.getNowait()]).toEqual(taken([4, 5]))
      })

      test('many of them: 12,000', async () => {
        const queue = make<number>(hot, freshKey(), { initial: many })
        expect(await queue.size).toBe(12_000)
        expect(await queue.toJS()).toEqual(many)
        expect(await Promise.all(many.map(() => queue.getNowait()))).toEqual(taken(many))
        expect(await queue.empty()).toBe(true)
      })
    })

    test('tells its size, and whether it is empty', async () => {
      const queue = make(hot, freshKey())
      expect([await queue.size, await queue.empty(), await queue.full()]).toEqual([0, true, false])
      await queue.put('a')
      await queue.put('b')
      expect([await queue.size, await queue.empty(), await queue.full()]).toEqual([2, false, false])
      await queue.clear()
      expect([await queue.size, await queue.empty(), await queue.full()]).toEqual([0, true, false])
    })

    test('has nothing to give at once when it is empty', async () => {
      const queue = make(hot, freshKey())
      const error = await failureOf(queue.getNowait())
      expect(error).toBeInstanceOf(QueueEmptyError)
      expect(error).toMatchObject({ code: 'QUEUE_EMPTY', key: queue.key, operation: `${name}.getNowait` })
    })

    test('leaves no key behind when all was taken', async () => {
      const queue = make(hot, `{${freshKey()}}`)
      for (const item of ['a', 'b', 'c']) await queue.put(item)
      await queue.get()
      await queue.getNowait()
      await queue.getNowait()
      expect(await keptLike(queue.key)).toEqual([])
      await queue.replace(['a'])
      await queue.replace([])
      expect(await keptLike(queue.key)).toEqual([])
    })

    test('leaves no key behind for ever after waits, leases and clear()', async () => {
      const tag = `{${freshKey()}}`
      const queue = make(hot, tag)
      await queue.put('a')
      const consumer = consuming(queue)
      await consumer.next()
      const waiting = started(consumer.next())
      await enqueued(raw, tag, 'getters', 1)
      await queue.put('d')
      await waiting
      await consumer.leave()
      await queue.get()
      expect(await queue.size).toBe(0)
      await queue.clear()
      expect(await keptLike(tag)).toEqual([])
    })

    test('keeps its time to live while items come and go, and is gone as a whole when it is over', async () => {
      const queue = make(hot, freshKey(), { initial: ['a', 'b'] })
      await queue.expire(60_000)
      await queue.put('c')
      await queue.get()
      expect(await queue.ttl()).toBeGreaterThan(50_000)
      await queue.expireAt(new Date(Date.now() - 1_000))
      expect(await queue.size).toBe(0)
      for (const item of ['a', 'b', 'c']) expect(await queue.put(item)).toBe(put)
      expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
    })

    describe('with a maxsize', () => {
      const bounded = (maxsize = 2, initial: readonly string[] = []) =>
        make(hot, freshKey(), { maxsize, ...(initial.length > 0 && { initial }) })

      test('tells it at once, and a handle that was given none tells none', async () => {
        const queue = bounded(7)
        expect(queue.maxsize).toBe(7)
        await queue.put('a')
        expect(make(hot, queue.key).maxsize).toBeUndefined()
      })

      test('is full then, and takes no more at once', async () => {
        const queue = bounded()
        expect(await queue.full()).toBe(false)
        expect(await queue.putNowait('a')).toBe(put)
        expect(await queue.full()).toBe(false)
        expect(await queue.put('b')).toBe(put)
        expect(await queue.full()).toBe(true)
        const error = await failureOf(queue.putNowait('c'))
        expect(error).toBeInstanceOf(QueueFullError)
        expect(error).toMatchObject({ code: 'QUEUE_FULL', key: queue.key, operation: `${name}.putNowait` })
        expect(await queue.toJS()).toEqual(['a', 'b'])
      })

      test('takes what fits in initial and replace(), and refuses more', async () => {
        const queue = bounded(2, ['a', 'b'])
        expect(await queue.full()).toBe(true)
        expect(await failureOf(queue.replace(['x', 'y', 'z']))).toBeInstanceOf(RangeError)
        expect(() => make(hot, queue.key, { maxsize: 2, initial: ['x', 'y', 'z'] })).toThrow(RangeError)
        expect(await queue.toJS()).toEqual(['a', 'b'])
      })

      test.each(['get', 'getNowait', 'for await', 'clear', 'replace', 'consume'])(
        'has put() wait for the space that %s makes',
        async way => {
          const queue = bounded(2, ['a', 'b'])
          const waiting = started(queue.put('c', limit))
          await enqueued(raw, queue.key, 'putters', 1)
          expect(await queue.toJS()).toEqual(['a', 'b'])
          if (way === 'get') await queue.get()
          else if (way === 'getNowait') await queue.getNowait()
          else if (way === 'clear') await queue.clear()
          else if (way === 'replace') await queue.replace(['x'])
          else for await (const _ of way === 'consume' ? queue.consume() : queue) if (await waiting.then(() => 1)) break
          expect(await waiting).toBe(put)
          const left = { clear: ['c'], replace: ['x', 'c'], consume: lifo ? ['a', 'c', 'b'] : ['a', 'b', 'c'] }
          expect(await queue.toJS()).toEqual(left[way as keyof typeof left] ?? [lifo ? 'a' : 'b', 'c'])
        }
      )

      test('serves those who wait for space in the order in which they came, also of two Hots', async () => {
        const queue = bounded(1, ['first'])
        const others = [queue, make(another(), queue.key, { maxsize: 1 })]
        const done: string[] = []
        const waiting: Promise<unknown>[] = []
        for (const [index, item] of ['a', 'b', 'c', 'd', 'e'].entries()) {
          waiting.push(started(others[index % 2]!.put(item).then(() => done.push(item))))
          await enqueued(raw, queue.key, 'putters', index + 1)
        }
        const got: string[] = []
        while (got.length < 6) got.push(await queue.get(limit))
        expect(got).toEqual(['first', 'a', 'b', 'c', 'd', 'e'])
        await Promise.all(waiting)
        expect(done.sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
      })

      test('never holds more, however many put', async () => {
        const queue = bounded(3)
        const hots = [hot, another()]
        const puts = Promise.all(
          many.slice(0, 200).map(item => make(hots[item % 2]!, queue.key, { maxsize: 3 }).put(String(item)))
        )
        const sizes = new Set<number>()
        const got: number[] = []
        while (got.length < 200) {
          sizes.add(await queue.size)
          got.push(Number(await queue.get(limit)))
        }
        await puts
        expect(Math.max(...sizes)).toBeLessThanOrEqual(3)
        expect(got.sort((a, b) => a - b)).toEqual(many.slice(0, 200))
      })

      test('is kept by clear() while puts wait for space', async () => {
        const queue = bounded(1, ['a'])
        await hot.flush()
        const puts = ['b', 'c', 'd'].map(item => started(queue.put(item)))
        await enqueued(raw, queue.key, 'putters', 3)
        await queue.clear()
        await puts[0]
        expect(await queue.toJS()).toEqual(['b'])
        expect(await failureOf(make(another(), queue.key, { maxsize: 2 }).put('x'))).toBeInstanceOf(MismatchError)
        for (const item of ['b', 'c', 'd']) expect(await queue.get()).toBe(item)
        await Promise.all(puts)
        await queue.clear()
        expect(await make(another(), queue.key, { maxsize: 2 }).put('x')).toBe(put)
      })

      test('binds replace() of handles that were given none', async () => {
        const queue = bounded(2)
        await queue.put('a')
        await queue.expire(60_000)
        const free = make(another(), queue.key)
        const tooMany = free.replace(['x', 'y', 'z'])
        expect(await failureOf(tooMany)).toBeInstanceOf(MismatchError)
        expect(await queue.toJS()).toEqual(['a'])
        expect(await queue.ttl()).toBeGreaterThan(0)
        await free.replace(['x', 'y'])
        expect(await queue.toJS()).toEqual(['x', 'y'])
        await free.replace([])
        expect(await queue.toJS()).toEqual([])
      })

      test('binds handles that were given none', async () => {
        const queue = bounded(1, ['a'])
        await hot.flush()
        await queue.get()
        await queue.put('b')
        const free = make(another(), queue.key)
        expect(await free.full()).toBe(true)
        expect(await failureOf(free.putNowait('c'))).toBeInstanceOf(QueueFullError)
        expect(await failureOf(free.put('c', { timeout: 10 }))).toBeInstanceOf(QueueFullError)
        const waiting = started(free.put('c'))
        expect(await queue.get()).toBe('b')
        expect(await waiting).toBe(put)
        expect(await free.toJS()).toEqual(['c'])
      })

      test('another one is refused, until clear() forgets it', async () => {
        const queue = bounded(2)
        await queue.put('a')
        const other = make(another(), queue.key, { maxsize: 3 })
        for (const call of [other.put('b'), other.putNowait('b'), other.put('b', { timeout: 0 })]) {
          const error = await failureOf(call)
          expect(error).toBeInstanceOf(MismatchError)
          expect(error).toMatchObject({ code: 'MISMATCH', key: queue.key })
        }
        expect(await queue.toJS()).toEqual(['a'])
        await queue.clear()
        for (const item of ['a', 'b', 'c']) expect(await other.putNowait(item)).toBe(put)
        expect(await other.full()).toBe(true)
        expect(await failureOf(queue.putNowait('d'))).toBeInstanceOf(MismatchError)
        await other.clear()
        expect(await make(hot, queue.key).full()).toBe(false)
      })
    })

    describe('as a loop', () => {
      test('gives item after item, and waits for more', async () => {
        const queue = make<number>(hot, freshKey(), { initial: [1] })
        const got: number[] = []
        const loop = (async () => {
          for await (const item of queue) if (got.push(item) === 4) break
        })()
        await enqueued(raw, queue.key, 'getters', 1)
        await queue.put(2)
        await enqueued(raw, queue.key, 'getters', 1)
        await make<number>(another(), queue.key).putNowait(3)
        await enqueued(raw, queue.key, 'getters', 1)
        await raw(queue.key, 'RPUSH', queue.key, '4', '5')
        await loop
        expect(got).toEqual(lifo ? [1, 2, 3, 5] : [1, 2, 3, 4])
        expect(await queue.size).toBe(1)
      })

      test('shares the items with other loops, and takes none back', async () => {
        const queue = make<number>(hot, freshKey(), { initial: many.slice(0, 100) })
        const loop = async (from: typeof queue) => {
          const got: number[] = []
          for await (const item of from) if (got.push(item) === 50) break
          return got
        }
        const got = await Promise.all([loop(queue), loop(make(another(), queue.key))])
        expect(got.flat().sort((a, b) => a - b)).toEqual(many.slice(0, 100))
        expect(await queue.empty()).toBe(true)
      })
    })
  })
})
