import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransactionError } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf, until } from '../support/promises.js'

describe.each(backends)('hot.retry() on $name', ({ createHot, raw }) => {
  const hot = createHot()
  const other = createHot()

  function keys() {
    const tag = `{${freshKey()}}`
    return (name: string) => `${tag}:${name}`
  }

  test('waits until something that was read changes', async () => {
    const at = keys()
    const [urgent, normal] = [hot.list<string>(at('urgent')), hot.list<string>(at('normal'))]
    let runs = 0
    const job = hot.transaction(async () => {
      runs++
      return (await urgent.shift()) ?? (await normal.shift()) ?? hot.retry()
    })
    await until('it has run', () => runs === 1)
    await sleep(30)
    expect(runs).toBe(1)
    await other.list<string>(normal.key).push('a', 'b')
    expect(await job).toBe('a')
    expect(runs).toBe(2)
    expect(await normal.toJS()).toEqual(['b'])
    expect(await raw(normal.key, 'EVAL', "return #redis.call('KEYS', '*hot-redis:shadow-*')", '1', normal.key)).toBe(0)
  })

  test('is woken by plain commands of other clients, deletes and expiry', async () => {
    const at = keys()
    const flag = hot.string(at('flag'))
    const set = hot.transaction(async () => (await flag.value) || hot.retry())
    await sleep(20)
    await raw(flag.key, 'SET', flag.key, 'on', 'PX', '150')
    expect(await set).toBe('on')
    await hot.transaction(async () => hot.check(!(await flag.exists())))
    await raw(flag.key, 'SET', flag.key, 'on')
    const gone = hot.when(async () => !(await flag.exists()))
    await sleep(20)
    await raw(flag.key, 'DEL', flag.key)
    expect(await gone).toBe(true)
  })

  test('drops what it has written, and what it throws can’t be caught', async () => {
    const at = keys()
    const list = hot.list<string>(at('list'))
    const go = hot.int(at('go'))
    const done = hot.transaction(async () => {
      await list.push('x')
      try {
        if ((await go.value) === 0) hot.retry()
      } catch {
        // As if it did not matter.
      }
      return list.length
    })
    await sleep(30)
    expect(await other.list(list.key).exists()).toBe(false)
    await other.int(go.key).increment()
    expect(await done).toBe(1)
    expect(await list.toJS()).toEqual(['x'])
  })

  test('a conflict while it gives up runs it again at once', async () => {
    const n = hot.int(freshKey())
    let runs = 0
    const seen = await hot.transaction(async () => {
      const value = await n.value
      if (++runs === 1) await other.int(n.key).increment()
      hot.check(value > 0)
      return value
    })
    expect([seen, runs]).toEqual([1, 2])
  })

  test('none of 500 changes is lost', async () => {
    const [n, seen] = [hot.int(freshKey()), [] as number[]]
    const reader = (async () => {
      for (let last = 0; last < 500;) {
        last = await hot.transaction(async () => {
          const value = await n.value
          hot.check(value > last)
          return value
        })
        seen.push(last)
      }
    })()
    for (let round = 0; round < 500; round++) {
      await other.int(n.key).increment()
      if (round % 7 === 0) await sleep(1)
    }
    await reader
    expect(seen.at(-1)).toBe(500)
  })

  test('50 that wait for one key are all woken by each change', async () => {
    const n = hot.int(freshKey())
    const waits = Array.from({ length: 50 }, () => hot.when(async () => (await n.value) === 2))
    await sleep(50)
    await other.int(n.key).increment()
    await sleep(20)
    await other.int(n.key).increment()
    expect(await Promise.all(waits)).toEqual(Array(50).fill(true))
  })

  test('100 that take one item each all get one', async () => {
    const list = hot.list<number>(freshKey())
    const takers = Array.from({ length: 100 }, () => hot.transaction(async () => (await list.shift()) ?? hot.retry()))
    for (let item = 0; item < 100; item++) await other.list<number>(list.key).push(item)
    const taken = await Promise.all(takers)
    expect(taken.sort((one, two) => one - two)).toEqual(Array.from({ length: 100 }, (_, item) => item))
  })

  test('holds no connection while it waits', async () => {
    const flag = hot.int(freshKey())
    const waits = Array.from({ length: 30 }, () => hot.when(async () => (await flag.value) > 0))
    await sleep(50)
    const n = hot.int(freshKey())
    expect(
      await hot.transaction(async () => {
        await n.value
        return n.increment()
      })
    ).toBe(1)
    await other.int(flag.key).increment()
    await Promise.all(waits)
  })

  test('ends with its time, and the error tells what it waited for', async () => {
    const [list, flag] = [hot.list<string>(freshKey()), new AbortController()]
    const error = await failureOf(hot.transaction(async () => (await list.shift()) ?? hot.retry(), { timeout: 60 }))
    expect(error).toMatchObject({ code: 'TRANSACTION', message: expect.stringMatching(/60 ms.*waiting for a change/) })
    expect((error as Error).message).toContain(list.key)
    const reason = new Error('enough')
    const aborted = hot.when(async () => (await list.length) > 0, { signal: flag.signal })
    setTimeout(() => flag.abort(reason), 20)
    await expect(aborted).rejects.toBe(reason)
    await expect(hot.when(() => list.length, { signal: flag.signal })).rejects.toBe(reason)
  })

  test('counts no retries', async () => {
    const n = hot.int(freshKey())
    const waiting = hot.transaction(
      async () => {
        hot.check((await n.value) >= 5)
        return 'done'
      },
      { retries: 0 }
    )
    for (let round = 0; round < 5; round++) {
      await sleep(10)
      await other.int(n.key).increment()
    }
    expect(await waiting).toBe('done')
  })

  test('outside of a transaction, or with nothing read, it is refused', async () => {
    expect(() => hot.retry()).toThrow(TransactionError)
    expect(() => hot.check(false)).toThrow(/hot\.transaction/)
    hot.check(true)
    await expect(hot.transaction(() => hot.detached(() => hot.retry()))).rejects.toThrow(/no transaction/)
    const list = hot.list<string>(freshKey())
    const nothingRead = hot.transaction(() => {
      void list.push('x')
      hot.retry()
    })
    await expect(nothingRead).rejects.toThrow(/has read nothing/)
    expect(await list.exists()).toBe(false)
  })

  test('ends when its Hot is closed', async () => {
    const own = createHot()
    const waiting = own.when(async () => (await own.list(freshKey()).length) > 0)
    await sleep(20)
    const failed = failureOf(waiting)
    await own.close()
    expect(await failed).toMatchObject({ code: 'CONNECTION', message: expect.stringContaining('closed') })
  })

  describe('hot.orElse()', () => {
    test('gives the first that does not retry, drops the writes of the others, and waits for the reads of all', async () => {
      const at = keys()
      const [a, b, log] = [hot.list<string>(at('a')), hot.list<string>(at('b')), hot.list<string>(at('log'))]
      const take = () =>
        hot.orElse(
          async () => {
            await log.push('from a')
            return (await a.shift()) ?? hot.retry()
          },
          async () => {
            await log.push('from b')
            return (await b.shift()) ?? hot.retry()
          }
        )
      await b.push('b')
      expect(await hot.transaction(take)).toBe('b')
      expect(await log.toJS()).toEqual(['from b'])
      const taking = take()
      await sleep(20)
      await other.list<string>(a.key).push('a')
      expect(await taking).toBe('a')
      expect(await log.toJS()).toEqual(['from b', 'from a'])
    })

    test('passes on what a branch throws, and takes its writes back', async () => {
      const list = hot.list<string>(freshKey())
      const thrown = new Error('no')
      const length = await hot.transaction(async () => {
        const failing = hot.orElse(
          async () => {
            await list.push('lost')
            throw thrown
          },
          () => 'never'
        )
        await expect(failing).rejects.toBe(thrown)
        return list.length
      })
      expect(length).toBe(0)
    })

    test.each([[[]], [['x']], [[() => 1, undefined]]])('of %p is refused', async branches => {
      await expect(hot.orElse(...(branches as (() => unknown)[]))).rejects.toBeInstanceOf(TypeError)
    })
  })

  describe('calls that wait', () => {
    test('get() and put() go on when they can, together with the rest', async () => {
      const at = keys()
      const [from, to] = [hot.queue<string>(at('from')), hot.queue<string>(at('to'), { maxsize: 1 })]
      await to.put('full')
      const moved = hot.transaction(async () => {
        const item = await from.get()
        await to.put(item.toUpperCase())
        return item
      })
      await other.queue<string>(from.key).put('a')
      await sleep(30)
      expect(await from.size).toBe(1)
      expect(await other.queue<string>(to.key).get()).toBe('full')
      expect(await moved).toBe('a')
      expect([await from.size, await to.toJS()]).toEqual([0, ['A']])
    })

    test('their timeouts count from the start of the transaction, and can be caught', async () => {
      const jobs = hot.queue<string>(freshKey())
      const seen = await hot.transaction(async () => (await failureOf(jobs.get({ timeout: 50 }))) as Error)
      expect(seen.name).toBe('QueueEmptyError')
      const none = await hot.transaction(async () => (await failureOf(jobs.get({ timeout: 0 }))) as Error)
      expect(none.name).toBe('QueueEmptyError')
    })

    test('the first of several queues', async () => {
      const at = keys()
      const [urgent, normal] = [hot.queue<string>(at('urgent')), hot.queue<string>(at('normal'))]
      const job = hot.orElse(
        () => urgent.get(),
        () => normal.get()
      )
      await sleep(20)
      await other.queue<string>(normal.key).put('n')
      expect(await job).toBe('n')
    })

    test('acquire() waits for the release', async () => {
      const at = keys()
      const lock = hot.lock(at('lock'))
      const n = hot.int(at('n'))
      const permit = await other.lock(lock.key).acquire()
      const done = hot.transaction(() => lock.run(() => n.increment()))
      await sleep(30)
      expect(await n.value).toBe(0)
      expect(await lock.tryAcquire()).toBeUndefined()
      await permit.release()
      expect(await done).toBe(1)
    })
  })
})
