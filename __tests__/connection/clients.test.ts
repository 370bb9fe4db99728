import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, createHot, KeyTypeError, type Hot } from '../../src/index.js'
import { exercise } from '../support/exercise.js'
import { versions } from '../support/node-redis.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

describe.each(versions)('A client of node-redis $version given to a Hot', ({ createClient, close, destroy }) => {
  let proxy: TcpProxy
  let client: ReturnType<typeof createClient>
  let hot: Hot
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    client = createClient(proxy.url)
    hot = createHot({ client, connectTimeout: 3_000, onError: () => undefined })
  })
  afterEach(async () => {
    await hot.close()
    if (client.isOpen) await destroy(client)
    await proxy.stop()
  })

  test('works when it is connected already, through everything a Hot does', async () => {
    await client.connect()
    await exercise(hot)
    await hot.close()
    await until('only the client itself is connected', () => proxy.open === 1)
  })

  test('answers calls of one script made together each by itself, also those that fail', async () => {
    const count = hot.int('count')
    const list = hot.list<string>('popped', { initial: ['a', 'b'] })
    const wrong = hot.int(list.key)
    await hot.flush()
    const counts = await Promise.allSettled([count.increment(), wrong.increment(), count.increment(5)])
    expect(counts).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: expect.any(KeyTypeError) },
      { status: 'fulfilled', value: 6 }
    ])
    expect(await Promise.all([list.pop(7), list.pop(1), list.pop(1)])).toEqual([undefined, 'b', undefined])
    await Promise.all([count.clear(), list.clear()])
  })

  test('works when it is not connected yet', async () => {
    expect(client.isOpen).toBe(false)
    await exercise(hot)
  })

  test('works when its owner connects it after the first call', async () => {
    const pushed = hot.list<number>().push(1)
    if (!client.isOpen) await client.connect()
    expect(await pushed).toBe(1)
  })

  test('stays open when the Hot is closed, and can be given to another', async () => {
    await client.connect()
    await hot.list<number>().push(1)
    await hot.close()
    expect(client.isOpen).toBe(true)
    expect(await client.sendCommand(['PING'])).toBe('PONG')

    const other = createHot({ client })
    expect(await other.list<number>().push(1)).toBe(1)
    await other.close()
    expect(client.listenerCount('error')).toBeGreaterThan(0)
  })

  test('has an error listener from createHot() on, so that a dropped connection is no crash', () => {
    expect(client.listenerCount('error')).toBeGreaterThan(0)
  })

  test('works again by itself when its connection was dropped', async () => {
    const list = hot.list<number>()
    await list.push(1)
    for (let round = 2; round < 6; round++) {
      proxy.cut()
      await sleep(20)
      expect(await list.push(round)).toBe(round)
    }
  })

  test('with the connection lost on the way, sends a read again and never a write', async () => {
    const list = hot.list<number>()
    await list.push(1, 2)
    proxy.holdReplies()
    const before = proxy.requests.length
    const calls = [list.toJS(), list.push(3), list.at(-2), list.reverse()]
    await until('all is sent', () => /LRANGE[^]*RPUSH[^]*LINDEX[^]*EVAL/.test(proxy.requests.slice(before)))
    await sleep(50)
    proxy.cut()
    proxy.release()
    const settled = await Promise.allSettled(calls)
    expect(
      settled.map(one => (one.status === 'rejected' ? (one.reason as ConnectionError).outcome : 'answered'))
    ).toEqual(['answered', 'unknown', 'answered', 'unknown'])
    await sleep(50)
    expect(await list.toJS()).toEqual([3, 2, 1])
  })

  test('closed by its owner: a ConnectionError says so and the way out; open again: works again', async () => {
    await client.connect()
    const list = hot.list<number>()
    await list.push(1)
    await close(client)
    const start = performance.now()
    const error = (await failureOf(list.push(2))) as ConnectionError
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'CONNECTION', outcome: 'not-sent', operation: 'List.push', key: list.key })
    expect(error.message).toMatch(/closed/)
    expect(error.message).toMatch(/connect\(\)/)
    expect(performance.now() - start).toBeLessThan(2_500)
    expect(client.isOpen).toBe(false)

    await client.connect()
    expect(await list.push(3)).toBe(2)
    expect(await list.toJS()).toEqual([1, 3])
  })

  test('destroyed by its owner while calls are under way: they all end', async () => {
    await client.connect()
    const list = hot.list<number>()
    await list.push(1)
    proxy.holdReplies()
    const calls = [list.push(2), list.toJS(), list.reverse()]
    await sleep(30)
    await destroy(client)
    for (const one of await Promise.allSettled(calls)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION' } })
    }
    proxy.release()
  })

  test('two Hots on one client keep to themselves: each its order, its prefix and its closing', async () => {
    const other = createHot({ client, prefix: 'other:' })
    const [mine, theirs] = [hot.list<number>('both'), other.list<number>('both')]
    for (let index = 0; index < 100; index++) {
      void mine.push(index)
      void theirs.unshift(index)
      void theirs.reverse()
    }
    await other.close()
    expect(await mine.toJS()).toEqual(Array.from({ length: 100 }, (_, index) => index))
    expect(await hot.list('other:both').length).toBe(100)
    await Promise.all([mine.clear(), hot.list('other:both').clear()])
  })

  test('what its owner sends on it beside the Hot does not come in between', async () => {
    await client.connect()
    const list = hot.list<number>()
    const foreign: Promise<unknown>[] = []
    for (let index = 0; index < 50; index++) {
      void list.push(index)
      foreign.push(client.sendCommand(['SCRIPT', 'FLUSH']))
      void list.reverse()
    }
    await Promise.all(foreign)
    const model: number[] = []
    for (let index = 0; index < 50; index++) {
      model.push(index)
      model.reverse()
    }
    expect(await list.toJS()).toEqual(model)
  })

  test('a wrong type in a call of several commands is the same error as with a client of our own', async () => {
    const dict = hot.dict<Record<string, number>>(undefined, { initial: { a: 1 } })
    const list = hot.list<number>(dict.key)
    const error = await failureOf(list.push(...new Array<number>(20_000).fill(1)))
    expect(error).toBeInstanceOf(KeyTypeError)
    expect((error as KeyTypeError).message).toContain('holds a hash, not a list')
    expect(await dict.toJS()).toEqual({ a: 1 })
  })
})

describe.each(versions)(
  'When the server of a given client of node-redis $version goes down',
  ({ createClient, destroy }) => {
    test('calls wait for it, fail in time when it stays away, are never sent later, and work when it is back', async () => {
      const own = await startServer()
      const client = createClient(own.url)
      const impatient = createHot({ client, connectTimeout: 250, prefix: 'app:' })
      const patient = createHot({ client, connectTimeout: 15_000, prefix: 'app:' })
      try {
        await impatient.list<number>('warm').push(1)
        await own.kill()
        await sleep(50)

        const start = performance.now()
        const error = (await failureOf(impatient.list<number>('list').push(1))) as ConnectionError
        expect(error).toBeInstanceOf(ConnectionError)
        expect(error).toMatchObject({ outcome: 'not-sent', key: 'app:list', operation: 'List.push' })
        expect(performance.now() - start).toBeLessThan(2_750)

        const waiting = patient.list<number>('list').push(2)
        await sleep(200)
        await own.restart()
        expect(await waiting).toBe(1)
        expect(await patient.list<number>('list').toJS()).toEqual([2])
        await until('the impatient one works again too', () =>
          impatient
            .list('list')
            .push(3)
            .then(
              () => true,
              () => false
            )
        )
        expect((await patient.list<number>('list').toJS()).filter(item => item === 1)).toEqual([])
      } finally {
        await Promise.all([impatient.close(), patient.close()])
        if (client.isOpen) await destroy(client)
        await own.stop()
      }
    })
  }
)
