import { describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { TransactionError, createHot as newHot, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { auxKeyName } from '../support/keys.js'
import { failureOf } from '../support/promises.js'

async function found(hot: Hot, pattern?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of hot.keys(pattern)) keys.push(key)
  return keys.sort()
}

describe.each(backends)('On $name', ({ createHot, raw }) => {
  /** Every Hot with a prefix of its own: files run at the same time on the same servers. */
  const withPrefix = (prefix = `${randomUUID()}:`) => createHot({ prefix })
  const names = (count: number) => Array.from({ length: count }, (_, n) => `key ${n}`)

  describe('hot.keys()', () => {
    test('gives all keys with the prefix, without it, each once', async () => {
      const hot = withPrefix()
      const other = withPrefix()
      const all = names(3_000)
      await Promise.all(all.map(name => hot.string(name).replace('x')))
      await other.string('another').replace('x')
      expect(await found(hot)).toEqual([...all].sort())
      expect(await found(hot, 'key 12*')).toEqual(all.filter(name => name.startsWith('key 12')).sort())
      expect(await found(hot, 'key ?')).toEqual(names(10))
      expect(await found(hot, 'key [^1-9]')).toEqual(['key 0'])
      expect(await found(hot, 'none')).toEqual([])
    })

    test('takes a prefix for itself, whatever stands in it', async () => {
      const id = randomUUID()
      for (const prefix of [`${id}*[a-z]?\\^:`, `{${id}}:`, `${id}{a}:`, `${id}}:`, `${id}é😀:`]) {
        const hot = withPrefix(prefix)
        await hot.string('mine').replace('x')
        await raw(`${id}xa:mine`, 'SET', `${id}xa:mine`, 'x')
        expect(await found(hot)).toEqual(['mine'])
        expect(await hot.clear()).toBe(1)
        expect(await found(hot)).toEqual([])
      }
    })

    test('leaves auxiliary keys out', async () => {
      const hot = withPrefix()
      await hot.setQueue<string>('jobs').put('a')
      await hot.lock('lock').acquire()
      expect(await found(hot)).toEqual(['jobs', 'lock'])
    })

    test('can be left, and is refused in a transaction and for what is no pattern', async () => {
      const hot = withPrefix()
      await Promise.all(names(10).map(name => hot.string(name).replace('x')))
      for await (const key of hot.keys()) {
        expect(key).toMatch(/^key \d$/)
        break
      }
      expect(await failureOf(hot.transaction(() => found(hot)))).toBeInstanceOf(TransactionError)
      expect(await failureOf(found(hot, 5 as never))).toBeInstanceOf(TypeError)
    })
  })

  describe('hot.clear()', () => {
    test('deletes what the pattern matches, with auxiliary keys, and tells how many keys there were', async () => {
      const hot = withPrefix()
      const other = withPrefix()
      await Promise.all(names(2_500).map(name => hot.string(name).replace('x')))
      await other.string('key 1').replace('x')
      await hot.setQueue<string>('jobs', { maxsize: 5 }).put('a')
      await hot.lock('{tagged}:lock').acquire()
      const leased = hot.queue<string>('leased', { initial: ['a'] }).consume()
      await leased.next()

      expect(await hot.clear('key 1*')).toBe(1_111)
      expect(await hot.clear('jobs')).toBe(1)
      const { prefix } = hot
      for (const role of ['members', 'state']) {
        const aux = auxKeyName(`${prefix}jobs`, role)
        expect(await raw(aux, 'EXISTS', aux)).toBe(0)
      }
      const leases = auxKeyName(`${prefix}leased`, 'leases')
      expect(await raw(leases, 'EXISTS', leases)).toBe(1)
      // An empty queue whose items are leased is no key, yet what belongs to it goes.
      expect(await hot.clear('leased')).toBe(0)
      expect(await raw(leases, 'EXISTS', leases)).toBe(0)
      expect(await hot.clear()).toBe(2_500 - 1_111 + 1)
      expect(await found(hot)).toEqual([])
      const state = auxKeyName(`${prefix}{tagged}:lock`, 'state')
      expect(await raw(state, 'EXISTS', state)).toBe(0)
      expect(await found(other)).toEqual(['key 1'])
      await leased.return?.()
    })

    test('matches as Redis does', async () => {
      const hot = withPrefix()
      const keys = ['a', 'b', 'ab', 'a*b', 'a]b', 'a-b', 'a\\b', 'é', '😀', 'a\nb', '^', '[a]', '']
      const patterns = [
        'a*',
        '?',
        '??',
        '????',
        '[ab]',
        '[^ab]',
        '[b-a]',
        'a\\*b',
        'a[]]b',
        'a[\\]]b',
        'a[*]b',
        '\\a',
        'a[-]b'
      ]
      for (const pattern of [
        ...patterns,
        '[',
        '[a',
        '[]',
        '[^]',
        '[^',
        '\\',
        'a?b',
        '*a*b*',
        '[\\^]',
        '[é]*',
        '[[]a]'
      ]) {
        await Promise.all(keys.filter(Boolean).map(key => hot.string(key).replace('x')))
        const matched = await found(hot, pattern)
        expect([pattern, await hot.clear(pattern)]).toEqual([pattern, matched.length])
        expect(await found(hot, pattern)).toEqual([])
        expect((await found(hot)).length).toBe(keys.length - 1 - matched.length)
      }
    })

    test('is refused in a transaction, without a prefix and a pattern, and for what is no pattern', async () => {
      const hot = withPrefix()
      await hot.string('kept').replace('x')
      expect(await failureOf(hot.transaction(() => hot.clear()))).toBeInstanceOf(TransactionError)
      expect(await failureOf(hot.clear(5 as never))).toBeInstanceOf(TypeError)
      expect(await failureOf(createHot().clear())).toMatchObject({
        message: expect.stringMatching(/give clear\('\*'\)/)
      })
      expect(await found(hot)).toEqual(['kept'])
    })

    test('goes in the order of calls', async () => {
      const hot = withPrefix()
      void hot.string('before').replace('x')
      expect(await hot.clear()).toBe(1)
    })
  })
})

test('they fail where Redis can not be reached', async () => {
  const hot = newHot({ url: 'redis://127.0.0.1:1', prefix: 'p:', connectTimeout: 50 })
  expect(await failureOf(found(hot))).toMatchObject({ code: 'CONNECTION' })
  expect(await failureOf(hot.clear())).toMatchObject({ code: 'CONNECTION' })
  await hot.close()
})
