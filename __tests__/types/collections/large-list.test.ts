import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import type { HotList } from '../../../src/index.js'
import { ownServer, type OwnServer } from '../../support/own-server.js'
import { scaled } from '../../support/runs.js'

/** A million in `npm run soak`. */
const items = scaled(100_000)
/** A place in the list, as a part of its length. */
const at = (part: number) => Math.round(part * items)
const hour = 3_600_000

describe('A list of ${items} items', () => {
  let own: OwnServer
  let list: HotList<number>
  /** The native twin. */
  let array: number[]

  beforeAll(async () => {
    own = await ownServer()
    list = own.hot.list<number>('large')
    array = Array.from({ length: items }, (_, index) => index)
    await list.extend(array)
    await list.expire(hour)
  })

  afterAll(async () => own.close())

  async function expectTheSame() {
    // Every item is compared, but by a digest: a million of them take their time on the way here.
    const digest = "return redis.sha1hex(table.concat(redis.call('LRANGE', KEYS[1], 0, -1), ','))"
    expect(await list.length).toBe(array.length)
    expect(await own.raw('EVAL', digest, '1', 'large')).toBe(createHash('sha1').update(array.join()).digest('hex'))
    const ttl = await list.ttl()
    expect(ttl).toBeGreaterThan(hour / 2)
    expect(ttl).toBeLessThanOrEqual(hour)
  }

  test('has them all, and gives them all at once if asked to', async () => {
    await expectTheSame()
    const all = await list.toJS()
    expect(all.length).toBe(items)
    expect(all.findIndex((item, index) => item !== array[index])).toBe(-1)
  })

  test('is reversed, and keeps its time to live', async () => {
    await list.reverse()
    array.reverse()
    await expectTheSame()
  })

  test('takes an item in the middle, and keeps its time to live', async () => {
    for (const index of [at(0.5), at(0.3), -at(0.3)]) {
      await list.insert(index, -index)
      array.splice(index, 0, -index)
    }
    await expectTheSame()
  })

  test('gives an item out of the middle, and keeps its time to live', async () => {
    for (const index of [at(0.5), at(0.25), -at(0.25)]) {
      const [expected] = array.splice(index, 1)
      expect(await list.pop(index)).toBe(expected)
    }
    delete list[at(0.6)]
    array.splice(at(0.6), 1)
    await expectTheSame()
  })

  test('is spliced, 20,000 items out and 20,000 others in, and keeps its time to live', async () => {
    const others = Array.from({ length: 20_000 }, (_, index) => -index)
    expect(await list.splice(at(0.4), 20_000, ...others)).toEqual(array.splice(at(0.4), 20_000, ...others))
    expect(await list.splice(at(0.7), 5, ...others)).toEqual(array.splice(at(0.7), 5, ...others))
    expect(await list.splice(-at(0.1), at(0.02))).toEqual(array.splice(-at(0.1), at(0.02)))
    await expectTheSame()
  })

  test('is searched in Redis: indexOf, lastIndexOf, includes and count', async () => {
    await list.set(at(0.654321), 0.5)
    array[at(0.654321)] = 0.5
    await own.raw('CONFIG', 'RESETSTAT')
    expect(await list.indexOf(0.5)).toBe(at(0.654321))
    expect(await list.lastIndexOf(0.5)).toBe(at(0.654321))
    expect(await list.indexOf(array.at(-1)!)).toBe(array.indexOf(array.at(-1)!))
    expect(await list.indexOf(-0.5)).toBe(-1)
    expect(await list.includes(0.5)).toBe(true)
    expect(await list.includes(-0.5)).toBe(false)
    expect(await list.count(0.5)).toBe(1)
    expect(await own.bytesSent()).toBeLessThan(10_000)
  })

  test('is sorted, and keeps its time to live', async () => {
    await list.sort({ reverse: true })
    array.sort((one, other) => other - one)
    await expectTheSame()
  })

  test('is truncated and repeated, and keeps its time to live', async () => {
    list.length = at(0.3)
    array.length = at(0.3)
    await list.repeat(4)
    array = [...array, ...array, ...array, ...array]
    await expectTheSame()
  })

  test('is replaced, and keeps its time to live', async () => {
    array = Array.from({ length: items }, (_, index) => index)
    await list.replace(array)
    await expectTheSame()
  })
})
