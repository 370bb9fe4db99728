import { expect } from '@jest/globals'
import { CodecError, KeyTypeError, OverflowError, type Hot } from '../../src/index.js'
import { failureOf } from './promises.js'

/** A little of everything: every shape of reply, calls of every size, errors of every kind. */
export async function exercise(hot: Hot): Promise<void> {
  const many = Array.from({ length: 12_000 }, (_, index) => index)

  const list = hot.list<unknown>(undefined, { initial: ['a', 1, { b: [true, null] }, 'äöü 😀'] })
  expect(await list.toJS()).toEqual(['a', 1, { b: [true, null] }, 'äöü 😀'])
  expect(await Promise.all([list.length, list[0], list[-1], list[99], list.indexOf(1), list.includes('x')])).toEqual([
    4,
    'a',
    'äöü 😀',
    undefined,
    1,
    false
  ])
  await list.replace(many)
  await list.splice(6_000, 0, ...many)
  expect(await list.length).toBe(24_000)
  expect(await list.pop(6_000)).toBe(0)
  await list.sort({ reverse: true })
  let streamed = 0
  for await (const item of list) streamed += item === undefined ? 0 : 1
  expect(streamed).toBe(23_999)
  expect(await list.equals(list)).toBe(true)

  const dict = hot.dict<Record<string, number>>('{exercise}:dict')
  expect(await dict.toJS()).toEqual({})
  expect(await Promise.all([dict.increment('n', 0.1), dict.increment('n', 0.2), dict.has('n')])).toEqual([
    0.1,
    0.1 + 0.2,
    true
  ])
  await dict.update(Object.fromEntries(many.map(index => [`field${index}`, index])))
  expect(await Promise.all([dict.size, dict.getOrInsert('m', 7), dict.pop('m'), dict.get('m')])).toEqual([
    12_001,
    7,
    7,
    undefined
  ])
  let sum = 0
  for await (const [field, value] of dict) sum += field === 'n' ? 0 : value
  expect(sum).toBe((11_999 * 12_000) / 2)
  expect(Object.keys(await dict.toJS())).toHaveLength(12_001)
  expect([await dict.expire(60_000), await dict.persist(), await dict.ttl(), await dict.exists()]).toEqual([
    true,
    true,
    undefined,
    true
  ])

  const made = hot.defaultDict<Record<string, number[]>>(() => [], '{exercise}:defaults')
  expect(await made.get('x')).toEqual([])

  expect(await failureOf(hot.list(dict.key).push('x'))).toBeInstanceOf(KeyTypeError)
  expect(await failureOf(hot.list(dict.key).reverse())).toBeInstanceOf(KeyTypeError)
  expect(await failureOf(hot.dict(dict.key, { codec: strict }).toJS())).toBeInstanceOf(CodecError)
  await dict.set('max', Number.MAX_SAFE_INTEGER)
  expect(await failureOf(dict.increment('max'))).toBeInstanceOf(OverflowError)
  expect(await dict.get('max')).toBe(Number.MAX_SAFE_INTEGER)

  expect(await hot.transaction(() => [made.set('y', [1]), dict.increment('max', -1)] as const)).toEqual([
    undefined,
    Number.MAX_SAFE_INTEGER - 1
  ])
  const copied = await hot.transaction(async () => {
    const max = await dict.get('max')
    void dict.set('copy', max!)
    return max
  })
  expect(await dict.get('copy')).toBe(copied)
  await Promise.all([list.clear(), dict.clear(), made.clear()])
}

/** Finds nothing that it can read. */
const strict = {
  encode: String,
  decode: () => {
    throw new Error('unreadable')
  }
}
