import { describe, expect, test } from '@jest/globals'
import { KeyTypeError, TransactionError, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'
import { types, type AnyHandle, type TypeUnderTest } from '../support/types.js'

type Call = (handle: AnyHandle) => Promise<unknown>

/** Every handle has these; they work on a key of any type. */
const untyped: Readonly<Record<string, Call>> = {
  exists: handle => handle.exists(),
  clear: handle => handle.clear(),
  expire: handle => handle.expire(60_000),
  expireAt: handle => handle.expireAt(new Date(Date.now() + 60_000)),
  ttl: handle => handle.ttl(),
  persist: handle => handle.persist()
}

const typedCallsOf = ({ calls, waits = [] }: TypeUnderTest) =>
  Object.entries(calls).filter(([name]) => !waits.includes(name))
const callsOf = (type: TypeUnderTest) => [...Object.entries(untyped), ...typedCallsOf(type)]

/** A call that never waits: what it should give, or why it was refused. */
type Outcome = { readonly value: unknown } | { readonly error: unknown }

async function outcomeOf(promise: Promise<unknown>): Promise<Outcome> {
  return promise.then(
    value => ({ value }),
    (error: unknown) => ({ error })
  )
}

/** A handle that came as a result, as the value it stands for. */
async function plainOf(value: unknown): Promise<unknown> {
  const toJS = (value as Partial<AnyHandle> | null | undefined)?.toJS
  return toJS ? await toJS() : value
}

describe.each(backends)('A transaction on $name', ({ createHot, raw }) => {
  const hot = createHot()
  const observer = createHot()

  async function filled(type: TypeUnderTest, owner: Hot = hot) {
    const handle = type.make(owner, freshKey())
    await handle.replace(type.sample)
    return handle
  }

  /** What a call gives without a transaction, and what it leaves behind. */
  async function expectedOf(type: TypeUnderTest, call: Call) {
    const handle = await filled(type)
    return { result: await plainOf(await call(handle)), left: await handle.toJS() }
  }

  describe.each(types)('takes a $name', type => {
    test.each(callsOf(type))('%s: its result, returned, is filled in, and it happens at the end', async (_, call) => {
      const { result, left } = await expectedOf(type, call)
      const handle = await filled(type)
      const seen = type.make(observer, handle.key)
      const [given] = await hot.transaction(async () => {
        const promise = call(handle)
        expect(await seen.toJS()).toEqual(type.plain)
        return [promise]
      })
      expect(await plainOf(given)).toEqual(result)
      expect(await handle.toJS()).toEqual(left)
    })

    test.each(callsOf(type))('%s: awaited inside, it gives what it gives outside', async (_, call) => {
      const { result, left } = await expectedOf(type, call)
      const handle = await filled(type)
      const seen = type.make(observer, handle.key)
      const given = await hot.transaction(async () => {
        const given = await plainOf(await call(handle))
        expect(await seen.toJS()).toEqual(type.plain)
        expect(await handle.toJS()).toEqual(left)
        return { given }
      })
      expect(given).toEqual({ given: result })
      expect(await handle.toJS()).toEqual(left)
    })

    test.each(callsOf(type))('%s: what it reads is watched', async (name, call) => {
      const handle = await filled(type)
      await handle.expire(60_000)
      const other = type.make(observer, handle.key)
      let runs = 0
      await hot.transaction(async () => {
        runs++
        await outcomeOf(call(handle))
        // A write whose result nobody needs to know before the end reads nothing.
        await (name === 'exists' ? handle.exists() : handle.toJS())
        if (runs === 1) await other.replace(type.different)
      })
      expect(runs).toBe(2)
    })

    test.each(typedCallsOf(type))('%s: on a key that holds something else it fails by name', async (_, call) => {
      const key = freshKey()
      await raw(key, ...(type.holds === 'string' ? ['RPUSH', key, 'x'] : ['SETBIT', key, '1', '1']))
      const error = await failureOf(hot.transaction(() => [call(type.make(hot, key))]))
      const failures = error instanceof TransactionError ? error.results : []
      const [failed] = failures.filter(({ status }) => status === 'rejected')
      expect((failed as PromiseRejectedResult | undefined)?.reason ?? error).toBeInstanceOf(KeyTypeError)
      expect(await raw(key, 'TYPE', key)).toBe(type.holds === 'string' ? 'list' : 'string')
    })

    test.each(typedCallsOf(type))(
      '%s: awaited on a key that holds something else, it throws, and may be caught',
      async (_, call) => {
        const key = freshKey()
        await raw(key, ...(type.holds === 'string' ? ['RPUSH', key, 'x'] : ['SETBIT', key, '1', '1']))
        const after = hot.list<string>(`{${key}}:after`)
        const handle = type.make(hot, key)
        const error = await hot.transaction(async () => {
          // Something is read first, so that the wrong type is found out at once.
          await outcomeOf(handle.exists())
          await handle.expire(60_000)
          const outcome = await outcomeOf(call(handle))
          void after.push('x')
          return 'error' in outcome ? outcome.error : undefined
        })
        expect(error).toBeInstanceOf(KeyTypeError)
        expect(await after.length).toBe(1)
        expect(await raw(key, 'TYPE', key)).toBe(type.holds === 'string' ? 'list' : 'string')
      }
    )

    if (type.waits) {
      test.each(type.waits)('%s: waits for nothing inside, and fails when its time is over', async name => {
        const handle = type.make(hot, freshKey())
        await handle.replace(name === 'join' ? type.sample : type.empty)
        const outcome = await outcomeOf(hot.transaction(() => type.calls[name]!(handle), { timeout: 200 }))
        expect(outcome).toMatchObject({ error: { code: 'TRANSACTION', message: expect.stringContaining(handle.key) } })
      })
    }

    test('with reads first and writes after, all or nothing', async () => {
      const [source, target] = [await filled(type), type.make(hot, freshKey())]
      // One slot for both, so that it works on a cluster too.
      const tag = `{${source.key}}`
      const copy = type.make(hot, `${tag}:copy`)
      await hot.transaction(async () => {
        const value = await source.toJS()
        await copy.replace(value)
        await source.clear()
      })
      expect(await copy.toJS()).toEqual(type.plain)
      expect(await source.exists()).toBe(false)
      expect(await target.exists()).toBe(false)
    })

    test('and makes one with an initial value at the end only', async () => {
      const key = freshKey()
      const seen = type.make(observer, key)
      await hot.transaction(async () => {
        type.make(hot, key, { initial: type.sample })
        expect(await seen.exists()).toBe(false)
      })
      expect(await seen.toJS()).toEqual(type.plain)
    })

    test('and an initial value is not stored when it throws', async () => {
      const key = freshKey()
      const thrown = new Error('no')
      const failed = hot.transaction(() => {
        type.make(hot, key, { initial: type.sample })
        throw thrown
      })
      await expect(failed).rejects.toBe(thrown)
      expect(await type.make(observer, key).exists()).toBe(false)
    })

    test('and notices that what it read expired before the commit', async () => {
      const handle = await filled(type)
      await handle.expire(40)
      const seen: unknown[] = []
      await hot.transaction(async () => {
        seen.push(await handle.toJS())
        await new Promise(resolve => setTimeout(resolve, 80))
        void handle.persist()
      })
      expect(seen).toEqual([type.plain, type.empty])
    })

    test('and a prefix holds in it', async () => {
      const prefixed = createHot({ prefix: 'inner:' })
      const key = freshKey()
      await prefixed.transaction(async () => {
        const handle = type.make(prefixed, key)
        await handle.toJS()
        await handle.replace(type.sample)
      })
      expect(await type.make(hot, `inner:${key}`).toJS()).toEqual(type.plain)
    })
  })

  describe('takes assignments', () => {
    test('as writes, all at the end', async () => {
      const tag = `{${freshKey()}}`
      const list = hot.list<string>(`${tag}:list`, { initial: ['a', 'b', 'c'] })
      const dict = hot.dict<{ name: string; visits: number }>(`${tag}:dict`, { initial: { name: 'Ada', visits: 1 } })
      await hot.flush()
      await hot.transaction(async () => {
        list[0] = 'A'
        delete list[1]
        dict.name = 'Grace'
        delete dict.visits
        expect(await observer.list(list.key).toJS()).toEqual(['a', 'b', 'c'])
      })
      expect(await list.toJS()).toEqual(['A', 'c'])
      expect(await dict.toJS()).toEqual({ name: 'Grace' })
    })

    test('and one that Redis refuses fails the transaction, not a later flush()', async () => {
      const list = hot.list<string>(freshKey(), { initial: ['a'] })
      await hot.flush()
      const error = await failureOf(
        hot.transaction(() => {
          list[7] = 'x'
        })
      )
      expect(error).toBeInstanceOf(TransactionError)
      await hot.flush()
    })

    test('in the order in which they were made', async () => {
      const list = hot.list<number>(freshKey())
      await hot.transaction(() => {
        void list.push(1, 2, 3)
        void list.reverse()
        list[0] = 9
        void list.insert(1, 8)
        void list.reverse()
        list.length = 3
      })
      expect(await list.toJS()).toEqual([1, 2, 8])
    })
  })

  test('takes a call that adds nothing after one that adds something', async () => {
    const list = hot.list<string>(freshKey())
    const [one, none] = await hot.transaction(() => [list.push('a'), list.extend([])])
    expect([one, none]).toEqual([1, 1])
  })

  test('takes 20,000 writes', async () => {
    const list = hot.list<number>(freshKey())
    const lengths = await hot.transaction(() => Array.from({ length: 20_000 }, (_, index) => list.push(index)))
    expect(lengths).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  })

  test('takes scripts, the same one many times', async () => {
    const dict = hot.dict<{ n: number }>(freshKey())
    const sums = await hot.transaction(() => [1, 2, 3].map(by => dict.increment('n', by)))
    expect(sums).toEqual([1, 3, 6])
  })

  test('takes calls of many values, which are several commands', async () => {
    const list = hot.list<number>(freshKey())
    const many = Array.from({ length: 12_000 }, (_, index) => index)
    const [length, removed, popped] = await hot.transaction(() => [
      list.push(...many),
      list.splice(0, 11_999, ...many),
      list.pop()
    ])
    expect([length, removed.length, popped]).toEqual([12_000, 11_999, 11_999])
    expect(await list.length).toBe(12_000)
  })

  describe('takes a DefaultDict', () => {
    const dictOf = (factory: () => number) => hot.defaultDict<Record<string, number>>(factory, freshKey())

    test('whose missing field is the factory’s value, made once and stored at the end', async () => {
      let made = 0
      const dict = dictOf(() => ++made * 10)
      const seen = observer.dict<Record<string, number>>(dict.key)
      const values = await hot.transaction(async () => {
        const first = await dict.apples
        const second = await dict.get('apples')
        expect(await seen.has('apples')).toBe(false)
        return [first, second]
      })
      expect(values).toEqual([10, 10])
      expect(made).toBe(1)
      expect(await seen.toJS()).toEqual({ apples: 10 })
    })

    test('whose missing field, read several times at once, is one value too', async () => {
      let made = 0
      const dict = dictOf(() => ++made)
      const values = await hot.transaction(() => [dict.apples, dict.apples, dict.get('apples')])
      expect(new Set(values).size).toBe(1)
      expect(await observer.dict<Record<string, number>>(dict.key).get('apples')).toBe(values[0])
    })

    test('and having made a field is not having written the key', async () => {
      const dict = dictOf(() => 5)
      const [apples, pears] = await hot.transaction(async () => [await dict.apples, await dict.pears])
      expect([apples, pears]).toEqual([5, 5])
      expect(await dict.toJS()).toEqual({ apples: 5, pears: 5 })
    })

    test('and a made field can be overwritten, incremented and deleted afterwards', async () => {
      const dict = dictOf(() => 5)
      const results = await hot.transaction(async () => {
        await Promise.all([dict.apples, dict.pears, dict.plums])
        dict.apples = 6
        return [dict.increment('pears'), dict.delete('plums')]
      })
      expect(results).toEqual([6, true])
      expect(await dict.toJS()).toEqual({ apples: 6, pears: 6 })
    })

    test('and a field can be read after another was written', async () => {
      const dict = dictOf(() => 5)
      const seen = await hot.transaction(async () => {
        dict.apples = 6
        return [await dict.pears, await dict.get('apples')]
      })
      expect(seen).toEqual([5, 6])
      expect(await dict.toJS()).toEqual({ apples: 6, pears: 5 })
    })

    test('whose missing field, made by another meanwhile, is that other’s value', async () => {
      const dict = dictOf(() => 1)
      const other = observer.defaultDict<Record<string, number>>(() => 2, dict.key)
      const seen: number[] = []
      await hot.transaction(async () => {
        seen.push(await dict.get('apples'))
        await other.apples
      })
      expect(seen).toEqual([1, 2])
      expect(await dict.apples).toBe(2)
    })

    test('whose field that is there needs no factory', async () => {
      let made = 0
      const dict = dictOf(() => ++made)
      await dict.set('apples', 7)
      expect(await hot.transaction(() => dict.apples)).toBe(7)
      expect(made).toBe(0)
    })

    test('whose factory’s error is the transaction’s, and nothing is sent', async () => {
      const thrown = new Error('no default')
      const dict = hot.defaultDict<Record<string, number>>(() => {
        throw thrown
      }, freshKey())
      await expect(
        hot.transaction(async () => {
          await dict.apples
          void dict.increment('pears')
        })
      ).rejects.toBe(thrown)
      expect(await dict.exists()).toBe(false)
    })

    test('and a made field is not stored when fn throws', async () => {
      const dict = dictOf(() => 1)
      const thrown = new Error('no')
      await expect(
        hot.transaction(async () => {
          await dict.apples
          throw thrown
        })
      ).rejects.toBe(thrown)
      expect(await dict.exists()).toBe(false)
    })
  })
})
