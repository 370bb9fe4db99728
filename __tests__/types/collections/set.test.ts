import { describe, expect, test } from '@jest/globals'
import { CodecError, CrossSlotError, createHot, KeyTypeError, type HotSet } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'

const hour = 3_600_000
const many = Array.from({ length: 12_000 }, (_, index) => index)
const inPlace = ['update', 'intersectionUpdate', 'differenceUpdate', 'symmetricDifferenceUpdate'] as const
const local = ['union', 'intersection', 'difference', 'symmetricDifference'] as const
const questions = ['isSubsetOf', 'isSupersetOf', 'isDisjointFrom'] as const
const methods = [...inPlace, ...local, ...questions]

describe.each(backends)('A set on $name', ({ name, createHot: another, raw }) => {
  const hot = another()
  const isCluster = name.includes('cluster')
  const keysLike = async (tag: string) => (await raw(tag, 'KEYS', `*${tag.slice(1, -1)}*`)) as string[]

  describe('gives its members', () => {
    test('one by one with pop(), each once, until there are none', async () => {
      const set = hot.set<number>(freshKey(), { initial: many.slice(0, 50) })
      const popped = await Promise.all(Array.from({ length: 51 }, () => set.pop()))
      expect(popped.at(-1)).toBeUndefined()
      expect(new Set(popped.slice(0, 50))).toEqual(new Set(many.slice(0, 50)))
      expect(await set.exists()).toBe(false)
    })

    test('at random with sample(), different ones, and keeps them', async () => {
      const set = hot.set<number>(freshKey(), { initial: many.slice(0, 50) })
      const one = await set.sample()
      expect(one).toHaveLength(1)
      expect(many.slice(0, 50)).toContain(one[0])
      const some = await set.sample(20)
      expect(new Set(some).size).toBe(20)
      expect(await set.sample(0)).toEqual([])
      expect((await set.sample(1_000)).sort((a, b) => a - b)).toEqual(many.slice(0, 50))
      expect(await set.size).toBe(50)
      expect(await hot.set(freshKey()).sample(3)).toEqual([])
      const seen = new Set((await Promise.all(Array.from({ length: 100 }, () => set.sample()))).flat())
      expect(seen.size).toBeGreaterThan(10)
    })

    test('to two who pop at once: nobody gets what the other got', async () => {
      const set = hot.set<number>(freshKey(), { initial: many.slice(0, 500) })
      await hot.flush()
      const other = another().set<number>(set.key)
      const popped = await Promise.all(Array.from({ length: 250 }, () => [set.pop(), other.pop()]).flat())
      expect(popped.sort((a, b) => a! - b!)).toEqual(many.slice(0, 500))
    })
  })

  describe('tells members apart by value', () => {
    test('objects and arrays too, whatever the order of their keys', async () => {
      const set = hot.set(freshKey())
      expect(await set.add({ a: 1, b: [2] }, { b: [2], a: 1 }, [1], [1])).toBe(2)
      expect(await set.has({ b: [2], a: 1 })).toBe(true)
      expect(await set.isSubsetOf([[1], { b: [2], a: 1 }])).toBe(true)
      expect(await set.intersection([{ b: [2], a: 1 }])).toEqual(new Set([{ a: 1, b: [2] }]))
      expect(await set.delete([1])).toBe(true)
      expect(await set.size).toBe(1)
    })

    test('and a number from the text that looks like it', async () => {
      const set = hot.set(freshKey(), { initial: [1, '1', true, 'true', null, 'null', 0] })
      expect(await set.size).toBe(7)
      expect(await set.hasMany(1, '1', -0, 'null', false)).toEqual([true, true, true, true, false])
      expect(await set.toJS()).toEqual(new Set([1, '1', true, 'true', null, 'null', 0]))
    })
  })

  describe('takes more members than one command carries', () => {
    const half = many.slice(0, 6_000)
    const rest = many.slice(6_000)

    test('in add, hasMany, replace and initial', async () => {
      const set = hot.set<number>(freshKey(), { initial: half })
      expect(await set.add(...many)).toBe(6_000)
      expect(await set.size).toBe(12_000)
      expect((await set.hasMany(...many, -1)).map(Number).reduce((a, b) => a + b)).toBe(12_000)
      await set.replace(rest)
      expect(await set.toJS()).toEqual(new Set(rest))
    })

    test('in every set method', async () => {
      const made = async (members: number[]) => {
        const set = hot.set<number>(freshKey())
        await set.replace(members)
        return set
      }
      const set = await made(half)
      expect((await set.union(rest)).size).toBe(12_000)
      expect((await set.intersection(many, half)).size).toBe(6_000)
      expect((await set.difference(many)).size).toBe(0)
      expect(await set.symmetricDifference(many)).toEqual(new Set(rest))
      expect(await set.isSubsetOf(many)).toBe(true)
      expect(await set.isSupersetOf(many)).toBe(false)
      expect(await set.isDisjointFrom(rest)).toBe(true)
      await set.update(rest, [-1])
      expect(await set.size).toBe(12_001)
      await set.intersectionUpdate(many)
      expect(await set.equals(many)).toBe(true)
      await set.symmetricDifferenceUpdate(half)
      expect(await set.equals(rest)).toBe(true)
      await set.differenceUpdate(rest)
      expect(await set.exists()).toBe(false)
    })

    test('and more operands', async () => {
      const set = hot.set<number>(freshKey())
      const operands = many.map(member => [member])
      expect((await set.union(...operands)).size).toBe(12_000)
      await set.update(...operands.slice(0, 500))
      expect(await set.size).toBe(500)
      const tag = `{${freshKey()}}`
      const handles = many.slice(0, 9_000).map(member => hot.set<number>(`${tag}:${member}`))
      await Promise.all(handles.slice(0, 3).map((handle, index) => handle.add(index)))
      const sum = hot.set<number>(`${tag}:sum`)
      await sum.update(...handles)
      expect(await sum.toJS()).toEqual(new Set([0, 1, 2]))
      expect((await sum.difference(...handles)).size).toBe(0)
    })
  })

  describe('in place', () => {
    test.each(inPlace)('%s keeps the time to live', async method => {
      const tag = `{${freshKey()}}`
      const other = hot.set<string>(`${tag}:other`, { initial: ['a', 'x'] })
      for (const operands of [[['a', 'x']], [other], [other, ['a', 'y']]]) {
        const set = hot.set<string>(`${tag}:set`, { initial: ['a', 'b', 'c'] })
        await set.expire(hour)
        await set[method](...operands)
        expect(await set.exists()).toBe(true)
        expect(await set.ttl()).toBeGreaterThan(hour / 2)
      }
      expect(await other.ttl()).toBeUndefined()
    })

    test.each(inPlace)('%s leaves no key but its own, and none when the set becomes empty', async method => {
      const tag = `{${freshKey()}}`
      const other = hot.set<string>(`${tag}:other`, { initial: ['x', 'y'] })
      const set = hot.set<string>(`${tag}:set`, { initial: ['a', 'b'] })
      await set[method](['a', 'z'], other, new Set(['b']))
      const left = await set.toJS()
      expect((await keysLike(tag)).sort()).toEqual([`${tag}:other`, ...(left.size > 0 ? [`${tag}:set`] : [])])
      await set.replace(['a'])
      await set[method](['b'])
      await set.intersectionUpdate([])
      await set.differenceUpdate(set)
      expect(await keysLike(tag)).toEqual([`${tag}:other`])
    })

    test.each(inPlace)('%s by itself, alone and among others, sees what was there before', async method => {
      const tag = `{${freshKey()}}`
      const other = hot.set<string>(`${tag}:other`, { initial: ['b', 'c'] })
      const set = hot.set<string>(`${tag}:set`)
      const method2 = local[inPlace.indexOf(method)]!
      for (const operands of [[set], [other, set], [set, other], [set, set], [other, set, ['a'], set, set]]) {
        await set.replace(['a', 'b'])
        const expected = await set[method2](...operands)
        await set[method](...operands)
        expect(await set.toJS()).toEqual(expected)
      }
    })

    test.each(inPlace)('%s without operands, or with an empty one, is like the native method', async method => {
      const set = hot.set<string>(freshKey(), { initial: ['a', 'b'] })
      await set[method]()
      expect(await set.toJS()).toEqual(new Set(['a', 'b']))
      for (const empty of [[], new Set<string>(), hot.set<string>(`{${set.key}}:missing`)]) {
        await set.replace(['a', 'b'])
        await set[method](empty)
        expect(await set.toJS()).toEqual(method === 'intersectionUpdate' ? new Set() : new Set(['a', 'b']))
      }
    })

    test('one step: another client never sees half of it', async () => {
      const set = hot.set<number>(freshKey(), { initial: [1, 2, 3, 4] })
      await hot.flush()
      const seen = another().set<number>(set.key)
      let done = false
      const sizes = new Set<number>()
      const watching = (async () => {
        while (!done) sizes.add(await seen.size)
      })()
      for (let round = 0; round < 200; round++) await set.symmetricDifferenceUpdate([1, 2, 5, 6, 7, 8], [7, 8, 9])
      done = true
      await watching
      // 4, or 5 with {3, 4, 5, 6, 9}.
      expect([...sizes].filter(size => size !== 4 && size !== 5)).toEqual([])
    })

    test('what comes in between is neither lost nor doubled: many change it at once', async () => {
      const key = freshKey()
      const hots = [hot, another(), another()]
      await Promise.all(
        hots.flatMap((one, number) =>
          Array.from({ length: 100 }, (_, index) => one.set<string>(key).update([`${number}:${index}`], ['shared']))
        )
      )
      expect(await hot.set(key).size).toBe(301)
    })
  })

  describe('refuses, and changes nothing:', () => {
    const filled = async () => {
      const set = hot.set<string>(`{${freshKey()}}`)
      await set.replace(['a', 'b'])
      return set
    }

    async function expectUnchanged(set: HotSet<string>) {
      expect(await set.toJS()).toEqual(new Set(['a', 'b']))
      expect(await keysLike(set.key)).toEqual([set.key])
    }

    test.each(methods)('%s with a handle of another Hot', async method => {
      const set = await filled()
      const other = another().set<string>(`${set.key}:other`)
      const error = await failureOf(set[method](other))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/another Hot/)
      expect((error as Error).message).toContain(`Set.${method}`)
      await expectUnchanged(set)
    })

    test.each(methods)('%s with a handle of another server', async method => {
      const set = await filled()
      const elsewhere = createHot({ url: 'redis://127.0.0.1:1' })
      expect(await failureOf(set[method](elsewhere.set<string>(set.key)))).toBeInstanceOf(TypeError)
      await elsewhere.close()
      await expectUnchanged(set)
    })

    test.each(methods)('%s with a key that holds something else', async method => {
      const set = await filled()
      const other = hot.set<string>(`${set.key}:other`)
      await raw(other.key, 'RPUSH', other.key, 'a')
      expect(await failureOf(set[method](other))).toBeInstanceOf(KeyTypeError)
      await raw(other.key, 'DEL', other.key)
      await expectUnchanged(set)
    })

    test.each(inPlace)('%s at a key that holds something else, with whatever operand', async method => {
      const key = `{${freshKey()}}`
      await raw(key, 'RPUSH', key, 'a')
      const set = hot.set<string>(key)
      const other = hot.set<string>(`${key}:other`, { initial: ['a'] })
      for (const operands of [[['a']], [[]], [other], [other, ['b']], [hot.set<string>(`${key}:missing`)], []]) {
        expect(await failureOf(set[method](...operands))).toBeInstanceOf(KeyTypeError)
      }
      expect(await raw(key, 'LRANGE', key, '0', '-1')).toEqual(['a'])
      expect((await keysLike(key)).sort()).toEqual([key, `${key}:other`])
    })

    test.each(methods)('%s with what is no set', async method => {
      const set = await filled()
      const call = (operand: unknown) =>
        (set as unknown as Record<string, (operand: unknown) => Promise<unknown>>)[method]!(operand)
      for (const operand of [5, null, undefined, {}, Symbol('x'), hot.list(`${set.key}:list`), hot.string(set.key)]) {
        expect(await failureOf(call(operand))).toBeInstanceOf(TypeError)
      }
      for (const member of [undefined, NaN, () => 1, new Date(), 1n]) {
        expect(await failureOf(call([member]))).toBeInstanceOf(CodecError)
      }
      await expectUnchanged(set)
    })

    test.each([-1, 1.5, NaN, Infinity, '1', null, 2 ** 53])('sample(%p)', async n => {
      const set = await filled()
      const error = await failureOf(set.sample(n as number))
      expect(['RangeError', 'TypeError']).toContain((error as Error).name)
      expect((error as Error).message).toContain('Set.sample')
    })

    test('add and the like with what no codec takes', async () => {
      const set = (await filled()) as unknown as HotSet<unknown>
      for (const value of [undefined, NaN, Infinity, () => 1, new Date(), 1n, new Set(['a']), set]) {
        for (const call of [set.add('c', value), set.has(value), set.hasMany('a', value), set.delete(value)]) {
          expect(await failureOf(call)).toBeInstanceOf(CodecError)
        }
        expect(await failureOf(set.replace(['c', value]))).toBeInstanceOf(CodecError)
      }
      await expectUnchanged(set as HotSet<string>)
    })

    test('keys in two slots, on a cluster only, and says how to use a hash tag', async () => {
      const set = hot.set<string>(freshKey('{a}'), { initial: ['a', 'b'] })
      const other = hot.set<string>(freshKey('{b}'), { initial: ['b', 'c'] })
      await hot.flush()
      if (!isCluster) return expect(await set.union(other)).toEqual(new Set(['a', 'b', 'c']))
      for (const method of methods) {
        const error = await failureOf(set[method](other))
        expect(error).toBeInstanceOf(CrossSlotError)
        expect((error as Error).message).toMatch(/hash tag/i)
      }
      expect(await set.toJS()).toEqual(new Set(['a', 'b']))
    })
  })

  describe('in a transaction', () => {
    test('reads with handles and plain operands, and changes at the end', async () => {
      const tag = `{${freshKey()}}`
      const set = hot.set<string>(`${tag}:set`, { initial: ['a', 'b'] })
      const other = hot.set<string>(`${tag}:other`, { initial: ['b', 'c'] })
      await hot.flush()
      await hot.transaction(async () => {
        const shared = await set.intersection(other, ['b', 'x'])
        expect(shared).toEqual(new Set(['b']))
        await set.differenceUpdate(shared)
        await other.update(['d'], new Set(['e']))
        expect(await another().set(set.key).size).toBe(2)
      })
      expect(await set.toJS()).toEqual(new Set(['a']))
      expect(await other.toJS()).toEqual(new Set(['b', 'c', 'd', 'e']))
      expect((await keysLike(tag)).sort()).toEqual([`${tag}:other`, `${tag}:set`])
    })

    test('watches the operands too', async () => {
      const tag = `{${freshKey()}}`
      const set = hot.set<string>(`${tag}:set`, { initial: ['a', 'b'] })
      const other = hot.set<string>(`${tag}:other`, { initial: ['b'] })
      await hot.flush()
      const changer = another().set<string>(other.key)
      let runs = 0
      const [seen] = await hot.transaction(async () => {
        const shared = await set.intersection(other)
        if (++runs === 1) await changer.add('a')
        return [shared]
      })
      expect(runs).toBe(2)
      expect(seen).toEqual(new Set(['a', 'b']))
    })
  })

  test('has a prefix on all its keys, its operands’ too', async () => {
    const prefixed = another({ prefix: '{p}:' })
    const [set, other] = [prefixed.set<string>(freshKey()), prefixed.set<string>(freshKey())]
    await set.add('a')
    await other.add('b')
    await set.update(other, ['c'])
    expect(await set.union(other)).toEqual(new Set(['a', 'b', 'c']))
    expect(await raw('{p}', 'SCARD', `{p}:${set.key}`)).toBe(3)
    expect(await raw('{p}', 'EXISTS', `{p}:${set.key}`, `{p}:${other.key}`)).toBe(2)
  })
})
