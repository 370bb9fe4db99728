import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { HotList } from '../../../src/index.js'
import { ownServer, statistic, type OwnServer } from '../../support/own-server.js'
import { scaled } from '../../support/runs.js'

/** A million in `npm run soak`. */
const items = scaled(100_000)
/** What makes all of them 50 MB of text and more, however many they are. */
const dots = '.'.repeat(50_000_000 / items)
const textOf = (index: number) => `item ${index} ${dots}`

describe(`A list of ${items} items`, () => {
  let own: OwnServer
  let list: HotList<string>

  beforeAll(async () => {
    own = await ownServer()
    list = own.hot.list('large')
    const fill = "for i = 0, ARGV[1] - 1 do redis.call('RPUSH', KEYS[1], 'item ' .. i .. ' ' .. ARGV[2]) end"
    await own.raw('EVAL', fill, '1', 'large', String(items), dots)
  })

  afterAll(async () => own.close())

  test('is streamed by for await in constant memory, every item in its order', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const inUse = () => {
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }

    const before = inUse()
    let most = 0
    let next = 0
    for await (const text of list) {
      if (text !== textOf(next)) throw new Error(`item ${next} is ${text}`)
      if (++next % (items / 4) === items / 8) most = Math.max(most, inUse() - before)
    }
    expect(next).toBe(items)
    // All of it is 50 MB of text and more.
    expect(most).toBeLessThan(16 * 1024 * 1024)
  })

  test('has its next chunk fetched while the last is being used, and no more than that', async () => {
    const calls = async () => statistic(await own.raw('INFO', 'commandstats'), /cmdstat_lrange:calls=(\d+)/)
    await own.raw('CONFIG', 'RESETSTAT')
    let seen = 0
    for await (const item of list) {
      if (++seen > 1) break
      expect(item).toBe(textOf(0))
      for (const deadline = Date.now() + 5_000; (await calls()) < 2 && Date.now() < deadline;) await sleep(1)
      expect(await calls()).toBe(2)
      await sleep(50)
      expect(await calls()).toBe(2)
    }
  })

  test('is not read on when the loop is left', async () => {
    await own.raw('CONFIG', 'RESETSTAT')
    for await (const item of list) if (item === textOf(10)) break
    await list.length
    const calls = statistic(await own.raw('INFO', 'commandstats'), /cmdstat_lrange:calls=(\d+)/)
    expect(calls).toBeLessThanOrEqual(3)
  })
})
