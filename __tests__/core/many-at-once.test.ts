import { describe, expect, test } from '@jest/globals'
import { CodecError, configure, createHot, hot as sharedHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

type User = { name: string; visits: number; nickname: string }

describe.each(backends)('several at once on $name:', ({ createHot: create, raw }) => {
  const hot = create()
  const filled = async () => {
    const user = hot.dict<User>(freshKey())
    await user.update({ name: 'Ada', visits: 1 })
    return user
  }

  test('getMany() gives values of one moment, in the order asked for', async () => {
    const user = await filled()
    expect(await user.getMany('visits', 'nickname', 'name', 'visits')).toEqual([1, undefined, 'Ada', 1])
    expect(await user.getMany()).toEqual([])
    await raw(user.key, 'HSET', user.key, 'name', '"broken')
    expect(await hot.dict<User>(user.key).getMany('name')).toEqual(['"broken'])
  })

  test('hasMany() tells of each, deleteMany() how many there were', async () => {
    const user = await filled()
    expect(await user.hasMany('name', 'nickname', 'visits')).toEqual([true, false, true])
    expect(await user.hasMany()).toEqual([])
    expect(await user.deleteMany('name', 'nickname', 'visits')).toBe(2)
    expect(await user.deleteMany()).toBe(0)
    expect(await user.exists()).toBe(false)
    const tags = hot.set<string>(freshKey())
    await tags.add('red', 'green', 'blue')
    expect(await tags.deleteMany('red', 'blue', 'black')).toBe(2)
    expect(await tags.deleteMany()).toBe(0)
    expect(await tags.toJS()).toEqual(new Set(['green']))
  })

  test('any number of them', async () => {
    const names = Array.from({ length: 12_000 }, (_, n) => `field ${n}`)
    const dict = hot.dict<Record<string, number>>(freshKey())
    await dict.update(names.map((name, n) => [name, n] as const))
    expect(await dict.getMany(...names)).toEqual(names.map((_, n) => n))
    expect(await dict.hasMany(...names, 'another')).toEqual([...names.map(() => true), false])
    expect(await dict.deleteMany(...names)).toBe(12_000)
    const set = hot.set<string>(freshKey())
    await set.add(...names)
    expect(await set.deleteMany(...names)).toBe(12_000)
  })

  test('a default dict makes what is missing, once', async () => {
    let made = 0
    const counts = hot.defaultDict<Record<string, number>>(() => ++made, freshKey())
    await counts.set('a', 70)
    expect(await counts.getMany('a', 'b', 'c', 'b')).toEqual([70, 1, 2, 1])
    expect(await counts.getMany('a', 'b', 'c')).toEqual([70, 1, 2])
    expect(made).toBe(2)
    expect(await hot.transaction(async () => counts.getMany('a', 'd'))).toEqual([70, 3])
  })

  test('a default dict has one value for all readers', async () => {
    const key = freshKey()
    let made = 0
    const handles = Array.from({ length: 8 }, () => create().defaultDict<Record<string, number>>(() => ++made, key))
    const seen = await Promise.all(
      handles.flatMap((counts, n) => [counts.getMany('a', `own ${n}`, 'b'), counts.getMany('b', 'c', 'a')])
    )
    const stored = await hot.dict<Record<string, number>>(key).toJS()
    for (const [n, values] of seen.entries()) {
      const names = n % 2 === 0 ? ['a', `own ${n / 2}`, 'b'] : ['b', 'c', 'a']
      expect(values).toEqual(names.map(name => stored[name]))
    }
  })

  test('a transaction never sees two values of a field that it inserts', async () => {
    let made = 0
    const counts = hot.defaultDict<Record<string, number>>(() => ++made, freshKey())
    const twice = hot.transaction(async () => [await counts.getMany('a', 'b'), await counts.get('a')])
    const [[a], again] = await twice
    expect(again).toBe(a)
    expect(await counts.size).toBe(2)
    await counts.clear()
    const apart = await hot.transaction(async () => [
      await counts.getMany('a', 'b'),
      await counts.getMany('a', 'b'),
      await counts.getMany('c', 'd')
    ])
    expect(apart[1]).toEqual(apart[0])
    expect(await counts.getMany('a', 'b', 'c', 'd')).toEqual([...apart[0], ...apart[2]])
  })

  test('what can not be right rejects before anything is sent', async () => {
    const user = await filled()
    for (const call of ['getMany', 'hasMany', 'deleteMany'] as const) {
      await expect(user[call]('name', 5 as never)).rejects.toThrow(TypeError)
    }
    await expect(hot.set<unknown>(freshKey()).deleteMany('a', undefined)).rejects.toThrow(CodecError)
  })
})

describe('the lease of a handle', () => {
  const hot = createHot({ url: process.env['HOT_TEST_URL']! })

  test.each(['lock', 'rlock', 'semaphore', 'boundedSemaphore'] as const)('holds for each call: %s', async name => {
    const key = freshKey()
    const handle = hot[name](key, { lease: 500 })
    const left = async (): Promise<number> => {
      const { createClient } = await import('redis')
      const client = createClient({ url: process.env['HOT_TEST_URL']! })
      await client.connect()
      const [time, holders] = await Promise.all([client.time(), client.zRangeWithScores(key, 0, -1)])
      await client.disconnect()
      return holders[0]!.score - time.getTime()
    }
    const permit = await handle.acquire()
    expect(await left()).toBeLessThanOrEqual(1_000)
    await permit.release()
    const longer = await handle.acquire({ lease: 60_000 })
    expect(await left()).toBeGreaterThan(10_000)
    await longer.release()
    await handle.run(async () => expect(await left()).toBeLessThanOrEqual(1_000))
  })

  test('is checked at once', () => {
    for (const name of ['lock', 'rlock', 'semaphore', 'boundedSemaphore'] as const) {
      expect(() => hot[name]('k', { lease: 5 })).toThrow(RangeError)
      expect(() => hot[name]('k', { lease: '5s' as never })).toThrow(new RegExp(`^hot\\.${name}: the lease`))
    }
  })
})

test('hot.prefix tells what is put before every key, and asking does not settle it', () => {
  expect(createHot({ url: 'redis://127.0.0.1:1', prefix: 'app:' }).prefix).toBe('app:')
  expect(createHot({ url: 'redis://127.0.0.1:1' }).prefix).toBe('')
  expect(sharedHot.prefix).toBe('')
  configure({ url: 'redis://127.0.0.1:1', prefix: 'late:' })
  expect(sharedHot.prefix).toBe('late:')
})
