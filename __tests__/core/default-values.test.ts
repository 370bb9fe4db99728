import { describe, expect, test } from '@jest/globals'
import { CodecError, KeyTypeError, createHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { types } from '../support/types.js'

describe.each(backends)('the option default on $name', ({ createHot: create, raw }) => {
  const hot = create()
  const other = create()
  const staged = (key: string) => raw(key, 'EXISTS', auxKeyName(key, 'staging-0'))

  describe.each(types)('of a $name', type => {
    test('is stored where there is nothing, and only there', async () => {
      const key = freshKey()
      const handle = type.make(hot, key, { default: type.sample } as object)
      expect(await handle.toJS()).toEqual(type.plain)
      await handle.replace(type.different)
      expect(await handle.equals(type.different)).toBe(true)
      expect(await type.make(other, key, { default: type.sample } as object).equals(type.different)).toBe(true)
      await hot.flush()
      await other.flush()
      expect(await staged(key)).toBe(0)
    })

    test('keeps the time to live of what is there', async () => {
      const key = freshKey()
      const handle = type.make(hot, key, { initial: type.different })
      await handle.expire(60_000)
      type.make(hot, key, { default: type.sample } as object)
      expect(await handle.ttl()).toBeGreaterThan(0)
      expect(await handle.equals(type.different)).toBe(true)
    })

    test('leaves alone what another type has at the key', async () => {
      const key = freshKey()
      const command = type.holds === 'set' ? 'RPUSH' : 'SADD'
      await raw(key, command, key, 'x')
      type.make(hot, key, { default: type.sample } as object)
      await hot.flush().catch((error: unknown) => expect(error).toBeInstanceOf(KeyTypeError))
      expect(await staged(key)).toBe(0)
      expect(await raw(key, 'TYPE', key)).toBe(type.holds === 'set' ? 'list' : 'set')
    })

    test('of many that are made at once, one is stored', async () => {
      const key = freshKey()
      const values = [type.sample, type.different]
      const made = Array.from({ length: 10 }, (_, n) =>
        type.make(n % 2 ? hot : other, key, { default: values[n % 2] } as object)
      )
      const seen = await Promise.all(made.map(handle => handle.toJS()))
      for (const one of seen) expect(one).toEqual(seen[0])
    })

    test('goes not together with initial', () => {
      const both = { initial: type.sample, default: type.sample }
      expect(() => type.make(hot, freshKey(), both)).toThrow(/give initial.*or default.*not both/)
    })
  })

  test('that is empty stores nothing; that is large is stored in one step', async () => {
    const [none, large] = [freshKey(), freshKey()]
    const list = hot.list<string>(none, { default: [] })
    expect(await list.exists()).toBe(false)
    const items = Array.from({ length: 30_000 }, (_, n) => `item ${n}`)
    const set = hot.set<string>(large, { default: items })
    expect(await set.size).toBe(30_000)
  })

  test('of a queue goes to who waits; of a set queue knows its members', async () => {
    const key = freshKey()
    const got = hot.queue<string>(key).get()
    await hot.queue<string>(key).size
    const queue = other.queue<string>(key, { default: ['a', 'b'] })
    expect(await got).toBe('a')
    expect(await queue.toJS()).toEqual(['b'])
    const unique = hot.setQueue<string>(freshKey(), { default: ['a', 'b', 'a'] })
    expect(await unique.toJS()).toEqual(['a', 'b'])
    expect(await unique.put('a')).toBe(false)
    expect(await unique.put('c')).toBe(true)
  })

  test('of a queue whose items are leased keeps the leases', async () => {
    const key = freshKey()
    const jobs = hot.queue<string>(key, { default: ['a', 'b'] })
    for await (const job of jobs.consume()) {
      expect(job).toBe('a')
      other.queue<string>(key, { default: ['x'] })
      await other.flush()
      break
    }
    expect(await jobs.toJS()).toEqual(['a', 'b'])
  })

  test('of a queue all of whose items are leased stores nothing', async () => {
    const key = freshKey()
    const jobs = hot.queue<string>(key, { default: ['a'] })
    for await (const job of jobs.consume()) {
      expect(job).toBe('a')
      expect(await other.queue<string>(key, { default: ['a'] }).toJS()).toEqual([])
      break
    }
    expect(await jobs.toJS()).toEqual(['a'])
  })

  test('of an immutable string is its text unless it has one', async () => {
    const key = freshKey()
    expect(await hot.immutableString(key, { default: 'first' }).value).toBe('first')
    expect(await hot.immutableString(key, { default: 'second' }).value).toBe('first')
  })

  test('is checked at once', () => {
    const options = { default: ['a', undefined] } as never
    expect(() => hot.list<string>(freshKey(), options)).toThrow(CodecError)
    expect(() => hot.list<string>(freshKey(), { default: 5 as never })).toThrow(/hot\.list: default can't be stored/)
    expect(() => hot.queue<string>(freshKey(), { maxsize: 1, default: ['a', 'b'] })).toThrow(RangeError)
  })

  test('stands in a transaction like any other write', async () => {
    const key = freshKey()
    await hot.transaction(() => {
      hot.list<string>(key, { default: ['a'] })
      hot.list<string>(key, { default: ['b'] })
    })
    expect(await hot.list(key).toJS()).toEqual(['a'])
  })
})

test('a default gives a dict its type', async () => {
  const hot = createHot({ url: process.env['HOT_TEST_URL']! })
  const user = hot.dict(freshKey(), { default: { name: 'Ada', visits: 1 } })
  const visits: number | undefined = await user.visits
  expect(visits).toBe(1)
  await hot.close()
})
