import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { failureOf, started } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

/** Publishes a message, and then takes its time. */
const SLOW_SCRIPT = `
  redis.call('PUBLISH', ARGV[2], ARGV[3])
  local function ms() local time = redis.call('TIME') return time[1] * 1000 + time[2] / 1000 end
  local ends = ms() + ARGV[1]
  while ms() < ends do end`

let server: Server
let raw: RawClient
let other: RawClient
let hot: Hot
let key: string

beforeAll(async () => {
  server = await startServer()
  raw = await rawClient(server.url)
  other = await rawClient(server.url)
  hot = createHot({ url: server.url })
  await raw.configSet('lua-time-limit', '20')
})
beforeEach(() => {
  key = freshKey()
})
afterAll(async () => {
  await hot.close()
  await Promise.all([raw.disconnect(), other.disconnect()])
  await server.stop()
})

/** Keeps Redis busy with another program's script: it replies BUSY. Resolves when it does; `done` when it has ended. */
async function busy(
  milliseconds: number,
  channel = 'none',
  message = ''
): Promise<{ readonly done: Promise<unknown> }> {
  const done = started(other.eval(SLOW_SCRIPT, { arguments: [String(milliseconds), channel, message] }))
  await sleep(60)
  expect(await failureOf(raw.ping())).toMatchObject({ message: expect.stringMatching(/^BUSY/) })
  return { done }
}

describe('While Redis is busy with a script of another program,', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['acquire()', () => hot.lock(key).acquire()],
    ['tryAcquire()', () => hot.lock(key).tryAcquire()],
    ['put()', () => hot.queue(key).put('a')],
    ['join()', () => hot.queue(key).join()]
  ])('%s goes on when it has ended', async (_, call) => {
    const { done } = await busy(300)
    await call()
    await done
  })

  test('a wait that has to ask goes on, in its place', async () => {
    const permit = await hot.lock(key).acquire()
    const wait = started(hot.lock(key).acquire())
    await lines(raw)(1, key, 'waiters')
    const [ticket = ''] = await raw.zRange(auxKeyName(key, 'waiters'), 0, 0)
    // The message tells the process to ask.
    const { done } = await busy(300, ...(ticket.split('/') as [channel: string, name: string]))
    await done
    expect(await raw.zRange(auxKeyName(key, 'waiters'), 0, 0)).toEqual([ticket])
    await permit.release()
    await (await wait).release()
  })

  test('a wait fails after the connect timeout, and leaves nothing behind', async () => {
    await using impatient = createHot({ url: server.url, connectTimeout: 150 })
    await impatient.list('connected').length
    const { done } = await busy(800)
    expect(await failureOf(impatient.queue(key).get())).toBeInstanceOf(ConnectionError)
    await done
    expect(await raw.zCard(auxKeyName(key, 'getters'))).toBe(0)
  })
})
