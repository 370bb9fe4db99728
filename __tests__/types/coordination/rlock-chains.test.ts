import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { LockTimeoutError, NotHeldError, type HotRLock, type Permit } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { failureOf } from '../../support/promises.js'
import { door, expectAllFree, insideOf, newRLock } from '../../support/semaphores.js'

describe.each(backends)('An RLock on $name', ({ createHot: another }) => {
  const hot = another()
  const rival = another()
  const made = () => newRLock(hot, rival)

  describe('acquire() inside of run() counts for its chain, not for the handle:', () => {
    /** Runs a chain that does something inside of run(), and calls of other chains by the same handle meanwhile. */
    async function beside(lock: HotRLock, inside: (permit: Permit) => Promise<unknown>) {
      const [entered, leave] = [door(), door()]
      const chain = lock.run(async permit => {
        await inside(permit)
        entered.open()
        await leave.opened
      })
      await entered.opened
      const entering = [failureOf(lock.run(() => 'ran', { timeout: 20 })), failureOf(lock.acquire({ timeout: 20 }))]
      for (const error of await Promise.all(entering)) expect(error).toBeInstanceOf(LockTimeoutError)
      expect(await lock.tryAcquire()).toBeUndefined()
      expect(await failureOf(lock.release())).toBeInstanceOf(NotHeldError)
      leave.open()
      await chain
    }

    test("other chains wait, and cannot release it; what the chain keeps is the handle's when it has ended", async () => {
      const { lock } = made()
      await beside(lock, () => lock.acquire())
      await lock.release()
      await expectAllFree(lock)
    })

    test('also where the chain had released what run() acquired', async () => {
      const { lock } = made()
      await beside(lock, async permit => {
        await permit.release()
        const tokens = [await lock.acquire(), await lock.acquire()].map(one => one.token)
        expect(tokens[0]).toBe(tokens[1])
        await lock.release()
      })
      await lock.release()
      await expectAllFree(lock)
    })
  })

  describe('run() while the handle holds it by acquire()', () => {
    test('enters, one chain at a time', async () => {
      const { lock, isFree } = made()
      const permit = await lock.acquire()
      let inside = 0
      const tokens = await Promise.all(
        Array.from({ length: 20 }, () =>
          lock.run(async one => {
            expect(++inside).toBe(1)
            await lock.run(() => sleep(1))
            expect(inside--).toBe(1)
            return one.token
          })
        )
      )
      expect(new Set(tokens)).toEqual(new Set([permit.token]))
      expect(await isFree()).toBe(false)
      await permit.release()
      expect(await isFree()).toBe(true)
    })

    test('keeps it until both have let go, and others out', async () => {
      const { lock, isFree } = made()
      const permit = await lock.acquire()
      const chain = await insideOf(lock)
      await permit.release()
      expect(await isFree()).toBe(false)
      // The chain alone holds it now: the handle does not.
      expect(await lock.tryAcquire()).toBeUndefined()
      await chain.leave()
      await expectAllFree(rival.rlock(lock.key))
    })

    test.each(['timeout', 'signal'])('its %s ends the wait for another chain', async end => {
      const { lock } = made()
      const permit = await lock.acquire()
      const chain = await insideOf(lock)
      const reason = new Error('enough')
      const controller = new AbortController()
      const ended = failureOf(
        lock.run(() => 'ran', end === 'timeout' ? { timeout: 50 } : { signal: controller.signal })
      )
      controller.abort(reason)
      const first = await Promise.race([ended, sleep(3_000, 'it goes on')])
      await chain.leave()
      await ended.catch(() => undefined)
      await permit.release()
      if (end === 'timeout') expect(first).toBeInstanceOf(LockTimeoutError)
      else expect(first).toBe(reason)
      await expectAllFree(lock)
    })

    test('a chain that outlived an earlier run() waits for its turn, and does not enter by another handle', async () => {
      const { lock } = made()
      const permit = await lock.acquire()
      const later = door()
      let inside = true
      let outliving: readonly Promise<unknown>[] = []
      await lock.run(() => {
        const entering = later.opened.then(() => lock.run(() => inside))
        outliving = [entering, later.opened.then(() => hot.rlock(lock.key).tryAcquire())]
      })
      const chain = await insideOf(lock)
      later.open()
      const sooner = await Promise.race([outliving[0], sleep(300, 'it waits')])
      inside = false
      await chain.leave()
      expect([sooner, await outliving[0], typeof (await outliving[1])]).toEqual(['it waits', false, 'undefined'])
      await permit.release()
      await expectAllFree(rival.rlock(lock.key))
    })

    test('a chain that fails lets the next one in; one that comes when all was released acquires anew', async () => {
      const { lock } = made()
      const permit: Permit = await lock.acquire()
      const problem = new Error('inside')
      const failing = failureOf(lock.run(() => sleep(5).then(() => Promise.reject(problem))))
      const next = lock.run(one => one.token)
      expect([await failing, await next]).toEqual([problem, permit.token])
      const chain = await insideOf(lock)
      const anew = lock.run(one => one.token)
      await permit.release()
      await chain.leave()
      expect(await anew).toBeGreaterThan(permit.token)
      await expectAllFree(lock)
    })
  })
})
