import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
import { Crew, begin, lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

const WAITING = 12

let server: Server
let raw: RawClient
let hots: Hot[]
let key: string

beforeAll(async () => {
  server = await startServer()
  raw = await rawClient(server.url)
})
beforeEach(() => {
  key = freshKey()
  hots = Array.from({ length: WAITING }, () => createHot({ url: server.url }))
})
afterEach(() => Promise.all(hots.map(hot => hot.close())))
afterAll(async () => {
  await raw.disconnect()
  await server.stop()
})

/** How often Redis has run these since CONFIG RESETSTAT. */
async function calls(...names: readonly string[]): Promise<number> {
  const info = await raw.info('commandstats')
  const counts = names.map(name => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0))
  return counts.reduce((all, one) => all + one, 0)
}

test('However many processes wait at a queue, one of them looks what other programs have put', async () => {
  const ITEMS = 24
  const got: string[] = []
  const loop = async (hot: Hot) => {
    for await (const item of hot.queue<string>(key)) got.push(item)
  }
  const loops = hots.map(hot => started(loop(hot)))
  await lines(raw)(WAITING, key)
  await raw.sendCommand(['CONFIG', 'RESETSTAT'])
  for (let item = 0; item < ITEMS; item++) {
    await raw.rPush(key, JSON.stringify(`${item}`))
    await until('it is taken', () => got.length === item + 1)
  }
  expect(got).toEqual(Array.from({ length: ITEMS }, (_, item) => `${item}`))
  // Each of them did both for each item: 12 times as often.
  expect(await calls('llen')).toBeLessThan(8 * ITEMS)
  expect(await calls('eval', 'evalsha')).toBeLessThan(5 * ITEMS)
  await Promise.all(hots.map(hot => hot.close()))
  await Promise.allSettled(loops)
})

test('Another one looks when the wait of that one has ended', async () => {
  const stop = new AbortController()
  const first = started(hots[0]!.queue(key).get({ signal: stop.signal }))
  await lines(raw)(1, key)
  const others = [1, 2].map(index => started(hots[index]!.queue(key).get()))
  await lines(raw)(3, key)
  const [, , last = ''] = await raw.zRange(auxKeyName(key, 'getters'), 0, -1)
  const told: string[] = []
  const spy = await rawClient(server.url)
  await spy.subscribe(last.split('/')[0]!, message => told.push(message))
  stop.abort()
  await first.catch(() => undefined)
  await until('another is told', () => told.includes(`watch ${auxKeyName(key, 'getters')}`))
  await raw.rPush(key, ['"a"', '"b"'])
  expect((await Promise.all(others)).sort()).toEqual(['a', 'b'])
  await spy.disconnect()
})

test('The others look, too, when that one stands still', async () => {
  const [worker] = await new Crew(server.url).hire(1)
  begin([worker!], 'takes', `${key}:other`, 1)
  await lines(raw)(1, `${key}:other`)
  begin([worker!], 'waitsForSpace', key, 1)
  await until('it has put its item', async () => (await raw.lLen(key)) === 1)
  begin([worker!], 'waitsForSpace', key, 1)
  await lines(raw)(1, key, 'putters')
  const put = started(hots[0]!.queue<string>(key, { maxsize: 1 }).put('mine'))
  await lines(raw)(2, key, 'putters')
  worker!.kill('SIGSTOP')
  await raw.lPop(key)
  await sleep(100)
  // It gets its turn behind the item of the process that stands still.
  await until('that is put', async () => (await raw.lLen(key)) === 1)
  await raw.lPop(key)
  await put
  worker!.kill('SIGCONT')
})
