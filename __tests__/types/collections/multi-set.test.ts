import { describe, expect, test } from '@jest/globals'
import {
  CodecError,
  createHot,
  CrossSlotError,
  KeyTypeError,
  OverflowError,
  type HotMultiSet
} from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'

const hour = 3_600_000
const max = Number.MAX_SAFE_INTEGER
const inPlace = ['update', 'subtract', 'intersectionUpdate', 'unionUpdate'] as const
const local = ['sum', 'difference', 'intersection', 'union'] as const
const methods = [...inPlace, ...local]

describe.each(backends)('A multiset on $name', ({ name, createHot: another, raw }) => {
  const hot = another()
  const isCluster = name.includes('cluster')
  const keysLike = async (tag: string) => ((await raw(tag, 'KEYS', `*${tag.slice(1, -1)}*`)) as string[]).sort()

  const filled = async (counts: Record<string, number> = { apple: 3, pear: 1, fig: 0, plum: -2 }) => {
    const words = hot.multiSet(`{${freshKey()}}`)
    await words.replace(counts)
    return words
  }
  test('equals one without its items of count zero, but not one without those below', async () => {
    const words = await filled()
    expect(await words.equals({ apple: 3, pear: 1, plum: -2 })).toBe(true)
    expect(await words.equals({ apple: 3, pear: 1, plum: -2, kiwi: 0 })).toBe(true)
    expect(await words.equals({ apple: 3, pear: 1, fig: 0 })).toBe(false)
    const other = hot.multiSet(`${words.key}:other`, { initial: { kiwi: 0, plum: -2, pear: 1, apple: 3 } })
    expect(await words.equals(other)).toBe(true)
  })

  const countsOf = async (words: HotMultiSet) => Object.fromEntries(await words.toJS())

  describe('follows collections.Counter', () => {
    test('what is missing counts 0, and reading does not make it', async () => {
      const words = await filled({})
      expect(await words['apple']).toBe(0)
      expect(await words.get('apple')).toBe(0)
      expect(await words.has('apple')).toBe(false)
      expect(await words.exists()).toBe(false)
    })

    test('counts may be zero and negative, and are items then', async () => {
      const words = await filled()
      expect(await words.size).toBe(4)
      expect(await words.total()).toBe(2)
      expect(await words.has('fig')).toBe(true)
      expect(await words.decrement('pear', 3)).toBe(-2)
      expect(await words.increment('plum', 2)).toBe(0)
      expect(await countsOf(words)).toEqual({ apple: 3, pear: -2, fig: 0, plum: 0 })
    })

    test('the example of its documentation: c = Counter(a=3, b=1), d = Counter(a=1, b=2)', async () => {
      const c = await filled({ a: 3, b: 1 })
      const d = { a: 1, b: 2 }
      expect(Object.fromEntries(await c.sum(d))).toEqual({ a: 4, b: 3 })
      expect(Object.fromEntries(await c.difference(d))).toEqual({ a: 2 })
      expect(Object.fromEntries(await c.intersection(d))).toEqual({ a: 1, b: 1 })
      expect(Object.fromEntries(await c.union(d))).toEqual({ a: 3, b: 2 })
      await c.subtract(d)
      expect(await countsOf(c)).toEqual({ a: 2, b: -1 })
      await c.update(d)
      expect(await countsOf(c)).toEqual({ a: 3, b: 1 })
      await c.intersectionUpdate(d)
      expect(await countsOf(c)).toEqual({ a: 1, b: 1 })
      await c.unionUpdate(d)
      expect(await countsOf(c)).toEqual({ a: 1, b: 2 })
    })

    test('update and subtract keep what comes to zero, the ...Update of & and | only what is positive', async () => {
      for (const [method, left] of [
        ['update', { apple: 3, pear: 1, fig: 0, plum: -2, kiwi: 0 }],
        ['subtract', { apple: 3, pear: 1, fig: 0, plum: -2, kiwi: 0 }],
        ['unionUpdate', { apple: 3, pear: 1 }],
        ['intersectionUpdate', {}]
      ] as const) {
        const words = await filled()
        await words[method]({ kiwi: 0 })
        expect(await countsOf(words)).toEqual(left)
      }
    })

    test('elements() gives each item as often as it counts, and none at zero or below', async () => {
      const words = await filled()
      const elements: string[] = []
      for await (const word of words.elements()) elements.push(word)
      expect(elements.sort()).toEqual(['apple', 'apple', 'apple', 'pear'])
    })

    test('mostCommon() gives the highest first, and those that count the same in the order of their text', async () => {
      const words = await filled({ b: 2, a: 2, z: 5, m: -1, é: 2, '10': 2, '9': 2 })
      expect(await words.mostCommon()).toEqual([
        ['z', 5],
        ...['10', '9', 'a', 'b', 'é'].map(item => [item, 2]),
        ['m', -1]
      ])
      expect(await words.mostCommon(2)).toEqual([
        ['z', 5],
        ['10', 2]
      ])
      expect(await words.mostCommon(0)).toEqual([])
    })
  })

  test('takes iterables, records, Maps and MultiSets; strings in an iterable count once each', async () => {
    const tag = `{${freshKey()}}`
    const words = hot.multiSet(tag, { initial: ['apple', 'pear', 'apple'] })
    expect(await countsOf(words)).toEqual({ apple: 2, pear: 1 })
    await words.update(new Set(['apple', 'fig']))
    await words.update({ pear: 10 })
    await words.update(new Map([['fig', -3]]))
    await words.update(hot.multiSet(`${tag}:other`, { initial: { plum: 4 } }))
    await words.update(
      (function* () {
        yield* ['a', 'a']
      })()
    )
    expect(await countsOf(words)).toEqual({ apple: 3, pear: 11, fig: -2, plum: 4, a: 2 })
  })

  test('has items of any name', async () => {
    const names = [
      'size',
      'get',
      'key',
      'then',
      'total',
      '__proto__',
      'constructor',
      'toString',
      '',
      '0',
      '-1',
      'é 😀',
      'a\r\nb'
    ]
    const words = await filled({})
    await words.update(names)
    for (const item of names) expect(await words.get(item)).toBe(1)
    expect((await words.toJS()).size).toBe(names.length)
    await words.subtract(new Map(names.map(item => [item, 1])))
    expect(await words.total()).toBe(0)
    expect((await words.union(names)).get('__proto__')).toBe(1)
    expect(await words.equals(new Map(names.map(item => [item, 0])))).toBe(true)
  })

  describe('takes more items than one command carries', () => {
    const items = Array.from({ length: 12_000 }, (_, index) => `item ${index}`)

    test.each(inPlace)('%s', async method => {
      const words = await filled(Object.fromEntries(items.map(item => [item, 2])))
      await words[method](items)
      const sum = { update: 36_000, subtract: 12_000, intersectionUpdate: 12_000, unionUpdate: 24_000 }[method]
      expect(await words.total()).toBe(sum)
      expect(await keysLike(words.key)).toEqual([words.key])
    })

    test('in for await, toJS, mostCommon and the local ones', async () => {
      const words = await filled({})
      await words.update([...items, ...items.slice(0, 10)])
      let seen = 0
      for await (const [, count] of words) seen += count
      expect(seen).toBe(12_010)
      expect((await words.toJS()).size).toBe(12_000)
      expect(await words.mostCommon(10)).toEqual(items.slice(0, 10).map(item => [item, 2]))
      expect((await words.sum(items)).size).toBe(12_000)
      expect((await words.difference(items)).size).toBe(10)
    })
  })

  describe('in place', () => {
    test.each(inPlace)('%s keeps the time to live, and leaves no key but its own', async method => {
      const other = hot.multiSet(`{${freshKey()}}`, { initial: ['apple'] })
      for (const source of [['apple'], { apple: 1 }, new Map([['apple', 1]]), other]) {
        const words = hot.multiSet(`${other.key}:words`, { initial: { apple: 2, pear: 1 } })
        await words.expire(hour)
        await words[method](source)
        expect(await words.ttl()).toBeGreaterThan(hour / 2)
        expect(await keysLike(other.key)).toEqual([other.key, words.key])
      }
      expect(await other.ttl()).toBeUndefined()
    })

    test.each(inPlace)('%s from nothing is right, and makes no key of nothing', async method => {
      const words = await filled({})
      for (const nothing of [[], {}, new Map<string, number>(), hot.multiSet(`${words.key}:missing`)]) {
        await words[method](nothing)
        expect(await keysLike(words.key)).toEqual([])
      }
    })

    test('one step: another client never sees half of it, nor any other key', async () => {
      const words = await filled({})
      const items = Array.from({ length: 3_000 }, (_, index) => `item ${index}`)
      const seen = another().multiSet(words.key)
      let done = false
      const totals = new Set<number>()
      const keys = new Set<string>()
      const watching = (async () => {
        while (!done) {
          totals.add(await seen.total())
          for (const key of await keysLike(words.key)) keys.add(key)
        }
      })()
      for (let round = 0; round < 20; round++) {
        await words.update(items)
        await words.subtract(items)
      }
      done = true
      await watching
      expect([...totals].filter(total => total !== 0 && total !== 3_000)).toEqual([])
      expect([...keys]).toEqual([words.key])
    })

    test('many at once lose nothing', async () => {
      const words = await filled({})
      const hots = [hot, another(), another()]
      await Promise.all(
        hots.flatMap(one => {
          const mine = one.multiSet(words.key)
          return Array.from({ length: 100 }, () => [
            mine.update(['a', 'b', 'a']),
            mine.subtract({ b: 1 }),
            mine.increment('c')
          ]).flat()
        })
      )
      expect(await countsOf(words)).toEqual({ a: 600, b: 0, c: 300 })
    })
  })

  describe('refuses, and changes nothing:', () => {
    const before = { apple: 3, pear: max, fig: -max }

    async function expectRefused(call: (words: HotMultiSet) => Promise<unknown>, ...names: string[]) {
      const words = await filled(before)
      const error = await failureOf(call(words))
      expect(names).toContain((error as Error).name)
      expect(await countsOf(words)).toEqual(before)
      expect(await keysLike(words.key)).toEqual([words.key])
      return error as Error
    }

    test.each([1.5, NaN, Infinity, 2 ** 53, '1', null, undefined, 1n, {}, true])('a count of %p', async count => {
      const number = count as number
      for (const method of methods) {
        const error = await expectRefused(words => words[method]({ apple: 1, kiwi: number }), 'TypeError', 'RangeError')
        expect(error.message).toContain(`MultiSet.${method}`)
        expect(error.message).toContain('kiwi')
        await expectRefused(words => words[method](new Map([['kiwi', number]])), 'TypeError', 'RangeError')
      }
      await expectRefused(words => words.set('kiwi', number), 'TypeError', 'RangeError')
      await expectRefused(words => words.replace({ kiwi: number }), 'TypeError', 'RangeError')
      await expectRefused(words => words.equals({ kiwi: number }), 'TypeError', 'RangeError')
      if (count === undefined) return
      await expectRefused(words => words.increment('kiwi', number), 'TypeError', 'RangeError')
      await expectRefused(words => words.decrement('kiwi', number), 'TypeError', 'RangeError')
    })

    test.each([5, null, undefined, 'text', true, Symbol('x')])('counts from %p', async source => {
      for (const method of [...methods, 'replace', 'equals'] as const) {
        const call = (words: HotMultiSet) =>
          (words as unknown as Record<string, (source: unknown) => Promise<unknown>>)[method]!(source)
        await expectRefused(call, 'TypeError')
      }
    })

    test.each([5, null, undefined, {}, 'half \ud800', Symbol('x')])('an item %p', async item => {
      const words = hot.multiSet()
      const name = item as string
      for (const call of [
        words.get(name),
        words.set(name, 1),
        words.has(name),
        words.delete(name),
        words.increment(name),
        words.decrement(name),
        words.update([name]),
        words.sum(['a', name])
      ]) {
        expect(await failureOf(call)).toBeInstanceOf(TypeError)
      }
      expect(await words.exists()).toBe(false)
    })

    test('sums that are no safe integers', async () => {
      await expectRefused(words => words.increment('pear'), 'OverflowError')
      await expectRefused(words => words.decrement('fig'), 'OverflowError')
      await expectRefused(words => words.decrement('apple', -max), 'OverflowError')
      await expectRefused(words => words.update(['apple', 'pear', 'kiwi']), 'OverflowError')
      await expectRefused(words => words.subtract(['apple', 'fig', 'kiwi']), 'OverflowError')
      await expectRefused(words => words.update(words), 'OverflowError')
      const error = await expectRefused(words => words.update({ kiwi: 1, pear: 1 }), 'OverflowError')
      expect(error).toBeInstanceOf(OverflowError)
      expect(error.message).toContain('pear')
    })

    test('results that are no safe integers', async () => {
      await expectRefused(words => words.sum(['pear']), 'OverflowError')
      await expectRefused(words => words.difference({ apple: -max }), 'OverflowError')
      const words = await filled({ pear: max, apple: 2 })
      expect(await failureOf(words.total())).toBeInstanceOf(OverflowError)
      await words.set('fig', -2)
      expect(await words.total()).toBe(max)
    })

    test.each(['1.5', 'x', '', '9007199254740993', '01', ' 1', 'NaN', '"1"', '1e400'])(
      'what another stored as a count: %p',
      async text => {
        const words = await filled({})
        await raw(words.key, 'HSET', words.key, 'apple', '3', 'bad', text)
        const other = await filled({})
        const good = hot.multiSet(`${words.key}:good`, { initial: { apple: 1 } })
        const calls: Record<string, () => Promise<unknown>> = {
          get: () => words.get('bad'),
          increment: () => words.increment('bad'),
          decrement: () => words.decrement('bad'),
          total: () => words.total(),
          toJS: () => words.toJS(),
          mostCommon: () => words.mostCommon(),
          ...Object.fromEntries(methods.map(method => [method, () => words[method](['apple', 'bad'])])),
          ...Object.fromEntries(methods.map(method => [`${method} of it`, () => good[method](words)]))
        }
        for (const [name, call] of Object.entries(calls)) {
          const error = await failureOf(call())
          expect({ name, error }).toEqual({ name, error: expect.any(CodecError) })
        }
        expect(await raw(words.key, 'HGET', words.key, 'bad')).toBe(text)
        expect(await raw(words.key, 'HGET', words.key, 'apple')).toBe('3')
        expect(await countsOf(good)).toEqual({ apple: 1 })
        expect(await keysLike(words.key)).toEqual([words.key, good.key])
        expect(await words.get('apple')).toBe(3)
        await words.set('bad', 1)
        expect(await words.total()).toBe(4)
        await other.clear()
      }
    )

    test.each(methods)('%s with a handle of another Hot, another server, another type or slot', async method => {
      const elsewhere = createHot({ url: 'redis://127.0.0.1:1' })
      const error = await expectRefused(words => words[method](another().multiSet(words.key)), 'TypeError')
      expect(error.message).toMatch(/another Hot/)
      await expectRefused(words => words[method](elsewhere.multiSet(words.key)), 'TypeError')
      await elsewhere.close()
      const words = await filled(before)
      const list = hot.list(`${words.key}:list`, { initial: ['apple'] })
      expect(await failureOf(words[method](list as never))).toBeInstanceOf(TypeError)
      expect(await failureOf(words[method](hot.multiSet(list.key)))).toBeInstanceOf(KeyTypeError)
      if (isCluster) {
        const far = await failureOf(hot.multiSet(freshKey('{a}'))[method](hot.multiSet(freshKey('{b}'))))
        expect(far).toBeInstanceOf(CrossSlotError)
      }
      expect(await countsOf(words)).toEqual(before)
    })
  })

  test('takes part in a transaction: reads are watched, changes come at the end', async () => {
    const words = await filled({ apple: 2 })
    const other = hot.multiSet(`${words.key}:other`, { initial: { apple: 1, pear: 1 } })
    await hot.flush()
    const changer = another().multiSet(other.key)
    let runs = 0
    const [sum] = await hot.transaction(async () => {
      const sum = await words.sum(other)
      if (++runs === 1) await changer.increment('pear')
      void words.update(['kiwi'])
      words['apple'] = 7
      return [sum]
    })
    expect(runs).toBe(2)
    expect(sum).toEqual(
      new Map([
        ['apple', 3],
        ['pear', 2]
      ])
    )
    expect(await countsOf(words)).toEqual({ apple: 7, kiwi: 1 })
    expect(await keysLike(words.key)).toEqual([words.key, other.key])
  })

  test('has a prefix on all its keys, its operands’ too', async () => {
    const prefixed = another({ prefix: '{m}:' })
    const [words, other] = [prefixed.multiSet(freshKey()), prefixed.multiSet(freshKey())]
    await other.update(['b'])
    await words.update(other)
    await words.update(['c'])
    expect(await raw('{m}', 'HLEN', `{m}:${words.key}`)).toBe(2)
    expect(await words.union(other)).toEqual(
      new Map([
        ['b', 1],
        ['c', 1]
      ])
    )
  })
})
