import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHot as createOwnHot, ConnectionError, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

describe.each(backends)('close() on $name', ({ createHot, raw }) => {
  const prefix = 'close:'

  test('waits for all calls under way, assignments among them', async () => {
    const hot = createHot({ prefix })
    const list = hot.list<number>('waits')
    const counts = hot.defaultDict<{ x: number; y: number }>(() => 1, 'waits:counts')
    const pushes = Array.from({ length: 1_000 }, (_, index) => list.push(index))
    list[0] = -1
    const read = counts.x
    counts.y = 2
    await hot.close()

    expect(await raw(`${prefix}waits`, 'LLEN', `${prefix}waits`)).toBe(1_000)
    expect(await raw(`${prefix}waits`, 'LINDEX', `${prefix}waits`, '0')).toBe('-1')
    expect(await raw(`${prefix}waits:counts`, 'HLEN', `${prefix}waits:counts`)).toBe(2)
    expect((await Promise.all(pushes)).at(-1)).toBe(1_000)
    expect(await read).toBe(1)
  })

  test('makes every later call fail, saying so', async () => {
    const failed: unknown[] = []
    const hot = createHot({ prefix, onError: error => failed.push(error) })
    const list = hot.list<number>('later')
    await list.push(1)
    await hot.close()

    list[0] = 2
    const loop = async () => {
      for await (const item of list) expect(item).toBeUndefined()
    }
    const calls = [list.push(2), list.length, list.reverse(), hot.dict('later:dict').size, loop()]
    for (const error of [...(await Promise.all(calls.map(failureOf))), ...failed]) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ code: 'CONNECTION', outcome: 'not-sent' })
      expect((error as ConnectionError).message).toMatch(/closed.*createHot\(\)/)
    }
    expect(failed).toHaveLength(1)
    expect(await raw(`${prefix}later`, 'LRANGE', `${prefix}later`, '0', '-1')).toEqual(['1'])
  })

  test('can be called twice, one after another or at the same time', async () => {
    const hot = createHot({ prefix })
    const pushed = hot.list<number>('twice').push(1)
    await Promise.all([hot.close(), hot.close()])
    await hot.close()
    expect(await pushed).toBeGreaterThan(0)
  })

  test('of a Hot that was never used does nothing', async () => {
    await createHot({ prefix }).close()
  })

  test('throws what assignments failed with and nobody was told of, once', async () => {
    const hot = createHot({ prefix })
    await raw(`${prefix}failing`, 'SET', `${prefix}failing`, 'text')
    hot.list<number>('failing')[0] = 1
    expect(await failureOf(hot.close())).toMatchObject({ code: 'KEY_TYPE', key: `${prefix}failing` })
    await hot.close()
  })

  test('lets a loop that is going on end with an error', async () => {
    const hot = createHot({ prefix })
    const list = hot.list<number>('loop', { initial: Array.from({ length: 20_000 }, (_, index) => index) })
    const loop = async () => {
      for await (const item of list) if (item === 10) await hot.close()
    }
    expect(await failureOf(loop())).toMatchObject({ code: 'CONNECTION' })
  })

  test('is what `await using` does', async () => {
    let kept: Hot
    {
      await using hot = createHot({ prefix })
      void hot.list<number>('using').push(1)
      kept = hot
    }
    expect(await raw(`${prefix}using`, 'LLEN', `${prefix}using`)).toBe(1)
    expect(await failureOf(kept.list('using').length)).toBeInstanceOf(ConnectionError)
  })
})

describe('close()', () => {
  let server: Server
  let proxy: TcpProxy
  beforeAll(async () => {
    server = await startServer()
    proxy = await TcpProxy.to(server.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })

  test('lets go of the connection, and others are not disturbed', async () => {
    const hot = createOwnHot({ url: proxy.url })
    const other = createOwnHot({ url: proxy.url })
    await Promise.all([hot.list<number>('a').push(1), other.list<number>('b').push(1)])
    expect(proxy.open).toBe(2)
    await hot.close()
    await until('the connection is closed', () => proxy.open === 1)
    expect(await other.list<number>('b').push(2)).toBe(2)
    await other.close()
    await until('the connection is closed', () => proxy.open === 0)
  })

  test('waits for a read that has to be sent again on another connection', async () => {
    const hot = createOwnHot({ url: proxy.url })
    const list = hot.list<number>('again')
    await list.push(1)
    proxy.holdReplies()
    const read = list.toJS()
    const before = proxy.connections
    const closing = hot.close()
    proxy.cut()
    proxy.release()
    await closing
    expect(await read).toEqual([1])
    expect(proxy.connections).toBe(before + 1)
  })

  test('with Redis down ends when the calls under way have failed', async () => {
    const down = await startServer()
    await down.stop()
    const hot = createOwnHot({ url: down.url, connectTimeout: 200 })
    const failed = failureOf(hot.list('x').push('a'))
    await hot.close()
    expect(await failed).toMatchObject({ code: 'CONNECTION', outcome: 'not-sent' })
  })
})
