import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../../src/index.js'
import { statistic } from '../../support/own-server.js'
import { rawClient, type RawClient } from '../../support/crew.js'
import { started } from '../../support/promises.js'
import { startServer, type Server } from '../../support/servers.js'

/** A server of its own: a script that does not end keeps it from answering anybody. */
let server: Server
let hot: Hot
let raw: RawClient

beforeAll(async () => {
  server = await startServer()
  hot = createHot({ url: server.url })
  raw = await rawClient(server.url)
})

afterAll(async () => {
  const closed = hot.close().catch(() => undefined)
  await Promise.race([closed, sleep(1_000).then(() => server.kill())])
  await raw.disconnect()
  await server.stop()
})

const busyFor = (call: Promise<unknown>) => Promise.race([started(call), sleep(2_000).then(() => 'is still busy')])

describe('repeat() of nothing ends at once, however often,', () => {
  test('of a list', async () => {
    const list = hot.list('no list')
    expect(await busyFor(list.repeat(Number.MAX_SAFE_INTEGER))).toBeUndefined()
    expect(await list.exists()).toBe(false)
  })

  test('of a string', async () => {
    const text = hot.string('no text')
    expect(await busyFor(text.repeat(2 ** 31 - 1))).toBeUndefined()
    expect(await text.exists()).toBe(false)
    const made = await hot.immutableString('no text either').repeat(2 ** 31 - 1)
    expect(await made.toJS()).toBe('')
  })
})

describe('repeat() of a list', () => {
  test.each([
    [['a'], 1],
    [['a'], 2],
    [['a'], 7],
    [['a', 'b', 'c'], 5],
    [['a', 'b'], 5_000],
    [Array.from({ length: 1_001 }, (_, index) => `${index}`), 3],
    [Array.from({ length: 2_500 }, (_, index) => `${index}`), 5]
  ])('gives its items in their order, and keeps its time to live (%#)', async (items, times) => {
    const list = hot.list<string>('list', { initial: items })
    await list.expire(60_000)
    await list.repeat(times)
    expect(await list.toJS()).toEqual(Array.from({ length: times }, () => items).flat())
    expect(await list.ttl()).toBeGreaterThan(0)
  })

  test('copies a short one in long runs', async () => {
    const list = hot.list<string>('short', { initial: ['a'] })
    await list.length
    await raw.sendCommand(['CONFIG', 'RESETSTAT'])
    await list.repeat(100_000)
    expect(statistic(await raw.info('commandstats'), /cmdstat_rpush:calls=(\d+)/)).toBeLessThan(200)
    expect(await list.length).toBe(100_000)
  })
})
