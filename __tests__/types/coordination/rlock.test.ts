import { describe, expect, test } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { LockTimeoutError, type HotRLock } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'
import {
  door,
  expectAllFree,
  expectFailure,
  insideOf,
  lossOf,
  newRLock,
  untilWaiting
} from '../../support/semaphores.js'

const soon = { timeout: 10_000 }

describe.each(backends)('An RLock on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()
  const made = () => newRLock(hot, rival)

  describe('held by acquire()', () => {
    test('is entered again by the same handle, and free when it was released as often', async () => {
      const { lock, isFree } = made()
      const permits = [await lock.acquire(), (await lock.tryAcquire())!, await lock.acquire({ timeout: 0 })]
      expect(new Set(permits).size).toBe(3)
      expect(new Set(permits.map(permit => permit.token)).size).toBe(1)
      expect(await lock.available()).toBe(0)
      await permits[0]!.release()
      expect(await isFree()).toBe(false)
      await lock.release()
      await expectFailure(permits[2]!.release(), 'NOT_HELD', lock.key)
      expect([await isFree(), permits[1]!.signal.aborted]).toEqual([false, false])
      await permits[1]!.release()
      expect(await isFree()).toBe(true)
      await expectFailure(lock.release(), 'NOT_HELD', lock.key)
      const next = await lock.acquire()
      expect(next.token).toBeGreaterThan(permits[0]!.token)
      await next.release()
      await expectAllFree(lock)
    })

    test('is not entered by another handle, of the same Hot or of another', async () => {
      const { lock } = made()
      const permit = await lock.acquire()
      for (const one of [hot, rival]) {
        expect(await one.rlock(lock.key).tryAcquire()).toBeUndefined()
        await expectFailure(one.rlock(lock.key).acquire({ timeout: 20 }), 'LOCK_TIMEOUT', lock.key)
        await expectFailure(
          one.rlock(lock.key).run(() => 'ran', { timeout: 20 }),
          'LOCK_TIMEOUT',
          lock.key
        )
        await expectFailure(one.rlock(lock.key).release(), 'NOT_HELD', lock.key)
      }
      await permit.release()
      await expectAllFree(lock)
    })

    test.each([
      ['acquire() and acquire()', (lock: HotRLock) => [lock.acquire(soon), lock.acquire(soon)]],
      ['acquire() and tryAcquire()', (lock: HotRLock) => [lock.acquire(soon), lock.tryAcquire()]],
      ['tryAcquire() and acquire()', (lock: HotRLock) => [lock.tryAcquire(), lock.acquire({ timeout: 2_000 })]],
      ['tryAcquire() and tryAcquire()', (lock: HotRLock) => [lock.tryAcquire(), lock.tryAcquire()]]
    ])('is entered again by calls of one handle made at once: %s', async (_, calls) => {
      const { lock, isFree } = made()
      const permits = await Promise.all(calls(lock))
      expect(permits.map(permit => permit?.token)).toEqual([permits[0]!.token, permits[0]!.token])
      await permits[0]!.release()
      expect(await isFree()).toBe(false)
      await permits[1]!.release()
      expect(await isFree()).toBe(true)
    })

    test.each(['timeout', 'signal'])('its %s ends a wait while another call of the handle waits', async end => {
      const { lock } = made()
      const permit = await rival.rlock(lock.key).acquire()
      const waits = lock.acquire(soon)
      await untilWaiting(raw, lock.key, 1)
      const reason = new Error('enough')
      const controller = new AbortController()
      const ended = failureOf(lock.acquire(end === 'timeout' ? { timeout: 50 } : { signal: controller.signal }))
      controller.abort(reason)
      const first = await Promise.race([ended, sleep(3_000, 'it goes on')])
      await permit.release()
      await (await waits).release()
      // Served in the meantime, it would hold the lock.
      await ended.catch(() => lock.release())
      if (end === 'timeout') expect(first).toBeInstanceOf(LockTimeoutError)
      else expect(first).toBe(reason)
      await expectAllFree(rival.rlock(lock.key))
    })

    test('is not entered again with a signal that has aborted', async () => {
      const { lock, isFree } = made()
      const permit = await lock.acquire()
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      expect(await failureOf(lock.acquire({ signal }))).toBe(reason)
      expect(await failureOf(lock.run(() => 'ran', { signal }))).toBe(reason)
      expect(await lock.run(one => one.token)).toBe(permit.token)
      await permit.release()
      expect(await isFree()).toBe(true)
    })

    test('a call whose first one gave up waits on its own', async () => {
      const { lock } = made()
      const permit = await rival.rlock(lock.key).acquire()
      const gaveUp = failureOf(lock.acquire({ timeout: 100 }))
      const waits = lock.acquire(soon)
      expect(await gaveUp).toBeInstanceOf(LockTimeoutError)
      await untilWaiting(raw, lock.key, 1)
      await permit.release()
      await (await waits).release()
      await expectAllFree(lock)
    })

    test('is not entered by its handle any more when the lease was lost', async () => {
      const { lock } = made()
      const permit = await lock.acquire({ lease: 200 })
      const again = await lock.acquire()
      await rival.rlock(lock.key).clear()
      await lossOf(permit)
      const next = await rival.rlock(lock.key).acquire(soon)
      expect(await lock.tryAcquire()).toBeUndefined()
      await expectFailure(again.release(), 'LEASE_LOST', lock.key)
      await expectFailure(permit.release(), 'LEASE_LOST', lock.key)
      expect(next.signal.aborted).toBe(false)
      await next.release()
      await expectAllFree(lock)
    })
  })

  describe('held by run()', () => {
    test('is entered again by its call chain, however deep, by run(), acquire() and tryAcquire()', async () => {
      const { lock, isFree } = made()
      const deeper = async (depth: number): Promise<number> => {
        await sleep(1)
        return depth === 0 ? (await lock.available()) * 100 : 1 + (await lock.run(() => deeper(depth - 1)))
      }
      const token = await lock.run(async permit => {
        expect(await deeper(5)).toBe(5)
        const tokens = [permit, await lock.acquire(), (await lock.tryAcquire())!].map(one => one.token)
        expect(tokens).toEqual(Array(3).fill(permit.token))
        await lock.release()
        await lock.release()
        expect(await isFree()).toBe(false)
        return lock.run(inner => inner.token)
      })
      expect(token).toBeGreaterThan(0)
      await expectAllFree(rival.rlock(lock.key))
    })

    test('also by another handle of its key, and not by one of another Hot or another key', async () => {
      const { lock, isFree } = made()
      await lock.run(async permit => {
        const same = hot.rlock(lock.key)
        const again = await same.acquire({ timeout: 0 })
        expect([again.token, await same.run(inner => inner.token)]).toEqual([permit.token, permit.token])
        await same.release()
        expect(await rival.rlock(lock.key).tryAcquire()).toBeUndefined()
        const other = hot.rlock(freshKey())
        await other.run(async one => {
          expect(one.token).not.toBe(permit.token)
          expect(await rival.rlock(other.key).tryAcquire()).toBeUndefined()
          expect(await lock.run(inner => inner.token)).toBe(permit.token)
        })
        await expectAllFree(other)
        expect(await isFree()).toBe(false)
      })
      await expectAllFree(rival.rlock(lock.key))
    })

    test('a failure inside leaves it held by those around it', async () => {
      const { lock, isFree } = made()
      const problem = new Error('inside')
      await lock.run(async () => {
        expect(await failureOf(lock.run(() => Promise.reject(problem)))).toBe(problem)
        expect(await isFree()).toBe(false)
      })
      expect(await isFree()).toBe(true)
    })

    test('what a chain acquires inside and keeps holds it on when run() has ended', async () => {
      const { lock, isFree } = made()
      const kept = await lock.run(() => lock.acquire())
      expect(await isFree()).toBe(false)
      const again = await lock.acquire({ timeout: 2_000 })
      expect(again.token).toBe(kept.token)
      await again.release()
      expect(await isFree()).toBe(false)
      await lock.release()
      expect(await isFree()).toBe(true)
    })

    test('two chains of one process exclude each other, by one handle or two', async () => {
      const { lock } = made()
      for (const locks of [
        [lock, lock],
        [lock, hot.rlock(lock.key)],
        [lock, rival.rlock(lock.key)]
      ]) {
        let inside = 0
        const chain = (one: HotRLock) =>
          one.run(async () => {
            expect(++inside).toBe(1)
            await one.run(() => sleep(1))
            expect(inside--).toBe(1)
          })
        await Promise.all(Array.from({ length: 30 }, (_, index) => chain(locks[index % 2]!)))
      }
      await expectAllFree(lock)
    })

    test('a chain beside it does not enter', async () => {
      const { lock } = made()
      const chain = await insideOf(lock)
      expect(await lock.tryAcquire()).toBeUndefined()
      await expectFailure(lock.acquire({ timeout: 20 }), 'LOCK_TIMEOUT', lock.key)
      await expectFailure(
        lock.run(() => 'ran', { timeout: 20 }),
        'LOCK_TIMEOUT',
        lock.key
      )
      await expectFailure(lock.release(), 'NOT_HELD', lock.key)
      await chain.leave()
      await expectAllFree(lock)
    })

    test('a chain that was started inside and outlives it does not hold it any more', async () => {
      const { lock } = made()
      const ended = door()
      let late: Promise<unknown> = Promise.resolve()
      await lock.run(() => {
        const after = async () => {
          await ended.opened
          expect(await lock.tryAcquire()).toBeUndefined()
          expect(await failureOf(lock.run(() => 'ran', { timeout: 20 }))).toBeInstanceOf(LockTimeoutError)
        }
        late = after()
      })
      const permit = await rival.rlock(lock.key).acquire()
      ended.open()
      await late
      await permit.release()
      await expectAllFree(lock)
    })

    test('a chain started inside holds it while run() goes on, and keeps its own context', async () => {
      const { lock, isFree } = made()
      const context = new AsyncLocalStorage<string>()
      await context.run('mine', () =>
        lock.run(async permit => {
          const tokens = await Promise.all([lock.run(one => one.token), lock.run(one => one.token)])
          expect(tokens).toEqual([permit.token, permit.token])
          expect(context.getStore()).toBe('mine')
        })
      )
      expect(await isFree()).toBe(true)
    })

    test('it holds for the process when it was released inside: nobody is let in twice', async () => {
      const { lock, isFree } = made()
      await lock.run(async permit => {
        await permit.release()
        expect(await isFree()).toBe(true)
        const other = await rival.rlock(lock.key).acquire()
        expect(await lock.tryAcquire()).toBeUndefined()
        await other.release()
        await using again = await lock.acquire(soon)
        expect(again.token).toBeGreaterThan(permit.token)
      })
      await expectAllFree(rival.rlock(lock.key))
    })
  })
})
