import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodecError, KeyTypeError, WaitTimeoutError } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { auxKeyName } from '../../support/keys.js'
import { failureOf, started } from '../../support/promises.js'
import { consuming, first, enqueued, kinds, limit } from '../../support/queues.js'

/** Whether a promise is settled by now; asking takes a round trip, in which it would have been. */
async function isPending(promise: Promise<unknown>, roundTrip: () => Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = () => (settled = true)
  promise.then(settle, settle)
  await roundTrip()
  await roundTrip()
  return !settled
}

describe.each(backends)('consume() on $name', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(kinds)('of a $name', ({ make, lifo }) => {
    const taken = <T>(items: readonly T[]) => (lifo ? [...items].reverse() : [...items])
    const made = (initial: readonly string[] = ['a', 'b', 'c']) => make(hot, freshKey(), { initial })

    test('gives the items in order, and asking for the next one is done with the one before', async () => {
      const queue = made()
      const got: string[] = []
      for await (const item of queue.consume()) {
        got.push(item)
        expect(await queue.size).toBe(3 - got.length)
        if (got.length === 3) break
      }
      expect(got).toEqual(taken(['a', 'b', 'c']))
      expect(await queue.toJS()).toEqual([got[2]])
    })

    test('waits for more, and is done with the item before while it waits', async () => {
      const queue = made(['a'])
      const consumer = consuming(queue)
      expect(await consumer.next()).toBe('a')
      const next = started(consumer.next())
      await queue.join(limit)
      await enqueued(raw, queue.key, 'getters', 1)
      await make(another(), queue.key).put('b')
      expect(await next).toBe('b')
      expect(await isPending(queue.join(limit), () => queue.size)).toBe(true)
      await consumer.leave()
      expect(await queue.get()).toBe('b')
    })

    test.each(['break', 'throw', 'return()'])('%s puts the item at hand back in front', async way => {
      const queue = made()
      const thrown = new Error('no')
      const consumer = async () => {
        for await (const item of queue.consume()) {
          expect(item).toBe(lifo ? 'c' : 'a')
          expect(await queue.peek()).toBe('b')
          if (way === 'break') break
          if (way === 'throw') throw thrown
          return 'returned'
        }
        return 'left'
      }
      if (way === 'throw') expect(await failureOf(consumer())).toBe(thrown)
      else expect(await consumer()).toBe(way === 'break' ? 'left' : 'returned')
      expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
      expect(await queue.peek()).toBe(lifo ? 'c' : 'a')
    })

    describe('an item that comes back for the third time goes behind the others:', () => {
      const next = lifo ? 'c' : 'a'
      const behind = lifo ? ['c', 'a', 'b'] : ['b', 'c', 'a']

      test('its work threw', async () => {
        const queue = made()
        for (const returns of [1, 2, 3]) {
          expect([returns, await first(queue.consume())]).toEqual([returns, next])
          expect(await queue.toJS()).toEqual(returns < 3 ? ['a', 'b', 'c'] : behind)
        }
        const done: string[] = []
        for await (const item of queue.consume()) {
          done.push(item)
          if (done.length === 3) break
        }
        expect(done.slice(0, 2)).toEqual(lifo ? ['b', 'a'] : ['b', 'c'])
        expect(done[2]).toBe(next)
      })

      test('its process died', async () => {
        const queue = made()
        const ended = String(Date.now() - 1_000)
        for (const returns of [1, 2, 3]) {
          const consumer = consuming(queue)
          expect([returns, await consumer.next()]).toEqual([returns, next])
          const leases = auxKeyName(queue.key, 'leases')
          const [ticket = ''] = (await raw(leases, 'ZRANGE', leases, '0', '-1')) as string[]
          await raw(leases, 'ZADD', leases, ended, ticket)
          const asRead = [await queue.toJS(), await queue.peek(), await queue.size]
          expect(asRead).toEqual([returns < 3 ? ['a', 'b', 'c'] : behind, returns < 3 ? next : 'b', 3])
          // Puts back what is leased no longer.
          expect(await failureOf(queue.join({ timeout: 1 }))).toBeInstanceOf(WaitTimeoutError)
          expect([await queue.toJS(), await queue.peek(), await queue.size]).toEqual(asRead)
        }
      })

      test('what was done or taken at last is not counted any more', async () => {
        const queue = made()
        const returned = auxKeyName(queue.key, 'returned')
        const counted = async () => Object.keys((await raw(returned, 'HGETALL', returned)) as object).length > 0
        await first(queue.consume())
        await first(queue.consume())
        expect(await counted()).toBe(true)
        expect(await queue.getNowait()).toBe(next)
        expect(await counted()).toBe(false)
        await queue.clear()
        await queue.put('d')
        await first(queue.consume())
        const consumer = consuming(queue)
        expect(await consumer.next()).toBe('d')
        const waits = started(consumer.next())
        await queue.join(limit)
        expect(await counted()).toBe(false)
        await queue.put('e')
        await waits
        await consumer.leave()
      })
    })

    test('what is put back goes to who waits', async () => {
      const queue = made(['a'])
      const consumer = consuming(queue)
      await consumer.next()
      const other = make(another(), queue.key)
      const waiting = [other.get(limit)].map(started)
      await enqueued(raw, queue.key, 'getters', 1)
      await consumer.leave()
      expect(await Promise.all(waiting)).toEqual(['a'])
      await queue.join(limit)
    })

    test('two at a time never have the same item, and together have all', async () => {
      const items = Array.from({ length: 100 }, (_, index) => `item ${index}`)
      const queue = made(items)
      const held = new Set<string>()
      const done: string[] = []
      const stop = new AbortController()
      const consume = async (from: typeof queue) => {
        for await (const item of from.consume({ signal: stop.signal })) {
          expect(held.has(item)).toBe(false)
          held.add(item)
          await from.size
          held.delete(item)
          done.push(item)
        }
      }
      const loops = [queue, make(another(), queue.key), make(another(), queue.key)].map(consume)
      await queue.join(limit)
      stop.abort(new Error('enough'))
      await Promise.all(loops)
      expect(done.sort()).toEqual(items.sort())
    })

    describe('join()', () => {
      test('waits for what is there and for what is leased', async () => {
        const queue = made(['a', 'b'])
        const joined: Promise<unknown>[] = [queue.join(limit), make(another(), queue.key).join(limit)].map(started)
        const consumer = consuming(queue)
        await consumer.next()
        expect(await isPending(Promise.race(joined), () => queue.size)).toBe(true)
        await consumer.next()
        expect(await queue.empty()).toBe(true)
        expect(await isPending(Promise.race(joined), () => queue.size)).toBe(true)
        await enqueued(raw, queue.key, 'joiners', 2)
        const next = started(consumer.next())
        expect(await Promise.all(joined)).toEqual([undefined, undefined])
        await queue.put('c')
        await next
        await consumer.leave()
      })

      test('resolves at once when nothing is there, and nothing leased', async () => {
        const queue = made([])
        await expect(queue.join({ timeout: 0 })).resolves.toBeUndefined()
        await queue.put('a')
        await queue.get()
        await expect(queue.join({ timeout: 0 })).resolves.toBeUndefined()
      })

      test('gives up when its time is over, an item being there or leased', async () => {
        const queue = made(['a'])
        const consumer = consuming(queue)
        for (let round = 0; round < 2; round++) {
          const error = await failureOf(queue.join({ timeout: 20 }))
          expect(error).toBeInstanceOf(WaitTimeoutError)
          expect(error).toMatchObject({ code: 'WAIT_TIMEOUT', key: queue.key })
          await consumer.next().catch(() => undefined)
          if (round === 0) expect(await queue.empty()).toBe(true)
          if (round === 0) void queue.put('b')
        }
        await consumer.leave()
      })

      test.each(['clear', 'replace'])('resolves when %s() ends what is there and what is leased', async way => {
        const queue = made(['a', 'b'])
        const consumer = consuming(queue)
        const item = await consumer.next()
        const joined = started(queue.join(limit))
        await enqueued(raw, queue.key, 'joiners', 1)
        await (way === 'clear' ? queue.clear() : queue.replace([]))
        await joined
        // The lease is gone: neither leaving nor going on brings the item back.
        await consumer.leave()
        expect(item).toBe(lifo ? 'b' : 'a')
        expect(await queue.toJS()).toEqual([])
      })
    })

    test('replace() and initial drop what is leased, which then does not come back', async () => {
      const queue = made(['a', 'b'])
      const [one, two] = [consuming(queue), consuming(queue)]
      await one.next()
      await queue.replace(['x', 'y'])
      await one.leave()
      expect(await queue.toJS()).toEqual(['x', 'y'])
      await two.next()
      make(hot, queue.key, { initial: ['z'] })
      const next = started(two.next())
      expect(await next).toBe('z')
      await two.leave()
      expect(await queue.toJS()).toEqual(['z'])
    })

    test('puts an item back that can’t be read, and get() has taken it', async () => {
      const queue = made([])
      // The initial value is written by another connection than what comes next.
      await hot.flush()
      await raw(queue.key, 'RPUSH', queue.key, '{"a":1}')
      const strict = hot[lifo ? 'lifoQueue' : 'queue'](queue.key, {
        codec: {
          encode: String,
          decode: () => {
            throw new Error('unreadable')
          }
        }
      })
      const error = await failureOf(consuming(strict as never).next())
      expect(error).toBeInstanceOf(CodecError)
      expect(error).toMatchObject({ code: 'CODEC', key: queue.key })
      await failureOf(queue.join({ timeout: 20 }))
      expect(await queue.size).toBe(1)
      expect(await failureOf(strict.get())).toBeInstanceOf(CodecError)
      expect(await queue.size).toBe(0)
      await raw(queue.key, 'RPUSH', queue.key, '{"a":1}')
      expect(await failureOf(strict.getNowait())).toBeInstanceOf(CodecError)
      expect(await queue.size).toBe(0)
    })

    describe('with a signal', () => {
      test('ends while it waits, without an error', async () => {
        const queue = made([])
        const stop = new AbortController()
        const end = started(consuming(queue, { signal: stop.signal }).ends())
        await enqueued(raw, queue.key, 'getters', 1)
        stop.abort()
        expect(await end).toBe(true)
        await queue.put('a')
        expect(await queue.getNowait()).toBe('a')
      })

      test('that aborts in the body ends it when the item at hand is done', async () => {
        const queue = made(['a', 'b'])
        const stop = new AbortController()
        const consumer = consuming(queue, { signal: stop.signal })
        await consumer.next()
        stop.abort(new Error('enough'))
        expect(await consumer.ends()).toBe(true)
        await consumer.leave()
        expect(await queue.toJS()).toEqual([lifo ? 'a' : 'b'])
      })

      test('that aborts in the body, at the last item, ends join()', async () => {
        const queue = made(['a'])
        const stop = new AbortController()
        const consumer = consuming(queue, { signal: stop.signal })
        await consumer.next()
        const joined = started(queue.join(limit))
        await enqueued(raw, queue.key, 'joiners', 1)
        stop.abort(new Error('enough'))
        expect(await consumer.ends()).toBe(true)
        await joined
      })

      test('that has aborted takes nothing', async () => {
        const queue = made(['a'])
        const signal = AbortSignal.abort(new Error('before'))
        expect(await consuming(queue, { signal }).ends()).toBe(true)
        expect(await first(queue.items({ signal }))).toBeUndefined()
        expect(await queue.toJS()).toEqual(['a'])
      })

      test('ends a loop over items(), which takes each for good', async () => {
        const queue = made(['a', 'b'])
        const stop = new AbortController()
        const got: string[] = []
        const loop = (async () => {
          for await (const item of queue.items({ signal: stop.signal })) got.push(item)
        })()
        await enqueued(raw, queue.key, 'getters', 1)
        await make(another(), queue.key).put('c')
        await enqueued(raw, queue.key, 'getters', 1)
        stop.abort()
        await loop
        expect(got).toEqual([...taken(['a', 'b']), 'c'])
        await queue.put('d')
        expect(await queue.toJS()).toEqual(['d'])
      })

      test('does not end it silently for another reason', async () => {
        const queue = make(hot, freshKey())
        const { signal } = new AbortController()
        await raw(queue.key, 'SET', queue.key, 'text')
        expect(await failureOf(queue.items({ signal }).next())).toBeInstanceOf(KeyTypeError)
        expect(await failureOf(queue.consume({ signal }).next())).toBeInstanceOf(KeyTypeError)
      })
    })
  })

  test('keeps the lease while the body runs longer than that', async () => {
    const queue = hot.queue(freshKey(), { initial: ['a'] })
    const other = consuming(another().queue<string>(queue.key), { lease: 1_000 })
    for await (const item of queue.consume({ lease: 1_000 })) {
      expect(item).toBe('a')
      const waiting = started(other.next())
      await sleep(2_500)
      expect(await isPending(waiting, () => queue.size)).toBe(true)
      expect(await queue.size).toBe(0)
      await queue.put('b')
      expect(await waiting).toBe('b')
      await other.leave()
      break
    }
    expect((await queue.toJS()).sort()).toEqual(['a', 'b'])
  })
})
