import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { HotDict } from '../../../src/index.js'
import { ownServer, statistic, type OwnServer } from '../../support/own-server.js'
import { scaled } from '../../support/runs.js'

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(async () => own.close())

type Counts = Record<string, number>

const names = (prefix: string, from: number, length: number) =>
  Array.from({ length }, (_, index) => `${prefix} ${from + index}`)

const at = 1_000

async function addOthers(key: string, from: number): Promise<void> {
  await own.raw('HSET', key, ...names('other', from, at).flatMap(name => [name, '0']))
}

async function removeOthers(key: string, from: number): Promise<void> {
  await own.raw('HDEL', key, ...names('other', from, at))
}

/** How often `for await` gives each field that stays, while `change` is called over and over by another client. */
async function timesSeen(dict: HotDict<Counts>, change: (step: number) => Promise<void>): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  let done = false
  const changing = (async () => {
    for (let step = 0; !done; step++) await change(step)
  })()
  try {
    for await (const [field, value] of dict) {
      if (field.startsWith('other')) continue
      if (value !== 1) throw new Error(`${field} is ${value}`)
      times.set(field, (times.get(field) ?? 0) + 1)
    }
  } finally {
    done = true
    await changing
  }
  return times
}

function expectEachOnce(times: Map<string, number>, stay: readonly string[]): void {
  expect(stay.filter(name => !times.has(name))).toEqual([])
  expect([...times].filter(([, count]) => count !== 1)).toEqual([])
  expect(times.size).toBe(stay.length)
}

/** A dict of so many fields; of many more in `npm run soak`. */
const many = scaled(40_000)

describe('for await over a dict', () => {
  test(`of ${many} fields gives each that stays exactly once, while another client adds and removes others`, async () => {
    const stay = names('stay', 0, many)
    const dict = own.hot.dict<Counts>('growing')
    await dict.replace(Object.fromEntries(stay.map((name): [string, number] => [name, 1])))
    // Half as many others, so that the table grows on the way; then some of them go and come again.
    const times = await timesSeen(dict, async step => {
      if (step < many / 2 / at) await addOthers('growing', step * at)
      else await (step % 2 === 0 ? removeOthers : addOthers)('growing', (step % Math.ceil(many / 4 / at)) * at)
    })
    expectEachOnce(times, stay)
  })

  test('gives each field that stays exactly once, while the table shrinks because others go', async () => {
    const stay = names('stay', 0, 12_000)
    const dict = own.hot.dict<Counts>('shrinking')
    for (let from = 0; from < 130_000; from += at) await addOthers('shrinking', from)
    await dict.update(Object.fromEntries(stay.map((name): [string, number] => [name, 1])))
    const times = await timesSeen(dict, async step => {
      // Most of them at once, while pages are being read.
      if (step % 20 === 3)
        await Promise.all(Array.from({ length: 130 }, (_, part) => removeOthers('shrinking', part * at)))
      else if (step % 20 === 13)
        await Promise.all(Array.from({ length: 130 }, (_, part) => addOthers('shrinking', part * at)))
      else await own.raw('PING')
    })
    expectEachOnce(times, stay)
  })

  test('gives each field exactly once when its connection is lost on the way and it has to begin again', async () => {
    const stay = names('stay', 0, 50_000)
    const dict = own.hot.dict<Counts>('interrupted')
    await dict.replace(Object.fromEntries(stay.map((name): [string, number] => [name, 1])))
    const seen: string[] = []
    for await (const field of dict.keys()) {
      seen.push(field)
      if (seen.length === 20_000) await own.raw('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    }
    expect(seen.length).toBe(stay.length)
    expect(new Set(seen)).toEqual(new Set(stay))
  })

  test('leaves the server to others: it takes many short turns, not one long one', async () => {
    const fill = "for i = 1, ARGV[1] do redis.call('HSET', KEYS[1], 'field ' .. i, 1) end"
    await own.raw('EVAL', fill, '1', 'shared', '90000')
    await own.raw('CONFIG', 'RESETSTAT')
    let fields = 0
    for await (const field of own.hot.dict('shared').keys()) if (field) fields++
    expect(fields).toBe(90_000)
    const info = await own.raw('INFO', 'commandstats')
    expect(statistic(info, /cmdstat_hscan:calls=(\d+)/)).toBeGreaterThan(50)
    expect(info).not.toMatch(/cmdstat_(hgetall|hkeys):/)
  })
})
