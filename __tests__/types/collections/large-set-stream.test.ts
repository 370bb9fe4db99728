import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fillSet } from '../../support/fill-set.js'
import { ownServer, type OwnServer } from '../../support/own-server.js'
import { scaled } from '../../support/runs.js'

/** Ten times as many in `npm run soak`. */
const most = scaled(300_000)

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(async () => own.close())

/** Of the set that others change. */
const stay = scaled(40_000)

describe('for await over a set', () => {
  test(`of ${most} members takes constant memory, and gives each once`, async () => {
    const filling = `for i = 0, ARGV[1] - 1 do redis.call('SADD', KEYS[1], 'member ' .. i .. ('.'):rep(50)) end`
    await own.raw('EVAL', filling, '1', 'texts', String(most))
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const inUse = () => {
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const seen = new Uint8Array(most)
    const before = inUse()
    const growth: number[] = []
    let members = 0
    for await (const member of own.hot.set<string>('texts')) {
      const number = Number(/^member (\d+)/.exec(member)?.[1])
      seen[number]!++
      if (++members % (most / 10) === most / 20) growth.push(inUse() - before)
    }
    expect(members).toBe(most)
    expect(seen.every(times => times === 1)).toBe(true)
    // The last 100,000 are remembered, and no more than that.
    expect(Math.max(...growth)).toBeLessThan(40 * 1024 * 1024)
    expect(growth.at(-1)! - growth[5]!).toBeLessThan(8 * 1024 * 1024)
  })

  test('that others change gives each member that stays exactly once, while the table grows and shrinks', async () => {
    await own.raw('DEL', 'changing')
    await fillSet(own, 'changing', [0, stay])
    let done = false
    const changing = (async () => {
      for (let step = 0; !done; step++) {
        const others = Array.from({ length: 1_000 }, (_, index) => String(-1 - index - 1_000 * (step % 100)))
        await own.raw(Math.floor(step / 100) % 2 === 0 ? 'SADD' : 'SREM', 'changing', ...others)
      }
    })()
    const times = new Uint8Array(stay)
    try {
      for await (const member of own.hot.set<number>('changing')) if (member >= 0) times[member]!++
    } finally {
      done = true
      await changing
    }
    expect(times.findIndex(count => count !== 1)).toBe(-1)
  })

  test('takes many short turns, not one long one', async () => {
    await own.raw('CONFIG', 'RESETSTAT')
    let members = 0
    for await (const member of own.hot.set<number>('changing').values()) members += member >= 0 ? 1 : 0
    expect(members).toBe(stay)
    const info = String(await own.raw('INFO', 'commandstats'))
    expect(Number(/cmdstat_sscan:calls=(\d+)/.exec(info)?.[1])).toBeGreaterThan(50)
    expect(info).not.toMatch(/cmdstat_smembers:/)
  })
})
