import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type RedisClientType } from 'redis'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { startServer, type Server } from '../support/servers.js'

/** Keeps Redis busy, so that what others send meanwhile stays in the sockets. */
const BUSY = 'for i = 1, 3e7 do local x = i * 2 end'

let server: Server
let hot: Hot
beforeAll(async () => {
  server = await startServer({ durable: true, args: ['--lua-time-limit', '60000'] })
})
afterAll(() => server.stop())
beforeEach(() => {
  hot = createHot({ url: server.url, connectTimeout: 15_000 })
})
afterEach(() => hot.close())

async function withAdmin(act: (admin: RedisClientType) => Promise<unknown>): Promise<void> {
  const admin: RedisClientType = createClient({ url: server.url })
  admin.on('error', () => undefined)
  await admin.connect()
  try {
    await act(admin)
  } finally {
    await admin.disconnect()
  }
}

describe('CLIENT KILL', () => {
  test('reads under way answer all the same; writes under way that Redis never saw are unknown and never applied', async () => {
    const list = hot.list<number>()
    await list.push(1, 2, 3)
    await withAdmin(async admin => {
      const killed = Promise.all([
        admin.sendCommand(['EVAL', BUSY, '0']),
        admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      ])
      await sleep(60)
      const settled = await Promise.allSettled([list.toJS(), list.push(4), list.length, list.reverse(), list.at(-1)])
      await killed

      expect(
        settled.map(one => (one.status === 'fulfilled' ? one.value : (one.reason as ConnectionError).outcome))
      ).toEqual([[1, 2, 3], 'unknown', 3, 'unknown', 3])
    })
    await sleep(100)
    expect(await list.toJS()).toEqual([1, 2, 3])
  })

  test('of an idle connection is not noticed by anybody', async () => {
    const list = hot.list<number>()
    for (let round = 1; round <= 20; round++) {
      await withAdmin(admin => admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']))
      await sleep(10)
      expect(await list.push(round)).toBe(round)
    }
  })
})

describe('kill -9 of the server', () => {
  test('later calls work as soon as it is back', async () => {
    const list = hot.list<number>()
    await list.push(1)
    await server.kill()
    await sleep(50)
    const calls = [list.push(2), list.reverse(), list.toJS()]
    await server.restart()
    expect(await Promise.all(calls)).toEqual([2, undefined, [2, 1]])
    expect(await list.length).toBe(2)
  })

  test('what succeeded is there once, what is unknown at most once, what was not sent never', async () => {
    const list = hot.list<number>()
    const impatient = createHot({ url: server.url, connectTimeout: 100 })
    const outcomes = new Map<number, string>()
    const calls: Promise<void>[] = []
    let going = true
    const killing = (async () => {
      for (let round = 0; round < 5; round++) {
        await sleep(100 + Math.random() * 100)
        await server.kill()
        await sleep(Math.random() * 250)
        await server.restart()
      }
      await sleep(100)
      going = false
    })()
    const lists = [list, impatient.list<number>(list.key)]
    const counts = hot.dict<Record<string, number>>()
    for (let id = 0; going; id++) {
      const target = lists[id % 2]!
      const call =
        id % 5 === 0 ? target.splice(1e6, 0, id) : id % 5 === 1 ? counts.increment(String(id)) : target.push(id)
      calls.push(
        call.then(
          () => void outcomes.set(id, 'there'),
          (error: unknown) => void outcomes.set(id, error instanceof ConnectionError ? error.outcome : String(error))
        )
      )
      if (Math.random() < 0.5) await sleep(Math.random() * 2)
    }
    await killing
    await Promise.all(calls)
    await sleep(100)

    const stored = [...(await list.toJS()), ...Object.keys(await counts.toJS()).map(Number)]
    expect(Object.values(await counts.toJS()).filter(count => count !== 1)).toEqual([])
    const there = new Set(stored)
    expect(there.size).toBe(stored.length)
    const wrong = [...outcomes].filter(
      ([id, outcome]) => outcome !== 'unknown' && there.has(id) !== (outcome === 'there')
    )
    expect(wrong).toEqual([])
    expect(new Set(outcomes.values())).toEqual(new Set(['there', 'unknown', 'not-sent']))
    await impatient.close()
  })

  test('a server that stands still for a while (SIGSTOP) answers what is under way when it goes on', async () => {
    const list = hot.list<number>()
    await list.push(1)
    server.pause()
    const calls = [list.push(2), list.reverse(), list.toJS()]
    await sleep(300)
    server.resume()
    expect(await Promise.all(calls)).toEqual([2, undefined, [2, 1]])
  })
})
