import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import {
  ConnectionError,
  HotError,
  IndexError,
  KeyTypeError,
  OverflowError,
  TransactionError,
  createHot,
  type Hot,
  type HotDict,
  type HotList
} from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { versions } from '../support/node-redis.js'
import { failureOf } from '../support/promises.js'
import { countRoundTrips } from '../support/round-trips.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const nothing = () => undefined
type Counter = HotDict<{ n: number }>

const newClient = (url: string) => createClient({ url }).on('error', nothing)

describe.each(backends)('A command that fails inside EXEC on $name', ({ createHot }) => {
  const hot = createHot()

  async function newWorld() {
    const tag = `{${freshKey()}}`
    const list = hot.list<string>(`${tag}:list`)
    const dict = hot.dict<{ n: number; name: string }>(`${tag}:dict`)
    await Promise.all([list.push('a'), dict.update({ n: 1, name: 'Ada' })])
    return { list, dict, wrong: hot.list<string>(dict.key) }
  }

  describe.each([
    ['after reads', true],
    ['without reads', false]
  ])('%s', (_, reads) => {
    test('leaves the others in effect, and the error lists every result', async () => {
      const { list, dict, wrong } = await newWorld()
      const error = await failureOf(
        hot.transaction(async () => {
          if (reads) await list.length
          void list.push('b')
          void wrong.push('x')
          void list.set(99, 'x')
          void dict.increment('n', Number.MAX_SAFE_INTEGER)
          void dict.increment('n', 2)
          void list.push('c')
        })
      )
      expect(error).toBeInstanceOf(TransactionError)
      expect((error as TransactionError).results).toEqual([
        { status: 'fulfilled', value: 2 },
        { status: 'rejected', reason: expect.any(KeyTypeError) },
        { status: 'rejected', reason: expect.any(IndexError) },
        { status: 'rejected', reason: expect.any(OverflowError) },
        { status: 'fulfilled', value: 3 },
        { status: 'fulfilled', value: 3 }
      ])
      expect((error as Error).message).toContain(dict.key)
      expect(await list.toJS()).toEqual(['a', 'b', 'c'])
      expect(await dict.toJS()).toEqual({ n: 3, name: 'Ada' })
    })

    test('rejects the promise of that call, and the others have their results', async () => {
      const { list, wrong } = await newWorld()
      const kept: Promise<unknown>[] = []
      await hot
        .transaction(async () => {
          if (reads) await list.length
          kept.push(list.push('b'), wrong.push('x'), list.push('c'))
        })
        .catch(nothing)
      expect(await Promise.allSettled(kept)).toEqual([
        { status: 'fulfilled', value: 2 },
        { status: 'rejected', reason: expect.any(KeyTypeError) },
        { status: 'fulfilled', value: 3 }
      ])
    })

    test('is not run again', async () => {
      const { list, wrong } = await newWorld()
      let runs = 0
      await hot
        .transaction(async () => {
          runs++
          if (reads) await list.length
          void wrong.push('x')
        })
        .catch(nothing)
      expect(runs).toBe(1)
    })
  })

  test('leaves what a failed read is: its error, with nothing sent', async () => {
    const { list, wrong } = await newWorld()
    const failing = hot.transaction(async () => {
      void list.push('never')
      await wrong.length
    })
    await expect(failing).rejects.toBeInstanceOf(KeyTypeError)
    expect(await list.toJS()).toEqual(['a'])
  })

  test('a read that fails may be caught, and the rest goes on', async () => {
    const { list, wrong } = await newWorld()
    const [length] = await hot.transaction(async () => {
      await wrong.length.catch(nothing)
      return [list.push('b')]
    })
    expect(length).toBe(2)
  })
})

describe('A transaction and its connection', () => {
  let server: Server
  let proxy: TcpProxy
  let hot: Hot
  let direct: Hot
  let raw: ReturnType<typeof newClient>
  let counter: Counter
  let list: HotList<string>

  beforeAll(async () => {
    server = await startServer()
    direct = createHot({ url: server.url })
    raw = newClient(server.url)
    await raw.connect()
  })

  afterAll(async () => {
    await direct.close().catch(nothing)
    await raw.disconnect()
    await server.stop()
  })

  beforeEach(async () => {
    await raw.flushAll()
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ url: proxy.url, connectTimeout: 3_000 })
    counter = hot.dict('counter')
    list = hot.list('list')
    // Both kinds of connections are there from the start.
    await counter.set('n', 5)
    await hot.transaction(() => counter.n)
  })

  afterEach(async () => {
    await hot.close().catch(nothing)
    await proxy.stop()
  })

  const stored = async () => [await direct.dict('counter').get('n'), await direct.list('list').length]

  /** Cuts the connection when a request of that kind goes by, once. */
  function cutAt(text: string): void {
    let done = false
    proxy.onRequest = chunk => {
      if (done || !chunk.includes(text)) return 'pass'
      done = true
      return 'cut'
    }
  }

  /** Lets a request of that kind through, and cuts the connection when the answer comes. */
  function cutAnswerTo(text: string): void {
    let asked = false
    let done = false
    proxy.onRequest = chunk => {
      asked ||= chunk.includes(text)
      return 'pass'
    }
    proxy.onReply = () => {
      if (!asked || done) return 'pass'
      done = true
      return 'cut'
    }
  }

  const add = async (during: (run: number) => unknown = nothing) => {
    let runs = 0
    await hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      await during(++runs)
      counter.n = n + 1
      void list.push('x')
    })
    return runs
  }

  describe('takes', () => {
    test('one round trip when it only writes', async () => {
      await list.push('warm')
      const roundTrips = countRoundTrips(proxy)
      await hot.transaction(() => [list.push('x'), list.push('y'), counter.increment('n')])
      expect(roundTrips()).toBe(1)
    })

    test('at most three with one read and one write', async () => {
      const roundTrips = countRoundTrips(proxy)
      await hot.transaction(async () => {
        const n = (await counter.n) ?? 0
        counter.n = n + 1
      })
      expect(roundTrips()).toBeLessThanOrEqual(3)
    })

    test('no more for reads made at once', async () => {
      const roundTrips = countRoundTrips(proxy)
      await hot.transaction(() => [counter.n, list.length, counter.size, list.at(0)])
      expect(roundTrips()).toBeLessThanOrEqual(3)
    })

    test('none when fn uses nothing', async () => {
      const unreachable = createHot({ url: 'redis://127.0.0.1:1' })
      expect(await unreachable.transaction(() => 'done')).toBe('done')
    })

    test('nothing that was queued is on its way before fn has ended', async () => {
      const before = proxy.requests.length
      await hot.transaction(async () => {
        await counter.n
        void list.push('a-value-to-look-for')
        await sleep(20)
        expect(proxy.requests.slice(before)).not.toContain('a-value-to-look-for')
      })
      expect(proxy.requests.slice(before)).toContain('a-value-to-look-for')
    })
  })

  describe('lost', () => {
    test('before it reads: it is run on another', async () => {
      proxy.cut()
      await add()
      expect(await stored()).toEqual([6, 1])
    })

    test('when the WATCH is on its way: it is run again', async () => {
      cutAt('WATCH')
      expect(await add()).toBe(1)
      expect(await stored()).toEqual([6, 1])
    })

    test('when what was read is on its way back: it is run again', async () => {
      cutAnswerTo('WATCH')
      await add()
      expect(await stored()).toEqual([6, 1])
    })

    test('between a read and the end of fn: it is run again', async () => {
      const runs = await add(async run => {
        if (run > 1) return
        proxy.cut()
        await sleep(20)
      })
      expect(runs).toBe(2)
      expect(await stored()).toEqual([6, 1])
    })

    test('between a read and the end of fn, with another client writing meanwhile: nothing is lost', async () => {
      const runs = await add(async run => {
        if (run > 1) return
        proxy.cut()
        await direct.dict<{ n: number }>('counter').increment('n', 10)
        await sleep(20)
      })
      expect(runs).toBe(2)
      expect(await stored()).toEqual([16, 1])
    })

    test('between a read and the end, and fn throws: what it threw was on what may not be true, it is run again', async () => {
      let runs = 0
      const seen = await hot.transaction(async () => {
        const n = await counter.n
        if (++runs > 1) return n
        proxy.cut()
        await direct.dict<{ n: number }>('counter').set('n', 9)
        throw new Error('on what was')
      })
      expect([seen, runs]).toEqual([9, 2])
    })

    test('between two reads, and the failed read is caught: it is run again all the same', async () => {
      let runs = 0
      const seen = await hot.transaction(async () => {
        const n = (await counter.n) ?? 0
        if (++runs === 1) {
          proxy.cut()
          await direct.dict<{ n: number }>('counter').increment('n', 10)
        }
        const length = await list.length.catch(() => -1)
        counter.n = n + 1
        return length
      })
      expect([seen, runs]).toEqual([0, 2])
      expect(await stored()).toEqual([16, 0])
    })

    test('when the EXEC is on its way: the outcome is unknown, it is not run again, and here nothing was applied', async () => {
      cutAt('EXEC')
      let runs = 0
      const error = await failureOf(add(() => runs++))
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ outcome: 'unknown' })
      expect(runs).toBe(1)
      expect(await stored()).toEqual([5, 0])
    })

    test('when the answer to EXEC is on its way: the outcome is unknown, it is not run again, and here it was applied', async () => {
      cutAnswerTo('EXEC')
      let runs = 0
      const error = await failureOf(add(() => runs++))
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ outcome: 'unknown' })
      expect(runs).toBe(1)
      expect(await stored()).toEqual([6, 1])
    })

    test('when the answer to EXEC is on its way: queued writes reject with the same outcome', async () => {
      cutAnswerTo('EXEC')
      let pushed: Promise<number> | undefined
      await hot
        .transaction(async () => {
          await counter.n
          pushed = list.push('x')
        })
        .catch(nothing)
      await expect(pushed).rejects.toMatchObject({ outcome: 'unknown' })
    })

    test('when the EXEC of one that only read is on its way: it is run again, for it writes nothing', async () => {
      cutAt('EXEC')
      let runs = 0
      expect(
        await hot.transaction(() => {
          runs++
          return counter.n
        })
      ).toBe(5)
      expect(runs).toBe(2)
    })

    test('when the EXEC after a throw is on its way: it is run again', async () => {
      cutAt('EXEC')
      const thrown = new Error('no')
      let runs = 0
      const failing = hot.transaction(async () => {
        runs++
        await counter.n
        throw thrown
      })
      await expect(failing).rejects.toBe(thrown)
      expect(runs).toBe(2)
    })

    test('before a write-only one: it goes to another', async () => {
      proxy.cut()
      await sleep(20)
      expect(await hot.transaction(() => [list.push('x')])).toEqual([1])
    })

    test('when the EXEC of a write-only one is on its way: unknown, here nothing was applied', async () => {
      cutAt('EXEC')
      const error = await failureOf(hot.transaction(() => [list.push('x'), list.push('y')]))
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ outcome: 'unknown' })
      expect(await stored()).toEqual([5, 0])
    })

    test('when the answer to a write-only one is on its way: unknown, here it was applied, once', async () => {
      cutAnswerTo('EXEC')
      const error = await failureOf(hot.transaction(() => [list.push('x'), list.push('y')]))
      expect(error).toMatchObject({ outcome: 'unknown' })
      expect(await stored()).toEqual([5, 2])
    })

    test('and later transactions work', async () => {
      for (let round = 0; round < 5; round++) {
        cutAt('EXEC')
        await add().catch(nothing)
        await add()
      }
      expect(await stored()).toEqual([10, 5])
    })

    test('again and again: it gives up after its retries', async () => {
      const failing = hot.transaction(
        async () => {
          await counter.n
          proxy.cut()
          await sleep(5)
        },
        { retries: 3 }
      )
      await expect(failing).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT' })
    })
  })

  describe('and scripts', () => {
    test('flushed between queueing and EXEC: they run all the same', async () => {
      await list.push('a', 'b')
      await list.reverse()
      await hot.transaction(async () => {
        await counter.n
        await list.reverse()
        void list.insert(0, 'c')
        await list.reverse()
        await raw.scriptFlush()
      })
      expect(await direct.list('list').toJS()).toEqual(['b', 'a', 'c'])
    })

    test('flushed between queueing and EXEC, without reads', async () => {
      await list.push('a', 'b')
      await list.reverse()
      const [first, second] = await hot.transaction(async () => {
        const increments = [counter.increment('n'), counter.increment('n')]
        await raw.scriptFlush()
        return increments
      })
      expect([first, second]).toEqual([6, 7])
    })

    test('as reads, flushed between two of them', async () => {
      await list.push('a', 'b', 'a')
      const counts = await hot.transaction(async () => {
        const first = await list.count('a')
        await raw.scriptFlush()
        return [first, await list.count('b')]
      })
      expect(counts).toEqual([2, 1])
    })
  })

  test('killed between WATCH and EXEC 1,000 times, with another client writing: no update is lost', async () => {
    const rounds = 1_000
    const unknown: unknown[] = []
    const killer = newClient(server.url)
    await killer.connect()
    await raw.set('plain', '0')
    const mine = createHot({ url: server.url })
    const n = mine.dict<{ n: number }>('killed')
    await n.set('n', 0)
    for (let round = 0; round < rounds; round++) {
      let runs = 0
      await mine
        .transaction(async () => {
          const seen = (await n.n) ?? 0
          if (++runs === 1) {
            await killer.sendCommand(['HINCRBY', 'killed', 'n', '1000000'])
            await killer.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
            // Sometimes the news has reached this process before it sends EXEC, sometimes not.
            if (round % 2 === 0) await sleep(1)
          }
          n.n = seen + 1
        })
        .catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
          unknown.push(error)
        })
    }
    const total = Number(await killer.hGet('killed', 'n'))
    // The other client's million each are all there, and every transaction that did not say "unknown" counts once.
    expect(Math.floor(total / 1_000_000)).toBe(rounds)
    expect(total % 1_000_000).toBe(rounds - unknown.length)
    expect(unknown.length).toBeLessThan(rounds)
    await mine.close()
    await killer.disconnect()
  })

  test('killed like that, plain WATCH and MULTI of node-redis lose updates: the test above can tell', async () => {
    const client = newClient(server.url)
    const killer = newClient(server.url)
    await Promise.all([client.connect(), killer.connect()])
    await client.hSet('plain', 'n', '0')
    const rounds = 20
    for (let round = 0; round < rounds; round++) {
      await client
        .executeIsolated(async own => {
          await own.watch('plain')
          const seen = Number(await own.hGet('plain', 'n'))
          await killer.hIncrBy('plain', 'n', 1_000_000)
          await killer.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
          await sleep(5)
          await own
            .multi()
            .hSet('plain', 'n', String(seen + 1))
            .exec()
        })
        .catch(nothing)
    }
    const total = Number(await killer.hGet('plain', 'n'))
    expect(Math.floor(total / 1_000_000)).toBeLessThan(rounds)
    await Promise.all([client.disconnect(), killer.disconnect()])
  })
})

describe('A transaction and its server', () => {
  let server: Server
  let hot: Hot
  let counter: Counter
  const clients: ReturnType<typeof newClient>[] = []

  async function newAdmin() {
    const admin = newClient(server.url)
    clients.push(admin)
    await admin.connect()
    return admin
  }

  beforeEach(async () => {
    server = await startServer()
    hot = createHot({ url: server.url, connectTimeout: 5_000 })
    counter = hot.dict('counter')
    await counter.set('n', 5)
  })

  afterEach(async () => {
    server.resume()
    await hot.close().catch(nothing)
    await Promise.all(clients.splice(0).map(client => client.disconnect()))
    await server.stop()
  })

  test('restarted, empty, between a read and the commit: it is run again on what is there now', async () => {
    const seen: unknown[] = []
    await hot.transaction(async () => {
      const n = await counter.n
      seen.push(n)
      if (seen.length === 1) await server.restart()
      counter.n = (n ?? 0) + 1
    })
    expect(seen).toEqual([5, undefined])
    expect(await counter.n).toBe(1)
  })

  test('restarted without its scripts: they run all the same', async () => {
    const list = hot.list<string>('list')
    await list.push('a', 'b')
    await list.reverse()
    await counter.increment('n')
    let runs = 0
    await hot.transaction(async () => {
      await list.length
      if (++runs === 1) await server.restart()
      void list.push('a', 'b')
      await list.reverse()
      void counter.increment('n')
    })
    expect(await list.toJS()).toEqual(['b', 'a'])
    expect(await counter.n).toBe(1)
    await server.restart()
    await sleep(20)
    expect(await hot.transaction(() => [counter.increment('n'), counter.increment('n')])).toEqual([1, 2])
  })

  test('killed for good: it ends with a ConnectionError that says where and why', async () => {
    await hot.transaction(() => counter.n)
    const impatient = createHot({ url: server.url, connectTimeout: 300 })
    await server.kill()
    for (const fn of [() => impatient.dict('x').get('n'), () => impatient.dict('x').delete('n')]) {
      const error = await failureOf(impatient.transaction<unknown>(fn))
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ outcome: 'not-sent', message: expect.stringContaining('127.0.0.1') })
    }
    await impatient.close()
  })

  test('killed for good between a read and the commit: it ends with an error of ours, and does not hang', async () => {
    const impatient = createHot({ url: server.url, connectTimeout: 300 })
    const mine = impatient.dict<{ n: number }>('counter')
    const error = await failureOf(
      impatient.transaction(
        async () => {
          const n = (await mine.n) ?? 0
          if (server.pid !== undefined) await server.kill()
          mine.n = n + 1
        },
        { timeout: 10_000 }
      )
    )
    expect(error).toBeInstanceOf(HotError)
    await impatient.close()
  })

  test('paused: its time ends it, it says which calls it was waiting for, and works again afterwards', async () => {
    await hot.transaction(() => counter.n)
    server.pause()
    const error = await failureOf(hot.transaction(() => counter.n, { timeout: 200 }))
    expect(error).toBeInstanceOf(TransactionError)
    expect((error as Error).message).toContain('200 ms')
    expect((error as Error).message).toContain('Dict.get')
    expect((error as Error).message).toContain("'counter'")
    expect((error as Error).message).not.toContain('other transactions')
    server.resume()
    expect(await hot.transaction(() => counter.n)).toBe(5)
  })

  test('paused from the start: it does not blame other transactions', async () => {
    const fresh = createHot({ url: server.url })
    server.pause()
    const error = await failureOf(fresh.transaction(() => fresh.dict('counter').get('n'), { timeout: 200 }))
    expect(error).toBeInstanceOf(TransactionError)
    expect((error as Error).message).not.toContain('other transactions')
    server.resume()
    await fresh.close()
  })

  test('out of memory: the EXEC is discarded as a whole, and the error is one of ours', async () => {
    const admin = await newAdmin()
    const list = hot.list<string>('list')
    await hot.transaction(() => list.length)
    await admin.configSet('maxmemory', '1')
    const withReads = await failureOf(
      hot.transaction(async () => {
        await counter.n
        void counter.delete('n')
        void list.push('x')
      })
    )
    const withoutReads = await failureOf(hot.transaction(() => [counter.delete('n'), list.push('x')]))
    await admin.configSet('maxmemory', '0')
    for (const error of [withReads, withoutReads]) {
      expect(error).toBeInstanceOf(HotError)
      expect((error as Error).message).toMatch(/OOM/)
    }
    expect([await counter.n, await list.exists()]).toEqual([5, false])
  })

  test('that forbids a command: the EXEC is discarded as a whole, and the error is one of ours', async () => {
    const admin = await newAdmin()
    await admin.sendCommand(['ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '+@all', '-rpush'])
    const limited = createHot({ url: `redis://limited:secret@127.0.0.1:${server.port}` })
    const mine = limited.dict<{ n: number }>('counter')
    const error = await failureOf(
      limited.transaction(async () => {
        await mine.n
        void mine.increment('n')
        void limited.list('list').push('x')
      })
    )
    expect(error).toBeInstanceOf(HotError)
    expect((error as Error).message).toMatch(/NOPERM/)
    expect(await counter.n).toBe(5)
    await limited.close()
  })

  test('that forbids WATCH: no read is ever taken for watched', async () => {
    const admin = await newAdmin()
    await admin.sendCommand(['ACL', 'SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-watch'])
    const blind = createHot({ url: `redis://blind:secret@127.0.0.1:${server.port}` })
    const mine = blind.dict<{ n: number }>('counter')
    const failing = blind.transaction(async () => {
      await mine.get('n').catch(nothing)
      const n = (await mine.get('n')) ?? 0
      await counter.increment('n', 10)
      mine.n = n + 1
    })
    await expect(failing).rejects.toBeInstanceOf(HotError)
    expect([5, 15]).toContain(await counter.n)
    await blind.close()
  })
})

describe.each(versions)('A transaction on a client of node-redis $version', ({ createClient, destroy }) => {
  let server: Server
  let proxy: TcpProxy
  let client: ReturnType<typeof createClient>
  let hot: Hot
  let direct: Hot
  let counter: Counter

  beforeAll(async () => {
    server = await startServer()
  })

  afterAll(() => server.stop())

  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    client = createClient(proxy.url)
    client.on('error', nothing)
    hot = createHot({ client })
    direct = createHot({ url: server.url })
    counter = hot.dict(freshKey())
    await counter.set('n', 5)
  })

  afterEach(async () => {
    await Promise.all([hot.close(), direct.close()]).catch(nothing)
    if (client.isOpen) await destroy(client)
    await proxy.stop()
  })

  const other = () => direct.dict<{ n: number }>(counter.key)

  test('reads, writes and gives results', async () => {
    const list = hot.list<string>(freshKey())
    const given = await hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      const all = await counter.toJS()
      return { all, set: counter.set('n', n + 1), sum: counter.increment('n'), pushed: list.push('x') }
    })
    expect(given).toEqual({ all: { n: 5 }, set: undefined, sum: 7, pushed: 1 })
  })

  test('notices a conflict, and is run again', async () => {
    let runs = 0
    await hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      if (++runs === 1) await other().increment('n', 10)
      counter.n = n + 1
    })
    expect([runs, await other().n]).toEqual([2, 16])
  })

  test('notices a conflict when it only reads', async () => {
    const seen: unknown[] = []
    await hot.transaction(async () => {
      seen.push(await counter.n)
      if (seen.length === 1) await other().increment('n', 10)
    })
    expect(seen).toEqual([5, 15])
  })

  test('lists results and errors when a command fails in EXEC', async () => {
    const wrong = hot.list<string>(counter.key)
    for (const reads of [true, false]) {
      const error = await failureOf(
        hot.transaction(async () => {
          if (reads) await counter.n
          void counter.increment('n')
          void wrong.push('x')
        })
      )
      expect((error as TransactionError).results).toEqual([
        { status: 'fulfilled', value: reads ? 6 : 7 },
        { status: 'rejected', reason: expect.any(KeyTypeError) }
      ])
    }
  })

  test('is run again when its connection is lost between a read and EXEC, though the client reconnects', async () => {
    let runs = 0
    await hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      if (++runs === 1) {
        await other().increment('n', 10)
        proxy.cut()
        // Time enough for the client to hear of it, and to connect again.
        await sleep(200)
      }
      counter.n = n + 1
    })
    expect([runs, await other().n]).toEqual([2, 16])
  })

  test('has an unknown outcome when EXEC was sent', async () => {
    await hot.transaction(() => counter.n)
    proxy.onRequest = chunk => (chunk.includes('EXEC') ? 'cut' : 'pass')
    const failing = hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      counter.n = n + 1
    })
    await expect(failing).rejects.toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
    proxy.onRequest = () => 'pass'
    await sleep(50)
    expect(await other().n).toBe(5)
  })
})
