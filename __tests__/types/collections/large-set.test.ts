import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { HotSet } from '../../../src/index.js'
import { fillSet, type Range } from '../../support/fill-set.js'
import { ownServer, type OwnServer } from '../../support/own-server.js'
import { scaled } from '../../support/runs.js'

/** A million in `npm run soak`. */
const members = scaled(100_000)
/** A number that is a part of that. */
const at = (part: number) => Math.round(part * members)
const hour = 3_600_000

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(async () => own.close())

/** What the members are, by their number and their sum, worked out in Redis. */
async function summaryOf(key: string): Promise<[size: number, sum: number]> {
  const script = `
    local sum, members = 0, redis.call('SMEMBERS', KEYS[1])
    for i = 1, #members do sum = sum + members[i] end
    return { #members, string.format('%d', sum) }`
  const [size, sum] = (await own.raw('EVAL', script, '1', key)) as [number, string]
  return [size, Number(sum)]
}

const sizeOf = ([from, to]: Range) => to - from
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0)
const summary = (ranges: readonly Range[]) => [
  total(ranges.map(sizeOf)),
  total(ranges.map(range => ((range[0] + range[1] - 1) * sizeOf(range)) / 2))
]
const numbers = (range: Range) => Array.from({ length: sizeOf(range) }, (_, index) => range[0] + index)

/** Every key that a second client sees, asking for all of them over and over, while `work` goes on. */
async function keysSeenDuring(work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>()
  let done = false
  let looks = 0
  const looking = (async () => {
    while (!done) {
      for (const key of (await own.raw('KEYS', '*')) as string[]) seen.add(key)
      looks++
    }
  })()
  try {
    await work()
  } finally {
    done = true
    await looking
  }
  expect(looks).toBeGreaterThan(0)
  return [...seen].sort()
}

describe(`A set of ${members} members`, () => {
  let set: HotSet<number>
  /** As many, a tenth further on. */
  let shifted: HotSet<number>
  const beyond = numbers([members, members + at(0.1)])
  const across = numbers([members - at(0.05), members + at(0.05)])

  beforeAll(async () => {
    set = own.hot.set('large')
    shifted = own.hot.set('shifted')
    await fillSet(own, 'whole', [0, members])
    await fillSet(own, 'shifted', [at(0.1), members + at(0.1)])
  })

  beforeEach(async () => {
    if ((await set.size) === members) return
    await own.raw('COPY', 'whole', 'large', 'REPLACE')
    await set.expire(hour)
  })

  async function expectMembers(...ranges: Range[]) {
    expect(await summaryOf('large')).toEqual(summary(ranges))
    expect(await set.ttl()).toBeGreaterThan(hour / 2)
  }

  test('is added to, asked and taken from', async () => {
    expect(await set.add(...across.slice(at(0.04), at(0.06)))).toBe(at(0.01))
    expect(await set.hasMany(...across.slice(at(0.05), at(0.07)))).toEqual(
      across.slice(at(0.05), at(0.07)).map(n => n < members + at(0.01))
    )
    expect(await set.has(-1)).toBe(false)
    expect(await set.delete(0)).toBe(true)
    expect(await set.pop()).toBeGreaterThan(0)
    expect(new Set(await set.sample(at(0.05))).size).toBe(at(0.05))
    expect(await set.size).toBe(members + at(0.01) - 2)
  })

  test('is united, intersected and compared with another handle and with plain members', async () => {
    expect((await set.union(shifted)).size).toBe(members + at(0.1))
    expect((await set.intersection(shifted, across)).size).toBe(at(0.05))
    expect((await set.difference(shifted)).size).toBe(at(0.1))
    expect((await set.symmetricDifference(shifted)).size).toBe(at(0.2))
    expect(await set.isSubsetOf(shifted)).toBe(false)
    expect(await set.isSupersetOf(shifted)).toBe(false)
    expect(await set.isDisjointFrom(shifted)).toBe(false)
    expect(await set.isSubsetOf(across)).toBe(false)
    expect(await set.isSupersetOf(across)).toBe(false)
    expect(await set.isSupersetOf(across.slice(0, at(0.05)))).toBe(true)
    expect(await set.isDisjointFrom(beyond)).toBe(true)
  })

  const inPlace: readonly (readonly [string, () => Promise<void>, ...Range[]])[] = [
    ['update(handle)', () => set.update(shifted), [0, at(1.1)]],
    ['update(members)', () => set.update(across), [0, at(1.05)]],
    ['intersectionUpdate(handle)', () => set.intersectionUpdate(shifted), [at(0.1), members]],
    ['intersectionUpdate(members)', () => set.intersectionUpdate(across), [at(0.95), members]],
    ['differenceUpdate(handle)', () => set.differenceUpdate(shifted), [0, at(0.1)]],
    ['differenceUpdate(members)', () => set.differenceUpdate(across), [0, at(0.95)]],
    [
      'symmetricDifferenceUpdate(handle)',
      () => set.symmetricDifferenceUpdate(shifted),
      [0, at(0.1)],
      [members, at(1.1)]
    ],
    [
      'symmetricDifferenceUpdate(members)',
      () => set.symmetricDifferenceUpdate(across),
      [0, at(0.95)],
      [members, at(1.05)]
    ]
  ]

  test.each(inPlace)(
    'is changed in place by %s, with its time to live, and no other key is ever seen',
    async (_, change, ...ranges) => {
      expect(await keysSeenDuring(change)).toEqual(['large', 'shifted', 'whole'])
      await expectMembers(...ranges)
      expect(((await own.raw('KEYS', '*')) as string[]).sort()).toEqual(['large', 'shifted', 'whole'])
    }
  )

  test('is replaced, read and compared as a whole', async () => {
    const all = numbers([1, members + 1])
    await set.replace(all)
    await expectMembers([1, members + 1])
    expect((await set.toJS()).size).toBe(members)
    expect(await set.equals(all)).toBe(true)
  })
})
