import { describe, expect, test } from '@jest/globals'
import { auxKeyName } from '../../support/keys.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { started } from '../../support/promises.js'
import { enqueued, kinds, limit } from '../../support/queues.js'

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(kinds.filter(({ unique }) => unique))('a $name that another program changes', ({ make }) => {
    const made = async (initial: readonly string[]) => {
      const queue = make(hot, freshKey(), { initial })
      await queue.size
      return { queue, command: (name: string, ...args: string[]) => raw(queue.key, name, queue.key, ...args) }
    }

    const removals: [string, readonly string[], (string | number)[]][] = [
      ['LPOP of the only one', ['gone'], ['LPOP']],
      ['LPOP', ['gone', 'b', 'c'], ['LPOP']],
      ['RPOP', ['b', 'c', 'gone'], ['RPOP']],
      ['LREM', ['b', 'gone', 'c'], ['LREM', 1, 'gone']],
      ['LSET in the middle', ['b', 'gone', 'c'], ['LSET', 1, 'd']],
      ['LTRIM', ['gone', 'b', 'c'], ['LTRIM', 1, -1]],
      ['DEL', ['gone', 'b'], ['DEL']]
    ]

    test.each(removals)('takes what is gone from the list again: %s', async (_, initial, [name, ...args]) => {
      const { queue, command } = await made(initial)
      expect(await queue.put('gone')).toBe(false)
      await command(String(name), ...args.map(String))
      expect([await queue.put('gone'), await queue.put('gone')]).toEqual([true, false])
      expect((await queue.toJS()).filter(item => item === 'gone')).toEqual(['gone'])
    })

    test('takes what hot.list() has cleared or taken again', async () => {
      const { queue } = await made(['a', 'b', 'c'])
      const list = hot.list<string>(queue.key)
      await list.shift()
      expect(await queue.put('a')).toBe(true)
      await list.clear()
      expect([await queue.put('b'), await queue.put('b')]).toEqual([true, false])
    })

    test('has what was pushed: it is not put twice', async () => {
      const { queue, command } = await made(['a', 'b'])
      await command('RPUSH', 'c', 'd')
      await command('LPUSH', 'e')
      for (const item of ['c', 'd', 'e', 'a']) expect(await queue.put(item)).toBe(false)
      expect(await queue.toJS()).toEqual(['e', 'a', 'b', 'c', 'd'])
    })

    test('has what was pushed instead of something else', async () => {
      const { queue, command } = await made(['a', 'b', 'c'])
      await command('LPOP')
      await command('RPUSH', 'd')
      expect([await queue.put('d'), await queue.put('a')]).toEqual([false, true])
    })

    test('has what was pushed twice until it is taken twice', async () => {
      const { queue, command } = await made([])
      await command('RPUSH', 'a', 'b', 'a')
      for (const taken of ['a', 'b', 'a']) {
        expect(await queue.put('a')).toBe(false)
        expect(await queue.get(limit)).toBe(taken)
      }
      expect(await queue.size).toBe(0)
      expect(await queue.put('a')).toBe(true)
    })

    test('does not have to find again what it holds, with every put', async () => {
      const { queue, command } = await made([])
      await command('RPUSH', 'a', 'b', 'a')
      expect(await queue.put('c')).toBe(true)
      const members = auxKeyName(queue.key, 'members')
      await raw(members, 'SADD', members, 'a mark')
      await raw(members, 'SREM', members, 'b')
      expect(await queue.put('d')).toBe(true)
      expect(await raw(members, 'SISMEMBER', members, 'a mark')).toBe(1)
    })

    test('is truthful to who waits for space, too', async () => {
      const queue = make(hot, freshKey(), { initial: ['a', 'b'], maxsize: 2 })
      await queue.size
      const put = started(make(another(), queue.key, { maxsize: 2 }).put('c', limit))
      await enqueued(raw, queue.key, 'putters', 1)
      await raw(queue.key, 'LSET', queue.key, '0', 'c')
      expect(await queue.put('c', limit)).toBe(false)
      expect(await queue.get(limit)).toBeDefined()
      expect(typeof (await put)).toBe('boolean')
      const items = await queue.toJS()
      expect(new Set(items).size).toBe(items.length)
    })

    test('has its members for a day, and finds them again', async () => {
      const { queue } = await made(['a', 'b'])
      const members = auxKeyName(queue.key, 'members')
      await queue.put('c')
      expect(Number(await raw(members, 'PTTL', members))).toBeGreaterThan(3_600_000)
      await raw(members, 'DEL', members)
      expect([await queue.put('b'), await queue.put('d')]).toEqual([false, true])
    })
  })
})
