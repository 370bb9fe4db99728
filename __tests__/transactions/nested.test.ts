import { describe, expect, test } from '@jest/globals'
import { TransactionError } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'

const no = new Error('no')
const fail = (): never => {
  throw no
}

describe.each(backends)('A nested transaction that fails, on $name,', ({ createHot }) => {
  const hot = createHot()
  const near = (key: string, name: string) => `{${key}}:${name}`

  test('leaves no writes when the outer one catches its error', async () => {
    const list = hot.list<string>(freshKey())
    const text = hot.string(near(list.key, 'text'))
    await hot.transaction(async () => {
      void list.push('before')
      const nested = hot.transaction(async () => {
        void list.push('lost')
        text.value = 'lost'
        await hot.transaction(() => void list.push('lost, too'))
        fail()
      })
      expect(await failureOf(nested)).toBe(no)
      void list.push('after')
    })
    expect(await list.toJS()).toEqual(['before', 'after'])
    expect(await text.exists()).toBe(false)
  })

  test('does not take along the writes of one beside it, or inside of it', async () => {
    const list = hot.list<string>(freshKey())
    await hot.transaction(async () => {
      await Promise.allSettled([
        hot.transaction(async () => {
          void list.push('a')
          await Promise.resolve()
          void list.push('b')
        }),
        hot.transaction(async () => {
          void list.push('lost')
          await Promise.resolve()
          fail()
        })
      ])
      await hot.transaction(async () => {
        await hot.transaction(() => (void list.push('lost'), fail())).catch(() => undefined)
        void list.push('c')
      })
    })
    expect(await list.toJS()).toEqual(['a', 'b', 'c'])
  })

  test('leaves what it would have written to be read', async () => {
    const list = hot.list<string>(freshKey())
    const upper = hot.string(near(list.key, 'text'), { initial: 'text' })
    const counts = hot.defaultDict<Record<string, number>>(() => 5, near(list.key, 'counts'))
    const seen = await hot.transaction(async () => {
      void counts.get('kept')
      await hot
        .transaction(async () => {
          void list.push('lost')
          await upper.toUpperCase()
          await counts.get('kept')
          await counts.get('lost')
          fail()
        })
        .catch(() => undefined)
      return [await list.length, await upper.value, await counts.get('kept'), await counts.get('later')]
    })
    expect(seen).toEqual([0, 'text', 5, 5])
    expect(await upper.value).toBe('text')
    expect(await counts.toJS()).toEqual({ kept: 5, later: 5 })
  })

  test('rejects the results of its writes, and refuses further ones', async () => {
    const list = hot.list<string>(freshKey())
    let result: Promise<number> | undefined
    let late: Promise<unknown> | undefined
    await hot.transaction(async () => {
      await hot
        .transaction(() => {
          result = list.push('lost')
          late = Promise.resolve()
            .then(() => new Promise(resolve => setImmediate(resolve)))
            .then(() => failureOf(list.push('late')))
          fail()
        })
        .catch(() => undefined)
      await late
    })
    expect(await late).toBeInstanceOf(TransactionError)
    expect(await failureOf(result!)).toBeInstanceOf(TransactionError)
    expect(String(await failureOf(result!))).toMatch(/nested transaction.*failed/)
    expect(await list.exists()).toBe(false)
  })
})

describe.each(backends)('In a transaction on $name', ({ createHot }) => {
  const errors: unknown[] = []
  const hot = createHot({ onError: error => errors.push(error) })
  const near = (key: string, name: string) => `{${key}}:${name}`

  test('an operand that is only read can be read again', async () => {
    const set = hot.set<string>(freshKey(), { initial: ['a'] })
    const other = hot.set<string>(near(set.key, 'other'), { initial: ['b'] })
    const words = hot.multiSet(near(set.key, 'words'), { initial: ['a'] })
    const more = hot.multiSet(near(set.key, 'more'), { initial: ['b'] })
    const user = hot.dict<{ name: string }>(near(set.key, 'user'), { initial: { name: 'Ada' } })
    const hello = hot.immutableString(near(set.key, 'hello'), { initial: 'hello' })
    const seen = await hot.transaction(async () => {
      void set.update(other)
      void set.symmetricDifferenceUpdate(other, ['c'])
      void words.update(more)
      void user.copyTo(near(set.key, 'copy'))
      void hello.repeat(2)
      await hello.toUpperCase()
      return [await other.size, await more.total(), await user.name, await hello.value]
    })
    expect(seen).toEqual([1, 1, 'Ada', 'hello'])
    expect(await set.toJS()).toEqual(new Set(['a', 'c']))
  })

  test('an operand that is changed by the same call can be read, too', async () => {
    const set = hot.set<string>(freshKey(), { initial: ['a'] })
    const words = hot.multiSet(near(set.key, 'words'), { initial: ['a'] })
    const seen = await hot.transaction(async () => {
      void set.differenceUpdate(set)
      void words.update(words)
      return Promise.all([set.size, words.total()])
    })
    expect(seen).toEqual([0, 2])
  })

  test('a default dict that has inserted tells what it has', async () => {
    const stock = hot.defaultDict<Record<string, number>>(() => 10, freshKey())
    const seen = await hot.transaction(async () => {
      expect(await stock.apples).toBe(10)
      return [await stock.has('apples'), await stock.size, await stock.toJS()]
    })
    expect(seen).toEqual([true, 1, { apples: 10 }])
  })

  test('misuse is told once: by the transaction', async () => {
    const user = hot.dict<{ name: string }>(freshKey())
    const list = hot.list<string>(near(user.key, 'list'))
    const unhandled: unknown[] = []
    const hear = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    errors.length = 0
    const misused = hot.transaction(() => {
      user.name = 'Ada'
      void user.get('name')
      void hot.clear('*').catch(() => undefined)
      user.name = 'Bob'
      list[0] = 'x'
      void list.length
      void hot.queue(near(user.key, 'queue')).get()
    })
    expect(await failureOf(misused)).toBeInstanceOf(TransactionError)
    await new Promise(resolve => setTimeout(resolve, 20))
    process.off('unhandledRejection', hear)
    expect(errors).toEqual([])
    expect(unhandled).toEqual([])
    await hot.flush()
  })

  test('close() is refused, for it would wait for itself', async () => {
    const own = createHot()
    const list = own.list<string>(freshKey())
    const closing = own.transaction(async () => {
      void list.push('x')
      await own.close()
    })
    await expect(closing).rejects.toThrow(/hot\.close can't be called inside a transaction/)
    const caught = own.transaction(async () => {
      await own.close().catch(() => undefined)
    })
    await expect(caught).rejects.toThrow(TransactionError)
    expect(await list.exists()).toBe(false)
    await own.close()
  })
})
