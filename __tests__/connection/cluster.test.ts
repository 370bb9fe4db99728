import { afterAll, describe, expect, test } from '@jest/globals'
import { createCluster } from 'redis'
import { createHot, CrossSlotError } from '../../src/index.js'
import { slotOf, tagOfSlot } from '../support/keys.js'
import { backends } from '../support/backends.js'
import { failureOf } from '../support/promises.js'

const cluster = createCluster({ rootNodes: process.env['HOT_TEST_CLUSTER']!.split(',').map(url => ({ url })) })
const hot = createHot({ client: cluster, prefix: 'c:' })
const { raw } = backends[1]!

afterAll(async () => {
  await hot.close()
  await cluster.disconnect()
})

/** All keys of the cluster that have a text in their name. */
async function keysWith(text: string): Promise<string[]> {
  if (!cluster.isOpen) await cluster.connect()
  const found = await Promise.all(
    cluster.masters.map(async node => (await cluster.nodeClient(node)).sendCommand<string[]>(['KEYS', '*']))
  )
  return found.flat().filter(key => key.includes(text))
}

describe('Calls on several keys of a cluster', () => {
  // Three slots on three nodes.
  const [a, b] = [hot.list<number>('a', { initial: [1, 2] }), hot.list<number>('b', { initial: [3] })]
  const dict = hot.dict<{ n: number }>('a:dict', { initial: { n: 1 } })
  const calls: [string, () => Promise<unknown>, string, string][] = [
    ['equals', () => a.equals(b), 'c:a', 'c:b'],
    ['concat', () => a.concat(b), 'c:a', 'c:b'],
    ['copyTo', () => dict.copyTo('b:dict'), 'c:a:dict', 'c:b:dict']
  ]

  test.each(calls)(
    '%s across slots is a CrossSlotError that names the keys and shows a hash tag',
    async (name, call, first, second) => {
      const error = (await failureOf(call())) as CrossSlotError
      expect(error).toBeInstanceOf(CrossSlotError)
      expect(error).toMatchObject({ name: 'CrossSlotError', code: 'CROSS_SLOT', key: first })
      expect(error.operation).toMatch(new RegExp(`^(List|Dict)\\.${name}$`))
      expect(error.message).toContain(`'${first}'`)
      expect(error.message).toContain(`'${second}'`)
      expect(error.message).toMatch(/\{\w+\}/)
    }
  )

  test('it sends nothing and leaves everything as it was', async () => {
    await Promise.allSettled(calls.map(([, call]) => call()))
    expect(await hot.dict('b:dict').exists()).toBe(false)
    expect(await Promise.all([a.toJS(), b.toJS(), dict.toJS()])).toEqual([[1, 2], [3], { n: 1 }])
  })

  test('they work on keys that share a hash tag', async () => {
    const [x, y] = [hot.list<number>('{tag}:x', { initial: [1] }), hot.list<number>('{tag}:y', { initial: [1] })]
    expect(await x.equals(y)).toBe(true)
    expect(await x.concat(y, [2])).toEqual([1, 1, 2])
    const copy = await hot.dict<{ n: number }>('{tag}:d', { initial: { n: 1 } }).copyTo('{tag}:e')
    expect(await copy.toJS()).toEqual({ n: 1 })
  })

  test('they work on one key with itself and with plain values, in whatever slot', async () => {
    expect(await a.equals(a)).toBe(true)
    expect(await a.equals([1, 2])).toBe(true)
    expect(await a.concat(a, [7])).toEqual([1, 2, 1, 2, 7])
  })

  test('a prefix with a hash tag puts everything in one slot', async () => {
    const tagged = createHot({ client: cluster, prefix: '{app}:' })
    expect(await tagged.list('p').equals(tagged.list('q'))).toBe(true)
    expect(await tagged.list<number>('p').concat(tagged.list<number>('q'))).toEqual([])
    await tagged.close()
  })
})

describe.each(backends)('Keys with odd braces on $name', ({ createHot, raw }) => {
  const many = Array.from({ length: 20_000 }, (_, index) => index)
  const keys = ['a}b', '{}x', 'a{b', '{tag}x', '}{', '{', '}', '{{a}}', 'x{}y{z}', '{}', 'ä{ö}ü', '{a', 'a{b}c}d{e}']
  const plain = createHot()

  test.each(keys)('%s works, through calls that need helper keys too', async key => {
    const list = plain.list<number>(key, { initial: [3, 1, 2] })
    await list.push(...many)
    await list.splice(3, 20_000)
    expect(await list.splice(1, 1, ...many)).toEqual([1])
    expect(await list.length).toBe(20_002)
    expect(await list.splice(1, 20_000)).toEqual(many)
    await list.sort()
    await list.repeat(2)
    await list.sort({ reverse: true })
    await list.reverse()
    expect(await list.toJS()).toEqual([2, 2, 3, 3])
    // By a key of the same slot, for node-redis itself takes 'x{}y{z}' to the wrong node.
    const route = `{${tagOfSlot(slotOf(key))}}`
    expect(await raw(route, 'LRANGE', key, '0', '-1')).toEqual(['2', '2', '3', '3'])
    expect(await list.equals([2, 2, 3, 3])).toBe(true)
    await list.clear()
  })

  test('and as a prefix', async () => {
    for (const prefix of ['{', '}', '{}', 'a}', '{t}']) {
      const list = createHot({ prefix }).list<number>('list', { initial: [3, 1, 2] })
      await list.splice(1, 0, ...many)
      await list.sort()
      expect(await list.length).toBe(20_003)
      await list.clear()
    }
  })
})

test('no helper keys are left behind', async () => {
  const list = hot.list<number>('helped', { initial: [2, 1] })
  await list.splice(0, 0, ...Array.from({ length: 20_000 }, (_, index) => index))
  await list.sort()
  const odd = hot.list<number>('hel}ped', { initial: [2, 1] })
  await odd.splice(0, 0, ...Array.from({ length: 20_000 }, (_, index) => index))
  await odd.sort()
  await failureOf(hot.list<number>('a:dict').splice(0, 0, ...Array.from({ length: 20_000 }, (_, index) => index)))
  expect((await keysWith('helped')).sort()).toEqual(['c:helped'])
  expect((await keysWith('hel}ped')).sort()).toEqual(['c:hel}ped'])
  expect(await keysWith('a:dict:')).toEqual([])
  expect(await keysWith('staged')).toEqual([])
  expect(await keysWith('sorting')).toEqual([])
})

test('calls on many keys keep their order for each key, and reach their own node', async () => {
  const lists = Array.from({ length: 60 }, (_, index) => hot.list<number>(`order:${index}`))
  for (let round = 0; round < 30; round++) {
    for (const list of lists) {
      if (round % 3 === 0) void list.reverse()
      void (round % 2 === 0 ? list.push(round) : list.splice(1e6, 0, round))
    }
  }
  const model: number[] = []
  for (let round = 0; round < 30; round++) {
    if (round % 3 === 0) model.reverse()
    model.push(round)
  }
  const ends = await Promise.all(lists.map(list => list.toJS()))
  expect(ends).toEqual(lists.map(() => model))
  expect(await raw('c:order:7', 'LLEN', 'c:order:7')).toBe(30)
  await Promise.all(lists.map(list => list.clear()))
})
