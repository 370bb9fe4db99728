import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import { LeaseLostError, type Permit } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'
import { expectAllFree, expectFailure, lossOf, semaphores, untilWaiting } from '../../support/semaphores.js'
import { assign } from '../../support/unchecked.js'

const hour = 3_600_000
const soon = { timeout: 10_000 }

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()

  describe.each(semaphores)('a $name', ({ name, variable, make }) => {
    const made = () => make(hot, freshKey())

    describe('is held by one at a time:', () => {
      test('acquire() takes its permit, release() of the permit gives it back', async () => {
        const lock = made()
        const other = make(rival, lock.key)
        expect(await lock.available()).toBe(1)
        const permit = await lock.acquire()
        expect(await other.available()).toBe(0)
        expect(await other.tryAcquire()).toBeUndefined()
        await expect(permit.release()).resolves.toBeUndefined()
        expect(await other.available()).toBe(1)
        const next = await other.tryAcquire()
        expect(next!.token).toBeGreaterThan(permit.token)
        expect(await lock.available()).toBe(0)
        await next!.release()
      })

      test('release() of the handle gives back what it acquired last', async () => {
        const lock = made()
        const permit = await lock.acquire()
        await expect(lock.release()).resolves.toBeUndefined()
        await expectFailure(permit.release(), 'NOT_HELD', lock.key)
        const tried = await lock.tryAcquire()
        await lock.release()
        await expectFailure(tried!.release(), 'NOT_HELD', lock.key)
        await expectAllFree(make(rival, lock.key))
      })

      test('of many who want it at once, each gets it, and never two', async () => {
        const { key } = made()
        let holders = 0
        const tokens: number[] = []
        const turn = async ({ token }: Permit) => {
          expect(++holders).toBe(1)
          tokens.push(token)
          await raw(key, 'PING')
          expect(holders--).toBe(1)
        }
        const locks = [hot, rival].flatMap(one => Array.from({ length: 40 }, () => make(one, key)))
        await Promise.all(locks.map(lock => lock.run(turn)))
        expect(tokens).toHaveLength(80)
        expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
        await expectAllFree(make(hot, key))
      })

      test('`await using` gives it back at the end of the block, however it ends, unless that was done', async () => {
        const lock = made()
        const other = make(rival, lock.key)
        let early: Permit
        {
          await using permit = await lock.acquire()
          await using none = await other.tryAcquire()
          expect(none).toBeUndefined()
          early = permit
        }
        await expectFailure(early.release(), 'NOT_HELD', lock.key)
        const failing = async () => {
          await using permit = await lock.acquire()
          throw new Error(`at ${permit.token}`)
        }
        await expect(failing()).rejects.toThrow(/^at \d+$/)
        {
          await using permit = await lock.acquire()
          await permit.release()
          await using next = await other.tryAcquire()
          expect(next).toBeDefined()
        }
        await expectAllFree(other)
      })

      test('its signal does not abort while it is held, nor when it is released', async () => {
        const lock = made()
        const permit = await lock.acquire()
        expect(permit.signal).toBeInstanceOf(AbortSignal)
        expect(permit.signal.aborted).toBe(false)
        await permit.release()
        await expectAllFree(lock)
        expect(permit.signal.aborted).toBe(false)
      })
    })

    describe('run()', () => {
      test('holds it around the function, and gives what that returns', async () => {
        const lock = made()
        const other = make(rival, lock.key)
        const result = await lock.run(async permit => {
          expect(await other.tryAcquire()).toBeUndefined()
          expect(permit.signal.aborted).toBe(false)
          return { token: permit.token }
        })
        expect(result.token).toBeGreaterThan(0)
        expect(await lock.run(() => 'at once', { lease: 500, timeout: 100 })).toBe('at once')
        await expectAllFree(other)
      })

      test('gives it back when the function throws or rejects, and rejects with the same', async () => {
        const lock = made()
        const problem = new Error('of the function')
        const throwing = () => {
          throw problem
        }
        expect(await failureOf(lock.run(throwing))).toBe(problem)
        expect(await failureOf(lock.run(() => Promise.reject(problem)))).toBe(problem)
        await expectAllFree(make(rival, lock.key))
      })

      test('lets the function release early; release() of the handle does not touch what run() holds', async () => {
        const lock = made()
        const other = make(rival, lock.key)
        await lock.run(async permit => {
          if (name !== 'Semaphore') await expectFailure(lock.release(), 'NOT_HELD', lock.key)
          expect(await other.available()).toBe(0)
          await permit.release()
          await using now = await other.tryAcquire()
          expect(now).toBeDefined()
        })
        await expectAllFree(other)
      })
    })

    describe('has the members that all handles have:', () => {
      test('key, exists() and inspect', async () => {
        const lock = made()
        expect(make(hot).key).toMatch(/./)
        expect(inspect(lock)).toBe(`${name} { key: '${lock.key}' }`)
        expect(await lock.exists()).toBe(false)
        await using permit = await lock.acquire()
        expect(permit.token).toBeGreaterThan(0)
        expect(await make(rival, lock.key).exists()).toBe(true)
      })

      test('toJS() and equals() tell and compare how many permits are free', async () => {
        const tag = `{${freshKey()}}`
        const [lock, same] = [make(hot, `${tag}:1`), make(hot, `${tag}:2`)]
        expect(await lock.toJS()).toBe(1)
        expect([await lock.equals(1), await lock.equals(0), await lock.equals(same)]).toEqual([true, false, true])
        await using permit = await lock.acquire()
        expect(permit.token).toBeGreaterThan(0)
        expect(await lock.toJS()).toBe(0)
        expect([await lock.equals(1), await lock.equals(0), await lock.equals(same)]).toEqual([false, true, false])
      })

      test('expire(), ttl() and persist(), which acquiring and releasing leave alone', async () => {
        const lock = hot.semaphore(freshKey(), { value: 3 })
        await using first = await lock.acquire({ lease: 1_500 })
        expect(await lock.ttl()).toBeUndefined()
        expect(await lock.expire(hour)).toBe(true)
        await (await lock.acquire()).release()
        await using second = await lock.acquire({ lease: 1_500 })
        // Both are renewed meanwhile.
        await new Promise(resolve => setTimeout(resolve, 700))
        expect(await lock.ttl()).toBeGreaterThan(hour / 2)
        expect(await lock.persist()).toBe(true)
        expect(await lock.ttl()).toBeUndefined()
        expect([first.signal.aborted, second.signal.aborted]).toEqual([false, false])
      })

      test('expire() frees it when the time is over', async () => {
        const lock = made()
        const permit = await lock.acquire({ lease: 300 })
        expect(await lock.expire(20)).toBe(true)
        const next = await make(rival, lock.key).acquire(soon)
        expect(next.token).toBeGreaterThan(permit.token)
        expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
        await next.release()
      })

      test.each(['before', 'after'])('expire() has those served at that time who wait (%s it)', async order => {
        const lock = made()
        await lock.acquire({ lease: 60_000 })
        if (order === 'after') await lock.expire(300)
        const next = make(rival, lock.key).acquire(soon)
        await untilWaiting(raw, lock.key, 1)
        if (order === 'before') await lock.expire(50)
        await (await next).release()
        await expectAllFree(lock)
      })

      test('exists() is false when the lease of a dead holder has ended', async () => {
        const lock = made()
        await using permit = await lock.acquire()
        expect(await lock.exists()).toBe(true)
        await raw(lock.key, 'ZADD', lock.key, '1', 'dead')
        expect(await lock.exists()).toBe(true)
        await permit.release()
        expect([await raw(lock.key, 'ZCARD', lock.key), await lock.exists()]).toEqual([1, false])
      })

      test('permit.signal has aborted when it is looked at after the event loop was blocked for longer than the lease', async () => {
        const lock = made()
        const ran = lock.run(
          permit => {
            const { signal } = permit
            const before = [signal.aborted, permit.signal.aborted]
            const until = performance.now() + 150
            while (performance.now() < until);
            expect(() => signal.throwIfAborted()).toThrow(LeaseLostError)
            return [...before, signal.aborted, permit.signal.aborted]
          },
          { lease: 100 }
        )
        expect(await failureOf(ran)).toBeInstanceOf(LeaseLostError)
        const permit = await lock.acquire({ lease: 100 })
        const { signal } = permit
        expect(signal.aborted).toBe(false)
        let events = 0
        signal.addEventListener('abort', () => events++)
        const until = performance.now() + 150
        while (performance.now() < until);
        expect([signal.aborted, permit.signal.aborted, events]).toEqual([true, true, 1])
        expect(await failureOf(permit.release())).toBeInstanceOf(LeaseLostError)
      })

      test('clear() frees it for everyone: who waits is served, who held it is told', async () => {
        const lock = made()
        const other = make(rival, lock.key)
        const permit = await lock.acquire({ lease: 300 })
        const waits = [other.acquire(soon), make(rival, lock.key).acquire(soon)]
        await untilWaiting(raw, lock.key, 2)
        await expect(make(hot, lock.key).clear()).resolves.toBeUndefined()
        const next = await waits[0]!
        expect(next.token).toBeGreaterThan(permit.token)
        expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
        await expectFailure(permit.release(), 'LEASE_LOST', lock.key)
        expect(next.signal.aborted).toBe(false)
        await next.release()
        await (await waits[1]!).release()
        await lock.clear()
        expect(await lock.exists()).toBe(false)
        await expectAllFree(other)
      })

      test('replace() is refused, and there are no fields or items to assign', async () => {
        const lock = made() as unknown as { replace: (value: unknown) => Promise<void> }
        for (const value of [0, 1, undefined]) {
          expect(await failureOf(lock.replace(value))).toBeInstanceOf(TypeError)
        }
        await expect(lock.replace(3)).rejects.toThrow(/clear\(\)/)
        expect(() => assign(lock, 'value', 3)).toThrow(TypeError)
        expect(() => JSON.stringify(lock)).toThrow(`await ${variable}.toJS()`)
      })
    })
  })
})
