import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { HotDict, HotList } from '../../../src/index.js'
import { ownServer, type OwnServer } from '../../support/own-server.js'

const many = 50_000
const numbers = (from: number, length = many) => Array.from({ length }, (_, index) => from + index)
const fields = (length: number, value: number) =>
  Object.fromEntries(numbers(0, length).map((index): [string, number] => [`f${index}`, value]))

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(async () => own.close())

/** What another client sees of a key, again and again, from before the call until after it. */
async function seenDuring(call: () => PromiseLike<unknown>, ...look: string[][]): Promise<Set<string>> {
  const seen = new Set<string>()
  const glance = async () => void seen.add(JSON.stringify(await Promise.all(look.map(args => own.raw(...args)))))
  await glance()
  let done = false
  const calling = Promise.resolve(call()).finally(() => (done = true))
  while (!done) await glance()
  await calling
  await glance()
  return seen
}

describe('One call with 50,000 values is one step for everybody else', () => {
  let list: HotList<number>
  const length = ['LLEN', 'list']

  const states = (...each: unknown[][]) => each.map(state => JSON.stringify(state)).sort()
  const sorted = (seen: Set<string>) => [...seen].sort()

  beforeAll(async () => {
    list = own.hot.list('list', { initial: numbers(0, 10) })
    await own.hot.flush()
  })

  test('push', async () => {
    await list.replace(numbers(0, 10))
    const seen = await seenDuring(() => list.push(...numbers(10)), length)
    expect(sorted(seen)).toEqual(states([10], [many + 10]))
    expect(await list.toJS()).toEqual(numbers(0, many + 10))
  })

  test('extend', async () => {
    await list.replace(numbers(0, 10))
    const seen = await seenDuring(() => list.extend(numbers(10, 4 * many)), length)
    expect(sorted(seen)).toEqual(states([10], [4 * many + 10]))
    expect(await list.toJS()).toEqual(numbers(0, 4 * many + 10))
  })

  test('unshift', async () => {
    await list.replace(numbers(0, 10))
    const seen = await seenDuring(() => list.unshift(...numbers(10)), length)
    expect(sorted(seen)).toEqual(states([10], [many + 10]))
    expect(await list.toJS()).toEqual([...numbers(10), ...numbers(0, 10)])
  })

  test('splice', async () => {
    await list.replace(numbers(0, 10))
    const seen = await seenDuring(() => list.splice(5, 2, ...numbers(10)), length)
    expect(sorted(seen)).toEqual(states([10], [many + 8]))
    expect(await list.toJS()).toEqual([...numbers(0, 5), ...numbers(10), ...numbers(7, 3)])
  })

  test('replace of a list: never empty, never half of one and half of the other', async () => {
    await list.replace(numbers(0))
    // In one step of its own, so that what is seen is one moment.
    const look =
      "return {redis.call('LLEN', KEYS[1]), redis.call('LINDEX', KEYS[1], 0), redis.call('LINDEX', KEYS[1], -1)}"
    const seen = await seenDuring(() => list.replace(numbers(-many, 2 * many)), ['EVAL', look, '1', 'list'])
    expect(sorted(seen)).toEqual(states([[many, '0', String(many - 1)]], [[2 * many, String(-many), String(many - 1)]]))
    expect(await list.toJS()).toEqual(numbers(-many, 2 * many))
  })

  describe('of a dict', () => {
    let dict: HotDict<Record<string, number>>
    const size = ['HLEN', 'dict']
    const look = "return {redis.call('HLEN', KEYS[1]), redis.call('HMGET', KEYS[1], 'f0', 'f49999', 'old')}"
    beforeAll(() => {
      dict = own.hot.dict('dict')
    })

    test('update', async () => {
      await dict.replace({ old: 1 })
      const seen = await seenDuring(() => dict.update(fields(many, 2)), size)
      expect(sorted(seen)).toEqual(states([1], [many + 1]))
      expect({ ...(await dict.toJS()) }).toEqual({ ...fields(many, 2), old: 1 })
    })

    test('update of fields that exist', async () => {
      await dict.replace({ ...fields(many, 1), old: 1 })
      const seen = await seenDuring(() => dict.update(Object.entries(fields(many, 2))), ['EVAL', look, '1', 'dict'])
      expect(sorted(seen)).toEqual(states([[many + 1, ['1', '1', '1']]], [[many + 1, ['2', '2', '1']]]))
    })

    test('replace', async () => {
      await dict.replace({ ...fields(many, 1), old: 1 })
      const seen = await seenDuring(() => dict.replace(fields(many, 2)), ['EVAL', look, '1', 'dict'])
      expect(sorted(seen)).toEqual(states([[many + 1, ['1', '1', '1']]], [[many, ['2', '2', null]]]))
      expect({ ...(await dict.toJS()) }).toEqual(fields(many, 2))
    })
  })
})
