import { afterAll, describe, expect, test } from '@jest/globals'
import { HotError, KeyTypeError, LeaseLostError, NotHeldError } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { hearHot } from '../../support/listener.js'
import { failureOf } from '../../support/promises.js'
import { expectAllFree, expectFailure, semaphores, untilWaiting } from '../../support/semaphores.js'
import { auxKeyName } from '../../support/keys.js'

const soon = { timeout: 10_000 }

/** A handle or a Hot as users of JavaScript see it: it takes anything. */
type Unchecked = Record<string, (...args: unknown[]) => Promise<unknown>>

/** A wrong argument is a TypeError or a RangeError, and says which call and what it was about. */
function expectWrongArgument(error: unknown, name: string, operation: string, message: RegExp): void {
  expect(error).not.toBeInstanceOf(HotError)
  expect(error).toMatchObject({ name, message: expect.stringContaining(operation) })
  expect((error as Error).message).toMatch(message)
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? (value.constructor as { name: string }).name : String(value)
}

const { hot: heard, connections } = await hearHot()

describe('wrong arguments send nothing', () => {
  // One wait for many tests: all of them must be silent.
  afterAll(async () => {
    expect(await connections()).toBe(0)
  })

  describe.each(['boundedSemaphore', 'semaphore'])('hot.%s throws', factory => {
    const make = (key: unknown, options?: unknown) => () => (heard as unknown as Unchecked)[factory]!(key, options)

    test.each([
      [0, 'RangeError'],
      [-1, 'RangeError'],
      [1.5, 'RangeError'],
      [NaN, 'RangeError'],
      [Infinity, 'RangeError'],
      [2 ** 53, 'RangeError'],
      ['3', 'TypeError'],
      [null, 'TypeError'],
      [true, 'TypeError'],
      [{}, 'TypeError'],
      [3n, 'TypeError']
    ])('a value of %p', (value, name) => {
      let thrown: unknown
      try {
        void make('k', { value })()
      } catch (error) {
        thrown = error
      }
      expectWrongArgument(thrown, name, `hot.${factory}`, /value/)
    })

    test.each([5, null, 'value', true])('options that are %p', options => {
      expect(make('k', options)).toThrow(TypeError)
      expect(make('k', options)).toThrow(/options/)
    })
  })

  describe.each(semaphores)('a $name', ({ name, variable, make }) => {
    test.each(['', 5, null, {}, Symbol('key'), 'half \ud800'])('made with the key %p throws', key => {
      expect(() => make(heard, key as string)).toThrow(TypeError)
      expect(() => make(heard, key as string)).toThrow(`hot.${variable}`)
    })

    const leases = [
      [99, 'RangeError'],
      [0, 'RangeError'],
      [-1, 'RangeError'],
      [NaN, 'RangeError'],
      [Infinity, 'RangeError'],
      ['1000', 'TypeError'],
      [1000n, 'TypeError']
    ] as const
    const waits = [
      ['timeout', -1, 'RangeError'],
      ['timeout', NaN, 'RangeError'],
      ['timeout', -Infinity, 'RangeError'],
      ['timeout', '50', 'TypeError'],
      ['signal', {}, 'TypeError'],
      ['signal', new AbortController(), 'TypeError'],
      ['signal', 'abort', 'TypeError']
    ] as const
    const cases = [
      ...['acquire', 'tryAcquire', 'run'].flatMap(method =>
        leases.map(([lease, error]) => [method, 'lease', lease, error] as const)
      ),
      ...['acquire', 'run'].flatMap(method =>
        waits.map(([option, value, error]) => [method, option, value, error] as const)
      )
    ].map(
      ([method, option, value, error]) =>
        [`${method}() with the ${option} ${shown(value)}`, method, option, value, error] as const
    )

    /** What must come before the options of a call. */
    const before = (method: string) => (method === 'run' ? [() => expect('it').toBe('not run')] : [])

    test.each(cases)('rejects %s', async (_, method, option, value, expected) => {
      const lock = make(heard, 'k') as unknown as Unchecked
      let promise: Promise<unknown> | undefined
      expect(() => {
        promise = lock[method]!(...before(method), { [option]: value })
      }).not.toThrow()
      expectWrongArgument(await failureOf(promise!), expected, `${name}.${method}`, new RegExp(option))
    })

    test.each(['acquire', 'tryAcquire', 'run'])('rejects %s() with options that are none', async method => {
      for (const options of [5, 'soon', null, true]) {
        const call = (make(heard, 'k') as unknown as Unchecked)[method]!(...before(method), options)
        expectWrongArgument(await failureOf(call), 'TypeError', `${name}.${method}`, /options/)
      }
    })

    test.each([undefined, null, 5, 'fn', {}, Promise.resolve()])('rejects run(%p)', async fn => {
      const call = (make(heard, 'k') as unknown as Unchecked)['run']!(fn)
      expectWrongArgument(await failureOf(call), 'TypeError', `${name}.run`, /function/)
    })

    if (name !== 'Semaphore') {
      test('rejects release() without having acquired', async () => {
        const error = await expectFailure(make(heard, 'k').release(), 'NOT_HELD', 'k')
        expect(error).toBeInstanceOf(NotHeldError)
        expect(error).toMatchObject({ operation: `${name}.release` })
      })
    }
  })
})

/** Does it again when it took longer than the least lease, which is lost then, and rightly. */
async function inTime(act: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  try {
    await act()
  } catch (error) {
    if (!(error instanceof LeaseLostError) || performance.now() - began < 100) throw error
    await inTime(act)
  }
}

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const rival = another()

  describe.each(semaphores)('a $name', ({ name, make, calls }) => {
    test('takes a timeout of 0, or of no end, a lease of 100 ms, and undefined for what is not given', async () => {
      const lock = make(hot, freshKey())
      for (const how of [
        { timeout: 0 },
        { timeout: Infinity },
        { timeout: 0.5, lease: 100.5 },
        { lease: 100 },
        { timeout: undefined, lease: undefined, signal: undefined } as unknown as object
      ]) {
        await inTime(async () => (await lock.acquire(how)).release())
        await inTime(async () => expect(await lock.run(() => 'ran', how)).toBe('ran'))
      }
      await expectAllFree(lock)
    })

    test.each(['timeout', 'signal', 'lease'])('takes no null for its %s', async option => {
      const call = make(hot, freshKey()).acquire({ [option]: null })
      expectWrongArgument(await failureOf(call), 'TypeError', `${name}.acquire`, new RegExp(option))
    })

    test('refuses wrong arguments while it is held, too', async () => {
      const lock = make(hot, freshKey())
      await using permit = await lock.acquire()
      expect(permit.signal.aborted).toBe(false)
      const calls = [
        lock.acquire({ lease: 99 }),
        lock.acquire({ timeout: -1 }),
        lock.tryAcquire({ lease: -5 }),
        lock.run(() => 'ran', { lease: NaN, timeout: 50 }),
        lock.run(() => 'ran', { timeout: -1 })
      ]
      for (const ended of await Promise.allSettled(calls)) {
        expect(ended).toMatchObject({ status: 'rejected', reason: { name: 'RangeError' } })
      }
    })

    test('release() twice, or by another handle, is a NotHeldError and frees nothing', async () => {
      const lock = make(hot, freshKey())
      const permit = await lock.acquire()
      if (name !== 'Semaphore') {
        for (const one of [hot, rival]) await expectFailure(make(one, lock.key).release(), 'NOT_HELD', lock.key)
      }
      expect(await lock.available()).toBe(0)
      await permit.release()
      const next = await make(rival, lock.key).acquire()
      const error = await expectFailure(permit.release(), 'NOT_HELD', lock.key)
      expect(error).toMatchObject({ operation: `${name}.release` })
      await permit[Symbol.asyncDispose]()
      if (name !== 'Semaphore') await expectFailure(lock.release(), 'NOT_HELD', lock.key)
      expect([next.signal.aborted, await lock.available()]).toEqual([false, 0])
      await next.release()
      await expectAllFree(lock)
    })

    describe('at a key that holds something else', () => {
      const wrong = {
        'a list': (key: string) => raw(key, 'RPUSH', key, 'x'),
        'a hash': (key: string) => raw(key, 'HSET', key, 'name', 'x'),
        'a string': (key: string) => raw(key, 'SET', key, 'x')
      }

      describe.each(Object.entries(wrong))('(%s)', (held, store) => {
        test.each(Object.entries(calls))('%s fails and changes nothing', async (_, call) => {
          const key = freshKey()
          await store(key)
          const before = await raw(key, 'DUMP', key)
          const error = await expectFailure(call(make(hot, key)), 'KEY_TYPE', key)
          expect(error).toBeInstanceOf(KeyTypeError)
          expect(error.message).toContain(`key '${key}' holds ${held}, not`)
          expect((error as KeyTypeError).operation).toMatch(new RegExp(`^${name}\\.\\w+$`))
          expect(await raw(key, 'DUMP', key)).toEqual(before)
          expect(await raw(key, 'EXISTS', auxKeyName(key, 'waiters'))).toBe(0)
        })

        test('what works on any type works, and clear() makes it a lock again', async () => {
          const lock = make(hot, freshKey())
          await store(lock.key)
          expect([await lock.exists(), await lock.expire(60_000), await lock.persist()]).toEqual([true, true, true])
          await lock.clear()
          expect(await lock.exists()).toBe(false)
          await expectAllFree(lock)
        })
      })

      test('since it was held: releasing says so, and so does a wait, in the end', async () => {
        const lock = make(hot, freshKey())
        const permit = await lock.acquire({ lease: 300 })
        const wait = failureOf(make(rival, lock.key).acquire(soon))
        await untilWaiting(raw, lock.key, 1)
        await raw(lock.key, 'SET', lock.key, 'x')
        await expectFailure(permit.release(), 'KEY_TYPE', lock.key)
        expect(await wait).toMatchObject({ code: 'KEY_TYPE', key: lock.key })
        expect(await raw(lock.key, 'GET', lock.key)).toBe('x')
      })
    })

    describe('in a transaction', () => {
      test.each(['acquire', 'tryAcquire', 'run'])('%s() is part of it', async method => {
        const tag = `{${freshKey()}}`
        const lock = make(hot, `${tag}:lock`)
        const list = hot.list<string>(`${tag}:list`)
        const given = await hot.transaction(async () => {
          void list.push('x')
          const given = await (lock as unknown as Unchecked)[method]!(...(method === 'run' ? [() => 'ran'] : []))
          expect(await rival.list(list.key).length).toBe(0)
          return { given }
        })
        expect(await list.length).toBe(1)
        if (method === 'run') expect(given).toEqual({ given: 'ran' })
        else await lock.release()
        await expectAllFree(lock)
      })

      test('permit.release() happens at once', async () => {
        const tag = `{${freshKey()}}`
        const lock = make(hot, `${tag}:lock`)
        const list = hot.list<string>(`${tag}:list`)
        const permit = await lock.acquire()
        const released = await hot.transaction(async () => {
          void list.push('x')
          await permit.release()
          return make(rival, lock.key).available()
        })
        expect([released, await list.length]).toEqual([1, 1])
        await expectAllFree(lock)
      })

      test('is held around it by run()', async () => {
        const tag = `{${freshKey()}}`
        const lock = make(hot, `${tag}:lock`)
        const count = hot.int(`${tag}:count`)
        await Promise.all(
          Array.from({ length: 10 }, () =>
            lock.run(() => hot.transaction(async () => void count.replace((await count.value) + 1)))
          )
        )
        expect(await count.value).toBe(10)
      })
    })
  })
})
