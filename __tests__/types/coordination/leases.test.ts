import { describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LeaseLostError, type HotLock } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { shortenHandOvers } from '../../support/hand-over.js'
import { spawnWorker, type Worker } from '../../support/processes.js'
import { failureOf, until } from '../../support/promises.js'
import { expectAllFree, expectFailure, insideOf, lossOf, semaphores, untilWaiting } from '../../support/semaphores.js'

const soon = { timeout: 20_000 }

describe.each(backends)('A lease on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()

  test.each(semaphores)('of a $name is renewed while it is held, and nobody gets it', async ({ make }) => {
    const held = make(hot, freshKey())
    const permit = await held.acquire({ lease: 1_000 })
    const ran = make(hot, freshKey())
    const chain = await insideOf(ran, { lease: 1_000 })
    const waits = [held, ran].map(({ key }) => failureOf(make(rival, key).acquire({ timeout: 2_200 })))
    for (const failure of await Promise.all(waits)) expect(failure).toMatchObject({ code: 'LOCK_TIMEOUT' })
    expect(await make(rival, held.key).tryAcquire()).toBeUndefined()
    expect([permit.signal.aborted, chain.permit.signal.aborted]).toEqual([false, false])
    await permit.release()
    await chain.leave()
    await expectAllFree(make(rival, held.key))
    await expectAllFree(make(rival, ran.key))
  })

  test('of some permits of many, each for itself', async () => {
    const slots = hot.boundedSemaphore(freshKey(), { value: 3 })
    const other = rival.boundedSemaphore(slots.key, { value: 3 })
    const permits = [
      await slots.acquire({ lease: 1_000 }),
      await other.acquire({ lease: 5_000 }),
      await slots.acquire()
    ]
    await sleep(2_200)
    expect([await other.available(), await slots.tryAcquire()]).toEqual([0, undefined])
    await permits[0]!.release()
    await sleep(300)
    expect(await other.available()).toBe(1)
    expect(permits.map(permit => permit.signal.aborted)).toEqual([false, false, false])
    for (const permit of permits.slice(1)) await permit.release()
    await expectAllFree(other, 3)
  })

  test('that was cleared away aborts the signal at its next renewal, and refuses every way of releasing', async () => {
    const lock = hot.lock(freshKey())
    const permit = await lock.acquire({ lease: 300 })
    const tried = await hot.lock(`${lock.key}:2`).tryAcquire({ lease: 300 })
    const running = failureOf(hot.lock(`${lock.key}:3`).run(({ signal }) => once(signal, 'abort'), { lease: 300 }))
    const usesIt = async () => {
      await using held = await hot.lock(`${lock.key}:4`).acquire({ lease: 300 })
      await lossOf(held)
    }
    const disposing = failureOf(usesIt())
    await untilHeld(`${lock.key}:3`)
    await untilHeld(`${lock.key}:4`)
    for (const key of ['', ':2', ':3', ':4'].map(end => lock.key + end)) await rival.lock(key).clear()
    const reason = await lossOf(permit)
    expect(reason).toBeInstanceOf(LeaseLostError)
    expect(reason).toMatchObject({ code: 'LEASE_LOST', key: lock.key })
    await expectFailure(lock.release(), 'LEASE_LOST', lock.key)
    await expectFailure(lock.release(), 'NOT_HELD', lock.key)
    await lossOf(tried!)
    await expectFailure(tried!.release(), 'LEASE_LOST', `${lock.key}:2`)
    await expectFailure(tried!.release(), 'NOT_HELD', `${lock.key}:2`)
    expect(await running).toMatchObject({ code: 'LEASE_LOST', key: `${lock.key}:3` })
    expect(await disposing).toMatchObject({ code: 'LEASE_LOST', key: `${lock.key}:4` })
  })

  test('that was cleared away is refused at the release before the renewal too, and the next one keeps it', async () => {
    const lock = hot.lock(freshKey())
    const permit = await lock.acquire()
    await rival.lock(lock.key).clear()
    const next = await rival.lock(lock.key).acquire({ lease: 1_000 })
    await expectFailure(permit.release(), 'LEASE_LOST', lock.key)
    await sleep(800)
    expect([next.signal.aborted, await lock.available()]).toEqual([false, 0])
    await next.release()
    await expectAllFree(lock)
  })

  test('lost in run(): what the function threw comes first', async () => {
    const lock = hot.lock(freshKey())
    const problem = new Error('of the function')
    const running = lock.run(
      async permit => {
        await rival.lock(lock.key).clear()
        await lossOf(permit)
        throw problem
      },
      { lease: 150 }
    )
    expect(await failureOf(running)).toBe(problem)
    await expectAllFree(lock)
  })

  async function untilHeld(key: string): Promise<void> {
    await until(`${key} is held`, async () => (await raw(key, 'EXISTS', key)) === 1)
  }
})

describe('The lease of a process', () => {
  const url = process.env['HOT_TEST_URL'] ?? ''
  const [{ createHot: another, raw }] = backends as unknown as readonly [(typeof backends)[number]]
  const hot = another()
  let lock: HotLock
  let worker: Worker

  async function holding(lease: number): Promise<number> {
    lock = hot.lock(freshKey())
    worker = spawnWorker('locking.ts', [url, lock.key, String(lease)])
    await worker.next()
    worker.send('acquire')
    return (await worker.next<{ token: number }>()).token
  }

  test('that is killed ends: who waits first is next, with a higher token', async () => {
    const token = await holding(600)
    const waits = [lock.acquire(soon), hot.lock(lock.key).acquire(soon)]
    await untilWaiting(raw, lock.key, 2)
    await sleep(900)
    expect(await lock.available()).toBe(0)
    worker.kill()
    const next = await waits[0]!
    expect(next.token).toBeGreaterThan(token)
    await next.release()
    await (await waits[1]!).release()
    await expectAllFree(lock)
  })

  test('that is killed ends for those who come later, too', async () => {
    await holding(300)
    worker.kill()
    await worker.done
    await until('its lease has ended', async () => (await lock.available()) === 1)
    await expectAllFree(lock)
  })

  test('that was handed the lock and computes for longer than that was leased goes on', async () => {
    const setBack = shortenHandOvers()
    lock = hot.lock(freshKey())
    const permit = await lock.acquire()
    worker = spawnWorker('locking.ts', [url, lock.key])
    setBack()
    await worker.next()
    worker.send('acquireAndBlock')
    await untilWaiting(raw, lock.key, 1)
    let served = false
    const behind = lock.acquire(soon).then(next => ((served = true), next))
    await untilWaiting(raw, lock.key, 2)
    await permit.release()
    const told = await worker.next<{ what: string; token: number }>()
    expect(told).toEqual({ what: 'acquired', token: expect.any(Number) })
    await sleep(300)
    expect(served).toBe(false)
    worker.send('release')
    expect(await worker.next()).toEqual({ what: 'released' })
    const next = await behind
    expect(next.token).toBeGreaterThan(told.token)
    await next.release()
    await expectAllFree(lock)
  })

  test.each(['told', 'asked at once'])('that stands still ends; going on, it is %s, and disturbs nobody', async way => {
    const token = await holding(300)
    worker.kill('SIGSTOP')
    const next = await lock.acquire({ ...soon, lease: 600 })
    expect(next.token).toBeGreaterThan(token)
    if (way === 'asked at once') worker.send('release')
    worker.kill('SIGCONT')
    const told = [await worker.next<{ what: string }>()]
    if (way === 'told') {
      expect(told).toEqual([{ what: 'lost', code: 'LEASE_LOST' }])
      worker.send('release')
      told.push(await worker.next())
    } else if (told[0]!.what === 'lost') told.push(await worker.next())
    expect(told).toContainEqual({ what: 'refused', code: 'LEASE_LOST' })
    await sleep(500)
    expect([next.signal.aborted, await hot.lock(lock.key).tryAcquire()]).toEqual([false, undefined])
    await next.release()
    await expectAllFree(lock)
  })
})
