import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { HotError, IndexError, KeyTypeError, type Hot, type HotOptions } from '../../src/index.js'
import { backends, type Backend } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'

// What fails here fails on purpose; what the warnings say is tested in a process of its own, below.
const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
beforeEach(() => void warnings.mockClear())

const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error
  )

/** An assignment to an item that there is not: IndexError with the key that is returned. */
function fail(hot: Hot): string {
  const list = hot.list<string>(freshKey())
  list[0] = 'x'
  return list.key
}

describe.each(backends)('assignments on $name', ({ createHot, raw }: Backend) => {
  describe('take effect in order with everything else', () => {
    const hot = createHot()

    test('a call after them sees them', async () => {
      const user = hot.dict<{ name: string; visits: number }>(freshKey())
      user.name = 'Ada'
      user.visits = 1
      expect(await user.toJS()).toEqual({ name: 'Ada', visits: 1 })
      delete user.name
      expect(await user.has('name')).toBe(false)

      const todo = hot.list<string>(freshKey(), { initial: ['a', 'b', 'c'] })
      todo[0] = 'A'
      todo[-1] = 'C'
      expect(await todo.toJS()).toEqual(['A', 'b', 'C'])
      delete todo[1]
      expect(await todo.toJS()).toEqual(['A', 'C'])
      delete todo[-1]
      todo.length = 5
      expect(await todo.toJS()).toEqual(['A'])
      todo.length = 0
      expect(await todo.exists()).toBe(false)
    })

    test('between calls that nobody awaits they stand where they were made', async () => {
      const todo = hot.list<number>(freshKey())
      const results: Promise<unknown>[] = []
      const expected: number[] = []
      const lengths: number[] = []
      for (let i = 0; i < 200; i++) {
        results.push(todo.push(i, -i))
        expected.push(i, -i)
        lengths.push(expected.length)
        if (i % 3 === 0) todo[-1] = expected[expected.length - 1] = i * 1_000
        if (i % 5 === 0) {
          delete todo[0]
          expected.shift()
        }
        if (i % 50 === 49) todo.length = expected.length = 10
      }
      expect(await todo.toJS()).toEqual(expected)
      expect(await Promise.all(results)).toEqual(lengths)
      await hot.flush()
    })

    test('a read made before one sees what was there before', async () => {
      const user = hot.dict<{ name: string }>(freshKey(), { initial: { name: 'old' } })
      const before = user.get('name')
      user.name = 'new'
      const after = user.get('name')
      expect(await Promise.all([before, after])).toEqual(['old', 'new'])
    })

    test('through two handles of one key as through one', async () => {
      const key = freshKey()
      const [one, other] = [hot.dict<{ n: number }>(key), hot.dict<{ n: number }>(key)]
      for (let i = 0; i < 100; i++) {
        one.n = i
        expect(await other.get('n')).toBe(i)
      }
    })
  })

  describe('flush()', () => {
    test('waits for all assignments made so far', async () => {
      const hot = createHot()
      const user = hot.dict<Record<string, number>>(freshKey())
      for (let i = 0; i < 1_000; i++) user[`field ${i}`] = i
      await hot.flush()
      expect(await raw(user.key, 'HLEN', user.key)).toBe(1_000)
    })

    test('resolves to nothing when nothing was assigned, or nothing failed', async () => {
      const hot = createHot()
      await expect(hot.flush()).resolves.toBeUndefined()
      hot.dict<{ n: number }>(freshKey()).n = 1
      await expect(hot.flush()).resolves.toBeUndefined()
    })

    test('throws the one error itself, once', async () => {
      const hot = createHot()
      const key = fail(hot)
      const error = await thrownBy(hot.flush())
      expect(error).toBeInstanceOf(IndexError)
      expect(error).toMatchObject({ key, code: 'INDEX' })
      await expect(hot.flush()).resolves.toBeUndefined()
    })

    test('throws several errors as one AggregateError, in their order', async () => {
      const hot = createHot()
      const list = freshKey()
      await raw(list, 'RPUSH', list, 'x')
      const keys = [fail(hot), fail(hot)]
      hot.dict<{ n: number }>(list).n = 1
      const error = await thrownBy(hot.flush())
      expect(error).toBeInstanceOf(AggregateError)
      const { errors, message } = error as AggregateError
      expect(errors).toHaveLength(3)
      expect(errors.map(one => (one as HotError).key).sort()).toEqual([...keys, list].sort())
      expect(errors.filter(one => one instanceof IndexError)).toHaveLength(2)
      expect(errors.filter(one => one instanceof KeyTypeError)).toHaveLength(1)
      expect(message).toContain('3')
    })

    test('keeps the newest 100 errors, and tells how many there were', async () => {
      const hot = createHot()
      // One slot, and so one order also on a cluster.
      const tag = `{${freshKey()}}`
      const keys = Array.from({ length: 150 }, (_, index) => `${tag}:${index}`)
      for (const key of keys) hot.list<string>(key)[0] = 'x'
      const { errors, message } = (await thrownBy(hot.flush())) as AggregateError
      expect(errors.map(one => (one as HotError).key)).toEqual(keys.slice(-100))
      expect(message).toContain('150')
      await expect(hot.flush()).resolves.toBeUndefined()
    })

    test('tells of initial and of deletes too', async () => {
      const hot = createHot()
      const key = freshKey()
      await raw(key, 'SET', key, 'text')
      hot.list<string>(key, { initial: ['a'] })
      await expect(hot.flush()).rejects.toThrow(KeyTypeError)
      delete hot.dict<{ name: string }>(key).name
      await expect(hot.flush()).rejects.toThrow(KeyTypeError)
      hot.list<string>(key).length = 0
      await expect(hot.flush()).rejects.toThrow(KeyTypeError)
      expect(await raw(key, 'GET', key)).toBe('text')
    })

    test('does not tell of calls: their own promise rejects', async () => {
      const hot = createHot()
      await expect(hot.list<string>(freshKey()).set(0, 'x')).rejects.toThrow(IndexError)
      await expect(hot.flush()).resolves.toBeUndefined()
    })

    test('after a failure later assignments work', async () => {
      const hot = createHot()
      fail(hot)
      const user = hot.dict<{ n: number }>(freshKey())
      user.n = 1
      await expect(hot.flush()).rejects.toThrow(IndexError)
      expect(await user.get('n')).toBe(1)
    })
  })

  describe('onError', () => {
    const listening = () => {
      const seen: unknown[] = []
      const options: HotOptions = { onError: error => seen.push(error) }
      return { seen, hot: createHot(options) }
    }

    test('is told of each failure, and then flush() and close() are not', async () => {
      const { seen, hot } = listening()
      const keys = [fail(hot), fail(hot)]
      await expect(hot.flush()).resolves.toBeUndefined()
      expect(seen.map(error => (error as HotError).key).sort()).toEqual(keys.sort())
      expect(seen.every(error => error instanceof IndexError)).toBe(true)
      fail(hot)
      await expect(hot.close()).resolves.toBeUndefined()
      expect(seen).toHaveLength(3)
      expect(warnings).not.toHaveBeenCalled()
    })

    test('is not told of calls that reject', async () => {
      const { seen, hot } = listening()
      await expect(hot.list<string>(freshKey()).set(0, 'x')).rejects.toThrow(IndexError)
      await hot.flush()
      expect(seen).toEqual([])
    })

    test('that throws harms nothing', async () => {
      const hot = createHot({
        onError: () => {
          throw new Error('from onError')
        }
      })
      fail(hot)
      await thrownBy(hot.flush())
      const user = hot.dict<{ n: number }>(freshKey())
      user.n = 1
      await hot.flush()
      expect(await user.get('n')).toBe(1)
    })
  })

  describe('close()', () => {
    test('waits for the assignments made before', async () => {
      const hot = createHot()
      const user = hot.dict<Record<string, number>>(freshKey())
      for (let i = 0; i < 1_000; i++) user[`field ${i}`] = i
      await hot.close()
      expect(await raw(user.key, 'HLEN', user.key)).toBe(1_000)
    })

    test('throws the failures that nobody has been told of', async () => {
      const hot = createHot()
      const key = fail(hot)
      expect(await thrownBy(hot.close())).toMatchObject({ name: 'IndexError', key })

      const another = createHot()
      fail(another)
      fail(another)
      expect(await thrownBy(another.close())).toBeInstanceOf(AggregateError)
    })

    test('throws nothing that flush() has thrown already', async () => {
      const hot = createHot()
      fail(hot)
      await expect(hot.flush()).rejects.toThrow(IndexError)
      await expect(hot.close()).resolves.toBeUndefined()
    })

    test('is what `await using` does at the end of a block', async () => {
      const key = freshKey()
      let closed: Hot
      {
        await using hot = createHot()
        closed = hot
        hot.dict<{ n: number }>(key).n = 1
      }
      expect(await raw(key, 'HGET', key, 'n')).toBe('1')
      await expect(closed.list('x').exists()).rejects.toThrow(HotError)

      const failing = async () => {
        await using hot = createHot()
        fail(hot)
      }
      await expect(failing()).rejects.toThrow(IndexError)
    })
  })

  test('each has a twin that can be awaited, and rejects by itself', async () => {
    const hot = createHot()
    const user = hot.dict<{ name: string }>(freshKey())
    await expect(user.set('name', 'Ada')).resolves.toBeUndefined()
    await expect(user.delete('name')).resolves.toBe(true)
    await expect(user.replace({ name: 'Eve' })).resolves.toBeUndefined()
    const todo = hot.list<string>(freshKey())
    await expect(todo.replace(['a', 'b'])).resolves.toBeUndefined()
    await expect(todo.set(0, 'A')).resolves.toBeUndefined()
    await expect(todo.truncate(1)).resolves.toBeUndefined()
    expect(await todo.toJS()).toEqual(['A'])

    await raw(user.key, 'DEL', user.key)
    await raw(user.key, 'SET', user.key, 'text')
    const calls = [user.set('name', 'x'), user.delete('name'), user.replace({ name: 'x' }), todo.set(9, 'x')]
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    await expect(hot.flush()).resolves.toBeUndefined()
  })
})

test('a failed assignment warns at once, naming key and cause, and never ends the process', async () => {
  const key = freshKey()
  const worker = spawnWorker('failing-assignments.ts', [process.env['HOT_TEST_URL']!, key])
  const told = await worker.next<{ warnings: { name: string; message: string }[] }>()
  // Deleting a field and truncating are no failures where there is nothing.
  expect(told.warnings).toHaveLength(1)
  expect(told.warnings[0]!.message).toContain(`'app:${key}'`)
  expect(told.warnings[0]!.message).toMatch(/index|position|item/)
  expect(await worker.next<{ closed: string }>()).toEqual({ closed: expect.stringMatching(/List/) })
  expect(await worker.done).toBe(0)
})
