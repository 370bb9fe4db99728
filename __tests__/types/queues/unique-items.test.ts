import { describe, expect, test } from '@jest/globals'
import { auxKeyName } from '../../support/keys.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { started } from '../../support/promises.js'
import { consuming, enqueued, kinds, limit, type AnyQueue } from '../../support/queues.js'

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()

  /** The list and its auxKeyName, which must hold the same items, each once. */
  async function expectAgreement(queue: AnyQueue): Promise<void> {
    const members = auxKeyName(queue.key, 'members')
    const [list, set] = await Promise.all([
      raw(queue.key, 'LRANGE', queue.key, '0', '-1'),
      raw(members, 'SMEMBERS', members)
    ])
    expect([...(list as string[])].sort()).toEqual([...(set as string[])].sort())
  }

  describe.each(kinds.filter(({ unique }) => unique))('a $name', ({ make, lifo }) => {
    const taken = <T>(items: readonly T[]) => (lifo ? [...items].reverse() : [...items])

    describe('has each item once', () => {
      test('put() and putNowait() tell whether it was new, and leave the one that is there where it is', async () => {
        const queue = make(hot, freshKey())
        expect([await queue.put('a'), await queue.putNowait('b'), await queue.put('c')]).toEqual([true, true, true])
        expect([await queue.put('a'), await queue.putNowait('b'), await queue.put('c', limit)]).toEqual(
          Array(3).fill(false)
        )
        expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
      })

      test('told apart by value', async () => {
        const queue = make<unknown>(hot, freshKey())
        const values = [1, '1', true, 'true', null, [1], ['1'], { a: 1, b: 2 }]
        for (const value of values) expect(await queue.put(value)).toBe(true)
        for (const value of [...values, { b: 2, a: 1 }]) expect(await queue.put(value)).toBe(false)
        expect(await queue.toJS()).toEqual(values)
      })

      test('in initial and replace() too', async () => {
        const queue = make(hot, freshKey(), { initial: ['a', 'b', 'a'] })
        expect(await queue.toJS()).toEqual(['a', 'b'])
        await queue.replace(['c', 'b', 'c', 'b'])
        expect(await queue.toJS()).toEqual(['c', 'b'])
        expect([await queue.put('a'), await queue.put('b')]).toEqual([true, false])
        const small = make(hot, queue.key)
        await small.clear()
        await make(hot, queue.key, { maxsize: 2 }).replace(['a', 'b', 'a', 'b'])
        expect(await queue.toJS()).toEqual(['a', 'b'])
        await expectAgreement(queue)
      })

      test('when many put the same at once: to one of them it was new', async () => {
        const queue = make<number>(hot, freshKey())
        const queues = [queue, make<number>(another(), queue.key)]
        const items = Array.from({ length: 100 }, (_, index) => index)
        const news = await Promise.all(items.map(item => Promise.all([...queues, ...queues].map(one => one.put(item)))))
        expect(news.map(answers => answers.filter(Boolean).length)).toEqual(Array(100).fill(1))
        expect((await queue.toJS()).sort((a, b) => a - b)).toEqual(items)
      })

      test('when it is full, one that is there already does not have to wait', async () => {
        const queue = make(hot, freshKey(), { initial: ['a', 'b'], maxsize: 2 })
        expect(await queue.put('a', limit)).toBe(false)
        expect(await queue.putNowait('b')).toBe(false)
        expect(await queue.toJS()).toEqual(['a', 'b'])
      })

      test('when two wait for space with the same: both are told, one that it was new', async () => {
        const queue = make(hot, freshKey(), { initial: ['a'], maxsize: 1 })
        const waiting = [queue.put('b', limit), make(another(), queue.key).put('b', limit)].map(started)
        await enqueued(raw, queue.key, 'putters', 2)
        expect(await queue.get()).toBe('a')
        expect((await Promise.all(waiting)).sort()).toEqual([false, true])
        expect(await queue.toJS()).toEqual(['b'])
        await expectAgreement(queue)
      })
    })

    describe('takes an item again', () => {
      test('when it has been taken', async () => {
        const queue = make(hot, freshKey(), { initial: ['a'] })
        for (const take of [() => queue.get(), () => queue.getNowait()]) {
          expect(await take()).toBe('a')
          expect(await queue.put('a')).toBe(true)
        }
        for await (const item of queue) if (await queue.put(item)) break
        expect(await queue.toJS()).toEqual(['a'])
        await queue.clear()
        expect(await queue.put('a')).toBe(true)
      })

      test('that was handed to somebody who waited', async () => {
        const queue = make(hot, freshKey())
        for (let round = 0; round < 3; round++) {
          const waiting = started(make(another(), queue.key).get(limit))
          await enqueued(raw, queue.key, 'getters', 1)
          expect(await queue.put('a')).toBe(true)
          expect(await waiting).toBe('a')
        }
        expect(await queue.put('a')).toBe(true)
        await expectAgreement(queue)
      })

      test('while it is leased, and being done leaves the one that was put', async () => {
        const queue = make(hot, freshKey(), { initial: ['a'] })
        const consumer = consuming(queue)
        expect(await consumer.next()).toBe('a')
        expect([await queue.put('a'), await queue.put('a')]).toEqual([true, false])
        expect(await consumer.next()).toBe('a')
        const next = started(consumer.next())
        await queue.join(limit)
        expect(await queue.size).toBe(0)
        await queue.put('b')
        expect(await next).toBe('b')
        await consumer.leave()
      })

      test('while it is leased, and putting the lease back does not double it', async () => {
        const queue = make(hot, freshKey(), { initial: ['a', 'b'] })
        const consumer = consuming(queue)
        const item = await consumer.next()
        expect(await queue.put(item)).toBe(true)
        expect(await queue.size).toBe(2)
        await consumer.leave()
        expect((await queue.toJS()).sort()).toEqual(['a', 'b'])
        expect(await queue.put(item)).toBe(false)
        await expectAgreement(queue)
        await Promise.all([queue.get(), queue.get()])
        await queue.join(limit)
      })

      test('while it is leased, and that lease’s end by itself does not double it', async () => {
        const queue = make(hot, freshKey(), { initial: ['a'] })
        const consumer = consuming(make(another(), queue.key))
        await consumer.next()
        expect(await queue.put('a')).toBe(true)
        // As the death of the process does it: what is leased lapses, by the server's clock.
        const leases = auxKeyName(queue.key, 'leases')
        await raw(leases, 'ZADD', leases, 'XX', '1', ...((await raw(leases, 'ZRANGE', leases, '0', '0')) as string[]))
        expect(await queue.size).toBe(1)
        expect(await queue.toJS()).toEqual(['a'])
        expect(await queue.get()).toBe('a')
        expect(await queue.size).toBe(0)
        await consumer.leave()
        await expectAgreement(queue)
      })

      test('that another client pushed', async () => {
        const queue = make(hot, freshKey())
        await raw(queue.key, 'RPUSH', queue.key, 'a', 'b')
        expect([await queue.get(), await queue.get()]).toEqual(taken(['a', 'b']))
        expect([await queue.put('a'), await queue.put('b')]).toEqual([true, true])
      })
    })

    test('puts a leased item that is not in it back where it was', async () => {
      const queue = make(hot, freshKey(), { initial: ['a', 'b', 'c'] })
      const consumer = consuming(queue)
      await consumer.next()
      await consumer.leave()
      expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
      expect(await queue.put(lifo ? 'c' : 'a')).toBe(false)
      await expectAgreement(queue)
    })

    test('agrees with its auxKeyName after any calls, at once and of many', async () => {
      const queue = make(hot, freshKey(), { maxsize: 5 })
      const handles = [queue, make(another(), queue.key, { maxsize: 5 }), make(another(), queue.key)]
      let seed = 7
      const random = (limit: number) => (seed = (seed * 48_271) % 2_147_483_647) % limit
      const soon = { timeout: 30 }
      // What is put back goes back even if the queue is full.
      let putBack = 0
      let most = 5
      const calls: readonly ((handle: AnyQueue, item: string) => Promise<unknown>)[] = [
        (handle, item) => handle.put(item, soon),
        (handle, item) => handle.putNowait(item),
        handle => handle.get(soon),
        handle => handle.getNowait(),
        async handle => {
          for await (const item of handle.consume({ signal: AbortSignal.timeout(30) })) {
            if (item >= 'e') continue
            putBack++
            break
          }
        },
        (handle, item) => handle.replace([item, 'x', item])
      ]
      for (let round = 0; round < 40; round++) {
        const made = Array.from({ length: 12 }, () => {
          // replace() is rare, or there would be nothing else.
          const call = calls[random(25) === 0 ? 5 : random(5)]!
          return call(handles[random(3)]!, 'abcdefgh'[random(8)]!).catch(() => undefined)
        })
        await Promise.all(made)
        await expectAgreement(queue)
        const size = await queue.size
        expect(size).toBeLessThanOrEqual(most + putBack)
        most = Math.max(5, size)
        putBack = 0
      }
      const left = await queue.toJS()
      for (const item of left) expect(await queue.put(item, soon)).toBe(false)
      await Promise.all(left.map(() => queue.getNowait()))
      await queue.join(limit)
      for (const item of left.slice(0, 5)) expect(await queue.put(item)).toBe(true)
    })
  })
})
