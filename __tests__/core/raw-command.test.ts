import { describe, expect, test } from '@jest/globals'
import { KeyTypeError, ReplyError, TransactionError, createHot as newHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'

/** A word as users of JavaScript may give it. */
const anything = (word: unknown): never => word as never

describe.each(backends)('hot.command() on $name', ({ name, createHot, raw }) => {
  const hot = createHot({ prefix: 'raw:' })
  const isCluster = name.includes('cluster')
  // The prefix is part of a key: only a hash tag keeps keys in one slot.
  const taggedKey = () => `{${freshKey()}}`
  const near = (key: string, name: string) => `${key}:${name}`

  test('sends any command, with handles where keys stand', async () => {
    const user = hot.dict<{ name: string }>(taggedKey())
    const list = hot.list<number>(near(user.key, 'list'))
    expect(await hot.command('HSET', user, 'name', 'Ada', 'visits', 3)).toBe(2)
    expect(await hot.command('hstrlen', user, 'name')).toBe(3)
    expect(await raw(`raw:${user.key}`, 'HGET', `raw:${user.key}`, 'name')).toBe('Ada')
    expect(await hot.command('RPUSH', list, 1, 2.5, '3')).toBe(3)
    expect(await hot.command<string[]>('LRANGE', list, 0, -1)).toEqual(['1', '2.5', '3'])
    expect(await hot.command('LINDEX', list, 9)).toBeNull()
    expect(await hot.command('EXISTS', user, list)).toBe(2)
    expect(await hot.command('OBJECT', 'ENCODING', user)).toMatch(/ziplist|listpack/)
    expect(await hot.command('EVAL', "return { KEYS[1], ARGV[1], { 1, 'x' } }", 1, list, 'raw')).toEqual([
      `raw:${list.key}`,
      'raw',
      [1, 'x']
    ])
    expect(await hot.command('PING')).toBe('PONG')
  })

  test('takes a word that is spelled like a key for what it is', async () => {
    const text = hot.string(taggedKey())
    await hot.command('SET', text, `raw:${text.key}`)
    expect(await text.value).toBe(`raw:${text.key}`)
  })

  test('goes in the order of calls', async () => {
    const list = hot.list<string>(taggedKey())
    const text = hot.string(near(list.key, 'text'), { initial: 'a' })
    const calls = [list.push('a'), hot.command('RPUSH', list, 'b'), list.push('c'), hot.command('LLEN', list)]
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 3])
    void text.toUpperCase()
    expect(await hot.command('APPEND', text, 'b')).toBe(2)
    expect(await text.value).toBe('Ab')
  })

  test('stands in a transaction: reads are answered and watched, all else is queued', async () => {
    const user = hot.dict<{ visits: number }>(taggedKey())
    const seen = createHot({ prefix: 'raw:' }).dict<{ visits: number }>(user.key)
    let runs = 0
    const [stored, length] = await hot.transaction(async () => {
      const visits = Number(await hot.command('HGET', user, 'visits'))
      if (++runs === 1) await seen.set('visits', 5)
      return [hot.command('HSET', user, 'visits', visits + 10), hot.command('HSTRLEN', user, 'visits')] as const
    })
    expect([stored, length]).toEqual([0, 2])
    runs = 0
    await user.clear()
    const [added] = await hot.transaction(async () => {
      const visits = Number(await hot.command('HGET', user, 'visits'))
      if (++runs === 1) await seen.set('visits', 5)
      return [hot.command('HSET', user, 'visits', visits + 1, 'n', 1)]
    })
    expect([added, runs, await user.visits]).toEqual([1, 2, 6])
    const awaited = await hot.transaction(async () => hot.command('HINCRBY', user, 'visits', 1))
    expect(awaited).toBe(7)
    await user.set('visits', 6)
    const late = hot.transaction(() => {
      void hot.command('ZADD', user, 1, 'x')
    })
    await expect(late).rejects.toThrow(TransactionError)
    expect(await user.visits).toBe(6)
  })

  test('in a transaction with a key that is not marked, its result can not be had before the commit', async () => {
    const list = hot.list<string>(taggedKey(), { initial: ['a'] })
    const target = near(list.key, 'target')
    const moving = hot.transaction(async () => {
      await hot.command('LMOVE', list, `raw:${target}`, 'LEFT', 'LEFT')
    })
    await expect(moving).rejects.toThrow(/handle for each key/)
    expect([await list.toJS(), await hot.list(target).exists()]).toEqual([['a'], false])
    const moved = await hot.transaction(async () => hot.command('LMOVE', list, hot.list(target), 'LEFT', 'LEFT'))
    expect([moved, await hot.list(target).toJS()]).toEqual(['a', ['a']])
  })

  test('fails by name', async () => {
    const list = hot.list<string>(taggedKey(), { initial: ['a'] })
    const missing = hot.list<string>(near(list.key, 'missing'))
    const wrong = await failureOf(hot.command('HGET', list, 'x'))
    expect(wrong).toBeInstanceOf(KeyTypeError)
    expect(wrong).toMatchObject({ key: `raw:${list.key}`, operation: "hot.command('HGET')" })
    expect(String(wrong)).toMatch(/holds a list, which this command does not take/)
    expect(String(await failureOf(hot.command('RENAME', missing, list)))).toMatch(/ReplyError.*no such key/)
    expect(await failureOf(hot.command('LSET', list, 9, 'x'))).toBeInstanceOf(ReplyError)
    expect(await failureOf(hot.command('NOSUCHCOMMAND', list))).toBeInstanceOf(ReplyError)
    expect(await failureOf(hot.command('HGET', list))).toBeInstanceOf(ReplyError)
  })

  test('refuses other words, and handles that are not of this Hot', async () => {
    const list = hot.list<string>(taggedKey())
    const words = [
      Buffer.from('x'),
      new Uint8Array(1),
      1n,
      true,
      null,
      undefined,
      {},
      [],
      NaN,
      Infinity,
      list.length,
      '\ud800'
    ]
    for (const word of words) {
      const error = await failureOf(hot.command('RPUSH', list, anything(word)))
      expect(['TypeError', 'RangeError']).toContain((error as Error).name)
      expect(String(error)).toMatch(/hot\.command\('RPUSH'\)/)
    }
    for (const verb of ['', ' ', 'OBJECT ENCODING', 'GET\r\nSET', 5, undefined, list]) {
      expect(await failureOf(hot.command(anything(verb), list))).toBeInstanceOf(TypeError)
    }
    const elsewhere = createHot().list('x')
    expect(String(await failureOf(hot.command('LLEN', elsewhere)))).toMatch(/belongs to another Hot/)
    expect(await list.exists()).toBe(false)
  })

  test.each([
    ['SUBSCRIBE', 'x'],
    ['PSUBSCRIBE', 'x'],
    ['MONITOR'],
    ['MULTI'],
    ['EXEC'],
    ['WATCH'],
    ['SELECT', 1],
    ['AUTH', 'x'],
    ['HELLO', 3],
    ['RESET'],
    ['QUIT'],
    ['client', 'reply', 'OFF'],
    ['CLIENT', 'TRACKING', 'ON'],
    ['CLIENT', 'PAUSE', 1_000],
    ['ASKING'],
    ['READONLY'],
    ['BLPOP', 'list', 0],
    ['BLMOVE', 'a', 'b', 'LEFT', 'LEFT', 0],
    ['BZPOPMIN', 'z', 0],
    ['WAIT', 1, 0],
    ['XREAD', 'block', 0, 'STREAMS', 's', '$']
  ] as const)('refuses %s, and the connection stays what it was', async (verb, ...words) => {
    const error = await failureOf(hot.command(verb, ...(words as unknown as string[])))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toMatch(/would (?:change the connection|make all calls)/)
    expect(await hot.command('PING')).toBe('PONG')
  })

  test('a key that is no handle', async () => {
    // On one server it is a key like any other; on a cluster it leads to no node.
    const keys = Array.from({ length: 20 }, (_, n) => `raw:plain ${n}`)
    const got = await Promise.allSettled(keys.map(key => hot.command('GET', key)))
    const failed = got.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(failed.length > 0).toBe(isCluster)
    for (const { reason } of failed) expect(String(reason)).toMatch(/on a cluster give a handle for each key/)
    if (!isCluster)
      expect(got.map(result => result.status === 'fulfilled' && result.value)).toEqual(keys.map(() => null))
  })

  test('handles in different slots are a CrossSlotError on a cluster', async () => {
    const [a, b] = [hot.list(freshKey()), hot.list(freshKey())]
    const exists = hot.command('EXISTS', a, b)
    if (isCluster) expect(await failureOf(exists)).toMatchObject({ code: 'CROSS_SLOT' })
    else expect(await exists).toBe(0)
  })
})

test('a closed Hot refuses it', async () => {
  const hot = newHot({ url: 'redis://127.0.0.1:1' })
  await hot.close()
  expect(await failureOf(hot.command('PING'))).toMatchObject({ code: 'CONNECTION' })
})
