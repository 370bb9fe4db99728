import { describe, expect, test } from '@jest/globals'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, LeaseLostError, LockTimeoutError, type Permit } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { ownServer, statistic } from '../../support/own-server.js'
import { failureOf } from '../../support/promises.js'
import { expectAllFree, expectFailure, insideOf, semaphores, untilWaiting } from '../../support/semaphores.js'
import { auxKeyName } from '../../support/keys.js'

const soon = { timeout: 20_000 }

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()

  describe.each(semaphores)('a wait for a $name', ({ name, make }) => {
    const held = async () => {
      const lock = make(hot, freshKey())
      return { lock, permit: await lock.acquire(), other: make(rival, lock.key) }
    }

    test.each([0, 1, 60])(
      'ends with a LockTimeoutError after its timeout of %d ms, and leaves the line',
      async timeout => {
        const { lock, permit, other } = await held()
        for (const [method, call] of [
          ['acquire', other.acquire({ timeout })],
          ['run', other.run(() => expect('it').toBe('not run'), { timeout })]
        ] as const) {
          const error = await expectFailure(call, 'LOCK_TIMEOUT', lock.key)
          expect(error).toBeInstanceOf(LockTimeoutError)
          expect(error).toMatchObject({
            operation: `${name}.${method}`,
            message: expect.stringContaining(`${timeout} ms`)
          })
        }
        await untilWaiting(raw, lock.key, 0)
        expect(await lock.available()).toBe(0)
        await permit.release()
        const free = await other.acquire({ timeout: 0 })
        await free.release()
        await expectAllFree(lock)
      }
    )

    test('rejects with the reason of a signal that has aborted before, and takes nothing', async () => {
      const lock = make(hot, freshKey())
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const call = () => expect('it').toBe('not run')
      expect(await failureOf(lock.acquire({ signal }))).toBe(reason)
      expect(await failureOf(lock.run(call, { signal }))).toBe(reason)
      expect(await lock.exists()).toBe(false)
      await expectAllFree(lock)
    })

    test('rejects with the reason of a signal that aborts meanwhile, and leaves the line', async () => {
      const { lock, permit, other } = await held()
      const controller = new AbortController()
      const waits = [other.acquire({ signal: controller.signal }), other.run(() => 'ran', controller)]
      const behind = make(rival, lock.key).acquire(soon)
      await untilWaiting(raw, lock.key, 3)
      controller.abort('enough')
      for (const wait of waits) expect(await wait.catch((reason: unknown) => reason)).toBe('enough')
      await untilWaiting(raw, lock.key, 1)
      await permit.release()
      await (await behind).release()
      await expectAllFree(lock)
    })
  })

  test.each([2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'a timeout of %d ms, further off than timers go, is no timeout',
    async timeout => {
      const lock = hot.rlock(freshKey())
      const permit = await lock.acquire()
      const chain = await insideOf(lock)
      const waits = [
        lock.run(() => 'another chain', { timeout }),
        rival.rlock(lock.key).run(() => 'another process', { timeout })
      ]
      await untilWaiting(raw, lock.key, 1)
      await sleep(50)
      await chain.leave()
      await permit.release()
      expect(await Promise.all(waits)).toEqual(['another chain', 'another process'])
      await expectAllFree(lock)
    }
  )

  test('a signal that aborts after the permit was given changes nothing', async () => {
    const lock = hot.lock(freshKey())
    const controller = new AbortController()
    const permit = await lock.acquire({ signal: controller.signal, ...soon })
    controller.abort()
    await turn()
    expect([permit.signal.aborted, await lock.locked()]).toEqual([false, true])
    await permit.release()
    const ran = await lock.run(async () => (await turn(), rival.lock(lock.key).locked()), {
      signal: new AbortController().signal
    })
    expect(ran).toBe(true)
    await expectAllFree(lock)
  })

  describe('no permit is swallowed', () => {
    /** Waits that end at about the moment of the release, in one way or another: each is served, or is not. */
    const races: Readonly<Record<string, (release: () => void, abort: () => void) => unknown>> = {
      'when the wait is aborted just before the release': (release, abort) => {
        abort()
        release()
      },
      'when the wait is aborted just after the release': (release, abort) => {
        release()
        abort()
      },
      'when the wait is aborted a moment later': async (release, abort) => {
        release()
        for (let turns = Math.random() * 8; turns > 0; turns--) await turn()
        abort()
      },
      'when the wait is aborted a millisecond or two later': async (release, abort) => {
        release()
        await sleep(Math.random() * 3)
        abort()
      }
    }

    test.each(Object.keys(races))('%s', async race => {
      const lock = hot.lock(freshKey())
      const other = rival.lock(lock.key)
      const ends = { served: 0, gaveUp: 0 }
      for (let round = 0; round < 150; round++) {
        const permit = await lock.acquire(soon)
        const controller = new AbortController()
        const wait = other.acquire({ signal: controller.signal }).then(
          next => (ends.served++, next.release()),
          (reason: unknown) => {
            ends.gaveUp++
            expect(reason).toBe(controller.signal.reason)
          }
        )
        if (round % 2) await untilWaiting(raw, lock.key, 1)
        const released: Promise<void>[] = []
        await races[race]!(
          () => released.push(permit.release()),
          () => controller.abort()
        )
        await Promise.all([wait, ...released])
        if (round % 10 === 0) expect(await lock.available()).toBe(1)
      }
      expect(ends.served + ends.gaveUp).toBe(150)
      await untilWaiting(raw, lock.key, 0)
      await expectAllFree(lock)
    })

    test('when many waits end by timeout while permits are given back', async () => {
      const slots = hot.boundedSemaphore(freshKey(), { value: 2 })
      const other = rival.boundedSemaphore(slots.key, { value: 2 })
      let held = 0
      const use = async (permit: Permit) => {
        expect(++held).toBeLessThanOrEqual(2)
        await sleep(Math.random() * 3)
        held--
        await permit.release()
      }
      const ends = await Promise.allSettled(
        Array.from({ length: 400 }, (_, index) =>
          [slots, other][index % 2]!.acquire({ timeout: Math.random() * 400 }).then(use)
        )
      )
      const failures = ends.filter(end => end.status === 'rejected').map(end => end.reason as unknown)
      expect(failures.filter(reason => !(reason instanceof LockTimeoutError))).toEqual([])
      await untilWaiting(raw, slots.key, 0)
      await expectAllFree(slots, 2)
    })
  })

  describe('who came first is served first', () => {
    test('of two Hots, and who gives up is passed over', async () => {
      const lock = hot.lock(freshKey())
      const other = rival.lock(lock.key)
      const permit = await lock.acquire()
      const served: number[] = []
      const controller = new AbortController()
      const waits: Promise<unknown>[] = []
      for (let index = 0; index < 12; index++) {
        const how = index % 4 === 3 ? { signal: controller.signal } : soon
        const wait = [lock, other][index % 2]!.acquire(how)
        waits.push(wait.then(next => (served.push(index), next.release())).catch((reason: unknown) => reason))
        await untilWaiting(raw, lock.key, index + 1)
      }
      controller.abort()
      await untilWaiting(raw, lock.key, 9)
      await permit.release()
      await Promise.all(waits)
      expect(served).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10])
      await expectAllFree(lock)
    })

    test('tryAcquire() and acquire() do not overtake who waits', async () => {
      const slots = hot.semaphore(freshKey(), { value: 1 })
      const other = rival.semaphore(slots.key, { value: 1 })
      const served: string[] = []
      const first = other.acquire(soon).then(permit => (served.push('first'), permit))
      const held = await first
      const second = other.acquire(soon).then(permit => (served.push('second'), permit))
      await untilWaiting(raw, slots.key, 1)
      const released = held.release()
      const tried = slots.tryAcquire()
      const third = slots.acquire(soon).then(permit => (served.push('third'), permit))
      await released
      await (await second).release()
      await (await tried)?.release()
      await (await third).release()
      expect(served).toEqual(['first', 'second', 'third'])
      await expectAllFree(slots)
    })
  })

  test('close() releases what is held, tells its holder, and rejects open waits; others are served', async () => {
    const closing = another()
    const lock = closing.lock(freshKey())
    const slots = closing.boundedSemaphore(freshKey(), { value: 2 })
    const permits = [await lock.acquire(), await slots.acquire(), (await slots.tryAcquire())!]
    const open = [lock.acquire(), slots.acquire(), lock.run(() => 'ran')]
    await untilWaiting(raw, lock.key, 2)
    await untilWaiting(raw, slots.key, 1)
    const other = rival.lock(lock.key).acquire(soon)
    await untilWaiting(raw, lock.key, 3)
    const failures = Promise.all(open.map(failureOf))
    await closing.close()
    for (const error of await failures) expect(error).toBeInstanceOf(ConnectionError)
    for (const permit of permits) {
      expect(permit.signal.aborted).toBe(true)
      expect(permit.signal.reason).toBeInstanceOf(LeaseLostError)
      expect(await failureOf(permit.release())).toBeInstanceOf(LeaseLostError)
    }
    await (await other).release()
    await expectAllFree(rival.lock(lock.key))
    await expectAllFree(rival.boundedSemaphore(slots.key, { value: 2 }), 2)
    expect(await failureOf(lock.acquire())).toBeInstanceOf(ConnectionError)
  })
})

test('Who waits for one who holds for longer than timers go asks once', async () => {
  const { hot, another, raw, close } = await ownServer()
  const permit = await hot.lock('held').acquire({ lease: 2 ** 40 })
  const wait = another().lock('held').acquire(soon)
  await untilWaiting((_, ...args) => raw(...args), 'held', 1)
  await raw('CONFIG', 'RESETSTAT')
  await sleep(300)
  expect(String(await raw('INFO', 'commandstats'))).not.toMatch(/cmdstat_eval(?:sha)?:/)
  await permit.release()
  await (await wait).release()
  await close()
})

test('Who waits is handed the permit with the release, and asks for nothing', async () => {
  const { hot, another, raw, close } = await ownServer()
  // Redis knows the scripts from here on.
  await hot.lock('handed').run(() => undefined)
  const permit = await hot.lock('handed').acquire()
  const wait = another().lock('handed').acquire(soon)
  await untilWaiting((_, ...args) => raw(...args), 'handed', 1)
  await raw('CONFIG', 'RESETSTAT')
  await permit.release()
  const next = await wait
  const info = await raw('INFO', 'commandstats')
  const scripts = [/cmdstat_eval:calls=(\d+)/, /cmdstat_evalsha:calls=(\d+)/].map(pattern => statistic(info, pattern))
  expect(scripts[0]! + scripts[1]!).toBe(1)
  expect(next.token).toBeGreaterThan(permit.token)
  // Confirmed: it is held for its own lease, not for the first two seconds.
  expect(
    Number(await raw('ZRANGE', 'handed', '0', '0', 'WITHSCORES').then(pair => (pair as string[])[1]))
  ).toBeGreaterThan(Date.now() + 20_000)
  // Tokens go on from this one, whatever becomes of the server's clock.
  expect(await raw('GET', auxKeyName('handed', 'state'))).toMatch(new RegExp(`^${next.token} `))
  await next.release()
  await close()
})

test('Many waits on many keys use one more connection, and all are served', async () => {
  const { hot, another, raw, close } = await ownServer()
  const rival = another()
  const keys = Array.from({ length: 300 }, (_, index) => `lock:${index}`)
  const permits = await Promise.all(keys.map(key => hot.lock(key).acquire({ lease: 60_000 })))
  let served = 0
  const waits = keys.flatMap(key =>
    Array.from({ length: 10 }, async () => {
      const permit = await rival.lock(key).acquire({ timeout: 25_000 })
      served++
      await permit.release()
    })
  )
  for (const key of keys) await untilWaiting((_, ...args) => raw(...args), key, 10)
  // That of this test, that of the holder, and two of the one who waits.
  const clients = String(await raw('CLIENT', 'LIST'))
    .trim()
    .split('\n')
  expect(clients.length).toBeLessThanOrEqual(5)
  expect(served).toBe(0)
  await Promise.all([...permits.map(permit => permit.release()), ...waits])
  expect(served).toBe(3_000)
  await close()
})
