import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { started, until } from '../support/promises.js'
import { enqueued, kinds, limit } from '../support/queues.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

// What is looked at once a second comes half a second late on average: ten of them never come within three seconds.
const ROUNDS = 10
const WELL_UNDER = 3_000

describe.each(backends)('Other clients wake those who wait, on $name:', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(kinds)('at a $name', ({ make, unique }) => {
    test('RPUSH and LPUSH', async () => {
      const queue = make(hot, freshKey())
      const start = performance.now()
      for (let round = 0; round < ROUNDS; round++) {
        const waiting = started(queue.get(limit))
        await enqueued(raw, queue.key, 'getters', 1)
        await raw(queue.key, round % 2 ? 'RPUSH' : 'LPUSH', queue.key, `item ${round}`)
        expect(await waiting).toBe(`item ${round}`)
      }
      expect(performance.now() - start).toBeLessThan(WELL_UNDER)
      expect(await queue.size).toBe(0)
    })

    test('one RPUSH of several wakes several, in their order', async () => {
      const queue = make(hot, freshKey())
      const other = make(another(), queue.key)
      const waiting: Promise<string>[] = []
      for (const from of [queue, other, queue, other]) {
        waiting.push(started(from.get(limit)))
        await enqueued(raw, queue.key, 'getters', waiting.length)
      }
      await raw(queue.key, 'RPUSH', queue.key, 'a', 'b', 'c', 'd', 'e')
      const got = await Promise.all(waiting)
      const left = await queue.toJS()
      expect([...got, ...left].sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(left).toHaveLength(1)
    })

    if (!unique) {
      test('LPOP, RPOP, LTRIM and DEL make space', async () => {
        const queue = make(hot, freshKey(), { maxsize: 1, initial: ['first'] })
        await hot.flush()
        const start = performance.now()
        const ways = [['LPOP'], ['RPOP'], ['DEL'], ['LTRIM', '1', '0'], ['UNLINK']]
        for (let round = 0; round < ROUNDS; round++) {
          const waiting = started(queue.put(`item ${round}`, limit))
          await enqueued(raw, queue.key, 'putters', 1)
          const [command = '', ...args] = ways[round % ways.length]!
          await raw(queue.key, command, queue.key, ...args)
          await waiting
          expect(await queue.toJS()).toEqual([`item ${round}`])
        }
        expect(performance.now() - start).toBeLessThan(WELL_UNDER)
      })
    }

    test('LPOP of the last item ends join()', async () => {
      const queue = make(hot, freshKey(), { initial: ['a'] })
      const joined = started(queue.join(limit))
      await enqueued(raw, queue.key, 'joiners', 1)
      await raw(queue.key, 'LPOP', queue.key)
      await joined
    })
  })
})

describe('A wait outlives', () => {
  let server: Server
  let proxy: TcpProxy
  let hot: Hot
  let outside: Hot
  let client: ReturnType<typeof createClient>
  const raw = (_key: string, ...args: string[]) => client.sendCommand(args)

  beforeAll(async () => {
    server = await startServer()
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ url: proxy.url })
    outside = createHot({ url: server.url })
    client = createClient({ url: server.url }).on('error', () => undefined)
    await client.connect()
  })
  afterAll(async () => {
    await Promise.all([hot.close(), outside.close()])
    await client.disconnect()
    await proxy.stop()
    await server.stop()
  })

  test.each(['put', 'RPUSH'])('FLUSHALL, and a %s after it arrives', async way => {
    const queue = hot.queue<string>(freshKey())
    const waiting = [queue.get(limit), outside.queue<string>(queue.key).get(limit)].map(started)
    await enqueued(raw, queue.key, 'getters', 2)
    await raw('', 'FLUSHALL')
    const put = (item: string) =>
      way === 'put' ? outside.queue<string>(queue.key).put(item) : raw('', 'RPUSH', queue.key, item)
    await put('a')
    await put('b')
    expect((await Promise.all(waiting)).sort()).toEqual(['a', 'b'])
    expect(await queue.size).toBe(0)
  })

  test('FLUSHALL while it waits for space, which it makes', async () => {
    const queue = hot.queue<string>(freshKey(), { maxsize: 1, initial: ['a'] })
    await hot.flush()
    const [putting, joining] = [queue.put('b', limit), outside.queue(queue.key).join(limit)].map(started)
    await enqueued(raw, queue.key, 'putters', 1)
    await enqueued(raw, queue.key, 'joiners', 1)
    await raw('', 'FLUSHALL')
    await putting
    expect(await queue.get(limit)).toBe('b')
    await joining
  })

  test('SCRIPT FLUSH', async () => {
    const queue = hot.queue<string>(freshKey())
    const waiting = started(queue.get(limit))
    await enqueued(raw, queue.key, 'getters', 1)
    await raw('', 'SCRIPT', 'FLUSH')
    await outside.queue<string>(queue.key).put('a')
    expect(await waiting).toBe('a')
  })

  test('a lost connection: it asks again, and has its position', async () => {
    const queue = hot.queue<string>(freshKey())
    const waiting: Promise<string>[] = []
    for (const from of [hot, outside, hot]) {
      waiting.push(started(from.queue<string>(queue.key).get(limit)))
      await enqueued(raw, queue.key, 'getters', waiting.length)
    }
    const before = proxy.connections
    proxy.cut()
    await until('it has connected again', () => proxy.connections > before)
    // What is put by now may be handed on by those who are not back yet, so they are given time to.
    await hot.queue(queue.key).size
    await enqueued(raw, queue.key, 'getters', 3)
    await until('it can be told again', async () => {
      const channels = (await raw('', 'PUBSUB', 'CHANNELS', 'hot-redis:*')) as string[]
      return channels.length === 2
    })
    for (const item of ['a', 'b', 'c']) await outside.queue<string>(queue.key).put(item)
    expect(await Promise.all(waiting)).toEqual(['a', 'b', 'c'])
  })

  test('any number of lost connections, and no item is lost or doubled', async () => {
    const queue = hot.queue<number>(freshKey())
    const putter = outside.queue<number>(queue.key)
    const items = Array.from({ length: 1_000 }, (_, index) => index)
    const got: number[] = []
    let ended = false
    const taker = async () => {
      while (!ended) {
        try {
          got.push(await queue.get({ timeout: 500 }))
        } catch (error) {
          // A wait that gives up may be cut off; what it had been given comes back to the others.
          if (!['QueueEmptyError', 'ConnectionError'].includes((error as Error).name)) throw error
        }
      }
    }
    const takers = Promise.all(Array.from({ length: 10 }, taker))
    try {
      for (const item of items) {
        await putter.put(item)
        if (item % 50 === 25) proxy.cut()
      }
      await until('all have arrived', () => got.length >= items.length).catch(() => undefined)
    } finally {
      ended = true
      await takers
    }
    expect(got.sort((a, b) => a - b)).toEqual(items)
  })

  test('a server that is killed and comes back', async () => {
    const queue = outside.queue<string>(freshKey())
    const waiting = started(queue.get(limit))
    await enqueued(raw, queue.key, 'getters', 1)
    await server.restart()
    await until('somebody listens', async () => {
      await outside.queue(freshKey()).size.catch(() => undefined)
      return (await hot.queue(queue.key).size.catch(() => -1)) === 0
    })
    await outside.queue<string>(queue.key).put('a')
    expect(await waiting).toBe('a')
  })
})

describe('Where Redis does not allow CLIENT TRACKING', () => {
  test.each([
    ['only that', ['-client', '+client|id']],
    ['any CLIENT command', ['-client']]
  ])('(%s), other clients wake those who wait all the same', async (_, rights) => {
    const server = await startServer()
    const admin = createClient({ url: server.url }).on('error', () => undefined)
    await admin.connect()
    const raw = (_key: string, ...args: string[]) => admin.sendCommand(args)
    await raw('', 'ACL', 'SETUSER', 'worker', 'on', '>secret', '~*', '&*', '+@all', ...rights)
    const hot = createHot({ url: server.url.replace('redis://', 'redis://worker:secret@') })
    try {
      const [queue, full] = [hot.queue<string>('tasks'), hot.queue<string>('full', { maxsize: 1, initial: ['x'] })]
      for (let round = 0; round < 2; round++) {
        const waiting = [queue.get(limit), full.put('y', limit)].map(started)
        await enqueued(raw, queue.key, 'getters', 1)
        await enqueued(raw, full.key, 'putters', 1)
        await raw('', 'RPUSH', queue.key, 'a')
        await raw('', 'LPOP', full.key)
        await Promise.all(waiting)
        expect(await full.toJS()).toEqual(['y'])
      }
      const waiting = started(queue.get(limit))
      await enqueued(raw, queue.key, 'getters', 1)
      await queue.put('by ourselves')
      expect(await waiting).toBe('by ourselves')
    } finally {
      await hot.close()
      await admin.disconnect()
      await server.stop()
    }
  })
})
