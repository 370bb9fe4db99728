import { describe, expect, test } from '@jest/globals'
import { LeaseLostError, MismatchError, NotHeldError } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { ownServer } from '../../support/own-server.js'
import { failureOf } from '../../support/promises.js'
import { expectAllFree, expectFailure, lossOf, untilWaiting } from '../../support/semaphores.js'

const soon = { timeout: 10_000 }

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()

  describe('Several permits', () => {
    test('are held by so many, and given back one by one', async () => {
      const slots = hot.boundedSemaphore(freshKey(), { value: 3 })
      const other = rival.boundedSemaphore(slots.key, { value: 3 })
      const first = await slots.acquire()
      const second = await slots.acquire()
      const third = await other.acquire()
      expect([await slots.available(), await slots.tryAcquire()]).toEqual([0, undefined])
      expect(first.token < second.token && second.token < third.token).toBe(true)
      await slots.release()
      await expectFailure(second.release(), 'NOT_HELD', slots.key)
      expect(await other.toJS()).toBe(1)
      await slots.release()
      await expectFailure(first.release(), 'NOT_HELD', slots.key)
      expect(await other.toJS()).toBe(2)
      await other.release()
      await expectAllFree(other, 3)
    })

    test('never more than so many when many want them', async () => {
      const { key } = hot.boundedSemaphore()
      let [holders, most] = [0, 0]
      const turn = async () => {
        most = Math.max(most, ++holders)
        await raw(key, 'PING')
        holders--
      }
      const both = [hot, rival].map(one => one.boundedSemaphore(key, { value: 4 }))
      await Promise.all(Array.from({ length: 120 }, (_, index) => both[index % 2]!.run(turn)))
      expect(most).toBe(4)
      await expectAllFree(both[0]!, 4)
    })

    test('another number of them is refused until clear(), which sets it anew', async () => {
      const slots = hot.boundedSemaphore(freshKey(), { value: 2 })
      await (await slots.acquire()).release()
      const other = rival.semaphore(slots.key, { value: 3 })
      for (const call of [other.acquire(soon), other.tryAcquire(), other.available(), other.toJS(), other.release()]) {
        expect(await expectFailure(call, 'MISMATCH', slots.key)).toBeInstanceOf(MismatchError)
      }
      await expectFailure(rival.lock(slots.key).tryAcquire(), 'MISMATCH', slots.key)
      await expectFailure(
        rival.lock(slots.key).run(() => 'ran'),
        'MISMATCH',
        slots.key
      )
      expect(await slots.available()).toBe(2)
      await other.clear()
      await using held = await other.acquire()
      expect([held.signal.aborted, await other.available()]).toEqual([false, 2])
      await expectFailure(slots.acquire(), 'MISMATCH', slots.key)
    })

    test('Semaphore.release() without one adds one, until clear()', async () => {
      const ready = hot.semaphore(freshKey(), { value: 1 })
      const other = rival.semaphore(ready.key, { value: 1 })
      const waits = [other.acquire(soon), other.acquire(soon), other.acquire(soon)]
      const first = await waits[0]!
      for (const index of [1, 2]) {
        await expect(ready.release()).resolves.toBeUndefined()
        expect((await waits[index]!).token).toBeGreaterThan(first.token)
      }
      await ready.release()
      expect([await other.available(), await ready.toJS()]).toEqual([1, 1])
      await other.release()
      expect(await ready.available()).toBe(2)
      await ready.clear()
      expect([await other.available(), await ready.toJS()]).toEqual([1, 1])
      expect(await failureOf(hot.boundedSemaphore(ready.key).release())).toBeInstanceOf(NotHeldError)
    })

    test('clear() forgets what was added also where nobody has acquired one yet, and the number with it', async () => {
      const ready = hot.semaphore(freshKey(), { value: 1 })
      await ready.release()
      await ready.release()
      expect(await ready.available()).toBe(3)
      await ready.clear()
      expect(await ready.available()).toBe(1)
      expect(await hot.semaphore(ready.key, { value: 4 }).available()).toBe(4)
    })

    test('clear() hands them all to those who wait first', async () => {
      const slots = hot.boundedSemaphore(freshKey(), { value: 2 })
      const old = [await slots.acquire({ lease: 300 }), await slots.acquire({ lease: 300 })]
      const served: number[] = []
      const waits = [0, 1, 2].map(async index => {
        const permit = await rival.boundedSemaphore(slots.key, { value: 2 }).acquire(soon)
        served.push(index)
        return permit
      })
      await untilWaiting(raw, slots.key, 3)
      await slots.clear()
      const next = [await waits[0]!, await waits[1]!]
      for (const permit of old) expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
      expect([[...served].sort(), await slots.available()]).toEqual([[0, 1], 0])
      await next[0]!.release()
      await (await waits[2]!).release()
      await next[1]!.release()
      await expectAllFree(slots, 2)
    })
  })

  describe('In a transaction', () => {
    test.each(['available', 'toJS', 'equals'] as const)(
      '%s() is read, and runs it again when permits were added',
      async read => {
        const tag = `{${freshKey()}}`
        const ready = hot.semaphore(`${tag}:ready`, { value: 2 })
        await (await ready.acquire()).release()
        const seen: unknown[] = []
        await hot.transaction(async () => {
          seen.push(await (read === 'equals' ? ready.equals(ready) : ready[read]()))
          if (seen.length === 1) await rival.semaphore(ready.key, { value: 2 }).release()
          hot.string(`${tag}:text`).value = 'seen'
        })
        expect(seen).toEqual(read === 'equals' ? [true, true] : [2, 3])
      }
    )

    test('clear() happens at its end, and who waits is served', async () => {
      const tag = `{${freshKey()}}`
      const lock = hot.lock(`${tag}:lock`)
      const permit = await lock.acquire({ lease: 300 })
      const wait = rival.lock(lock.key).acquire(soon)
      await untilWaiting(raw, lock.key, 1)
      await hot.transaction(async () => {
        void hot.list<string>(`${tag}:list`).push('x')
        void lock.clear()
        expect(await rival.lock(lock.key).tryAcquire()).toBeUndefined()
      })
      await (await wait).release()
      expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
      await expectAllFree(lock)
    })
  })

  test('Keys with a prefix, and keys with braces, do as well', async () => {
    const prefixed = another({ prefix: 'app:' })
    const id = freshKey()
    for (const [one, key] of [
      [prefixed, id],
      ...[`{${id}}`, `{${id}}:x`, `${id}}x`, `${id}{x`, `{}${id}`, `${id}{}{x}`].map(name => [hot, name] as const)
    ] as const) {
      const [lock, other] = [one.lock(key), one.lock(key)]
      const permit = await lock.acquire()
      const wait = other.acquire(soon)
      await permit.release()
      await (await wait).release()
      await (await lock.acquire()).release()
      await expectAllFree(other)
      expect(lock.key).toBe(key)
    }
    await using held = await prefixed.lock(id).acquire()
    expect([held.signal.aborted, await raw(`app:${id}`, 'EXISTS', `app:${id}`)]).toEqual([false, 1])
    await expectFailure(prefixed.boundedSemaphore(id, { value: 2 }).acquire(), 'MISMATCH', `app:${id}`)
  })

  test('locked() tells whether somebody holds it', async () => {
    for (const kind of ['lock', 'rlock'] as const) {
      const lock = hot[kind](freshKey())
      expect(await lock.locked()).toBe(false)
      await rival[kind](lock.key).run(async () => expect(await lock.locked()).toBe(true))
      expect(await lock.locked()).toBe(false)
    }
  })
})

test('Fencing tokens go on after clear() and after FLUSHALL', async () => {
  const { hot, another, raw, close } = await ownServer()
  const tokens: number[] = []
  for (let round = 0; round < 60; round++) {
    const lock = [hot, another()][round % 2]!.lock('lock')
    const permit = await (round % 3 === 0 ? lock.tryAcquire() : lock.acquire(soon))
    tokens.push(permit!.token)
    if (round % 4 === 0) await lock.clear()
    if (round % 5 === 0) await raw('FLUSHALL')
    if (round % 7 === 0) await raw('SCRIPT', 'FLUSH')
    await permit!.release().catch(() => undefined)
  }
  expect(tokens.every(Number.isSafeInteger)).toBe(true)
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
  await close()
})
