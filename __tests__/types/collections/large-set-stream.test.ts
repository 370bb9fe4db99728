import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fillSet } from '../../support/fill-set.js'
import { ownServer, type OwnServer } from '../../support/own-server.js'

const million = 1_000_000

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(async () => own.close())

describe('for await over a set', () => {
  test('of 1,000,000 members takes constant memory, and gives each once', async () => {
    const filling = `for i = 0, ARGV[1] - 1 do redis.call('SADD', KEYS[1], 'member ' .. i .. ('.'):rep(50)) end`
    await own.raw('EVAL', filling, '1', 'texts', String(million))
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const inUse = () => {
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const seen = new Uint8Array(million)
    const before = inUse()
    const growth: number[] = []
    let members = 0
    for await (const member of own.hot.set<string>('texts')) {
      const number = Number(/^member (\d+)/.exec(member)?.[1])
      seen[number]!++
      if (++members % 100_000 === 50_000) growth.push(inUse() - before)
    }
    expect(members).toBe(million)
    expect(seen.every(times => times === 1)).toBe(true)
    // All of it is 60 MB of text and more; the last 100,000 are remembered.
    expect(Math.max(...growth)).toBeLessThan(40 * 1024 * 1024)
    expect(growth.at(-1)! - growth[3]!).toBeLessThan(8 * 1024 * 1024)
  }, 180_000)
  test('that others change gives each member that stays exactly once, while the table grows and shrinks', async () => {
    const stay = 120_000
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
    expect(members).toBe(120_000)
    const info = String(await own.raw('INFO', 'commandstats'))
    expect(Number(/cmdstat_sscan:calls=(\d+)/.exec(info)?.[1])).toBeGreaterThan(50)
    expect(info).not.toMatch(/cmdstat_smembers:/)
  })
})
