import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect, types } from 'node:util'
import { createClient } from 'redis'
import { ConnectionError, createHot, HotError, type Hot, type HotOptions } from '../../src/index.js'
import { failureOf } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const hots: Hot[] = []
const hotFor = (options: HotOptions) => {
  const hot = createHot({ prefix: 'app:', ...options })
  hots.push(hot)
  return hot
}
afterEach(async () => {
  await Promise.all(hots.splice(0).map(hot => hot.close().catch(() => undefined)))
})

/** The failure of a call that must not take longer than it was told, give or take a busy machine. */
async function failsInTime(call: Promise<unknown>, connectTimeout: number): Promise<ConnectionError> {
  const start = performance.now()
  const error = await failureOf(call)
  expect(performance.now() - start).toBeLessThan(connectTimeout + 2_500)
  expect(error).toBeInstanceOf(ConnectionError)
  return error as ConnectionError
}

describe('Connecting', () => {
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

  test('nothing connects before the first call, which opens the only connection', async () => {
    const hot = hotFor({ url: proxy.url })
    const list = hot.list<number>('lazy')
    inspect(list)
    expect(hot.dict('named').key).toBe('named')
    await hot.flush()
    await sleep(100)
    expect(proxy.connections).toBe(0)

    await Promise.all([list.push(1), list.push(2), hot.dict().size])
    await list.reverse()
    expect(proxy.connections).toBe(1)
  })

  test('a Hot that was never used closes without connecting', async () => {
    const before = proxy.connections
    await createHot({ url: proxy.url }).close()
    await sleep(50)
    expect(proxy.connections).toBe(before)
  })

  test('calls succeed, in order, when Redis comes up within the time to connect', async () => {
    await server.kill()
    const list = hotFor({ url: server.url, connectTimeout: 15_000 }).list<number>('up')
    void list.push(1, 2)
    void list.reverse()
    const calls = [list.push(3), list.toJS()]
    await sleep(300)
    await server.restart()
    expect(await Promise.all(calls)).toEqual([3, [2, 1, 3]])
  })

  test('an idle Hot whose connection drops connects again at the next call, and not before', async () => {
    const list = hotFor({ url: proxy.url }).list<number>('idle')
    await list.push(1)
    const before = proxy.connections
    proxy.cut()
    await sleep(150)
    expect(proxy.connections).toBe(before)
    expect(await list.push(2)).toBe(2)
    expect(proxy.connections).toBe(before + 1)
  })

  test('a server that is still loading its data is waited for', async () => {
    const slow = await startServer({
      args: ['--key-load-delay', '400', '--loading-process-events-interval-bytes', '1024']
    })
    const client = await createClient({ url: slow.url }).connect()
    const fields = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key:${index}`, 'x'.repeat(50)]))
    await client.mSet(fields)
    await client.save()
    await client.disconnect()
    await slow.kill()
    const restarted = slow.restart()
    try {
      const impatient = hotFor({ url: slow.url, connectTimeout: 400 }).list<number>('loaded')
      const error = await failsInTime(impatient.push(1), 400)
      expect(error.outcome).toBe('not-sent')
      expect(await hotFor({ url: slow.url, connectTimeout: 15_000 }).list<number>('loaded').push(2)).toBe(1)
    } finally {
      await restarted
      await slow.stop()
    }
  })
})

describe('When Redis can not be reached', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  const url = () => server.url.replace('//', '//ada:s3cr3t-word@')

  test('calls fail within the time to connect, naming the address, the reason and the way out, and no password', async () => {
    await server.kill()
    const hot = hotFor({ url: url(), connectTimeout: 300 })
    const error = await failsInTime(hot.list<string>('todo').push('a'), 300)

    expect(error).toBeInstanceOf(HotError)
    expect(error).toMatchObject({
      name: 'ConnectionError',
      code: 'CONNECTION',
      outcome: 'not-sent',
      key: 'app:todo',
      operation: 'List.push'
    })
    expect(types.isNativeError(error.cause)).toBe(true)
    expect(error.message).toContain(`127.0.0.1:${server.port}`)
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.message).toMatch(/createHot\(\{ url|REDIS_URL/)
    expect(inspect(error, { depth: 9 })).not.toContain('s3cr3t-word')
  })

  test('every call fails: reads, writes, scripts, assignments, loops, and again after the first failure', async () => {
    const failed: unknown[] = []
    const hot = hotFor({ url: server.url, connectTimeout: 200, onError: error => failed.push(error) })
    const list = hot.list<number>('down', { initial: [1] })
    list[0] = 2
    delete list[0]
    const loop = async () => {
      for await (const item of list) expect(item).toBeUndefined()
    }
    for (let round = 0; round < 2; round++) {
      const calls = [list.length, list.push(1), list.reverse(), hot.dict().get('x'), list.equals([1]), loop()]
      const errors = await Promise.all(calls.map(call => failsInTime(call, 400)))
      expect(errors.map(({ outcome }) => outcome)).toEqual(new Array(6).fill('not-sent'))
    }
    await hot.flush()
    expect(failed).toHaveLength(3)
    for (const error of failed) expect(error).toBeInstanceOf(ConnectionError)
  })

  test('what was reported as failed is never sent later', async () => {
    const list = hotFor({ url: server.url, connectTimeout: 200 }).list<number>('never')
    const calls = await Promise.allSettled([list.push(1), list.reverse(), list.push(2)])
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])

    await server.restart()
    expect(await list.push(3)).toBe(1)
    await sleep(200)
    expect(await list.toJS()).toEqual([3])
  })

  test('a server that accepts the connection but never answers fails a call within the time to connect', async () => {
    const hot = hotFor({ url: url(), connectTimeout: 300 })
    server.pause()
    try {
      const error = await failsInTime(hot.list<number>('paused').push(1), 300)
      expect(error.outcome).toBe('not-sent')
      expect(error.message).toContain(`127.0.0.1:${server.port}`)
      expect(error.message).not.toContain('s3cr3t-word')
    } finally {
      server.resume()
    }
    const other = hotFor({ url: server.url })
    await other.list<number>('paused').push(2)
    await sleep(200)
    expect(await other.list('paused').toJS()).toEqual([2])
  })

  test('so does one that hangs up on everybody, and one that does not speak the protocol', async () => {
    for (const greet of [undefined, 'HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n']) {
      const stranger = createServer(socket => {
        socket.on('error', () => undefined)
        if (greet) socket.write(greet)
        else socket.end()
      }).listen(0, '127.0.0.1')
      await once(stranger, 'listening')
      try {
        const { port } = stranger.address() as AddressInfo
        const hot = hotFor({ url: `redis://127.0.0.1:${port}`, connectTimeout: 300 })
        const error = await failsInTime(hot.list<number>('stranger').push(1), 300)
        expect(error.message).toContain(String(port))
      } finally {
        stranger.close()
      }
    }
  })

  test('a name that does not resolve is named', async () => {
    const hot = hotFor({ url: 'redis://nowhere.invalid:6390', connectTimeout: 300 })
    expect((await failsInTime(hot.list('x').length, 300)).message).toContain('nowhere.invalid:6390')
  })
})

describe('When Redis asks for a password', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ args: ['--requirepass', 'p@ss:wörd/1'] })
  })
  afterAll(() => server.stop())

  const withUser = (user: string) => server.url.replace('//', `//${user}@`)

  test('a call without one fails at once and says where to put it', async () => {
    const hot = hotFor({ url: server.url, connectTimeout: 60_000 })
    const error = await failsInTime(hot.list('x').push('a'), 0)
    expect(error.message).toMatch(/password/)
    expect(error.message).toMatch(/redis:\/\/user:password@/)
    expect(error.outcome).toBe('not-sent')
  })

  test('a call with a wrong one fails at once, and does not tell it', async () => {
    const hot = hotFor({ url: withUser(':wr0ng-word'), connectTimeout: 60_000 })
    const error = await failsInTime(hot.list('x').push('a'), 0)
    expect(error.message).toMatch(/WRONGPASS|password/)
    expect(inspect(error, { depth: 9 })).not.toContain('wr0ng-word')
  })

  test('the right one in the url lets calls through, whatever characters it has', async () => {
    const password = encodeURIComponent('p@ss:wörd/1')
    expect(
      await hotFor({ url: withUser(`:${password}`) })
        .list('x')
        .push('a')
    ).toBe(1)
    expect(
      await hotFor({ url: `${withUser(`default:${password}`)}/3` })
        .list('x')
        .push('a')
    ).toBe(1)
  })

  test('a user who may not do something is told so, and stays connected', async () => {
    const password = encodeURIComponent('p@ss:wörd/1')
    const client = await createClient({ url: withUser(`:${password}`) }).connect()
    await client.sendCommand(['ACL', 'SETUSER', 'reader', 'on', '>word', '~app:*', '+@read', '+@connection'])
    await client.disconnect()
    const hot = hotFor({ url: withUser('reader:word') })
    const list = hot.list<number>('y')
    // A command, a script, and MULTIs whose answers come in one chunk and in many.
    const many = new Array<number>(20_000).fill(1)
    const calls = [() => list.push(1), () => list.reverse(), () => list.replace([1]), () => list.push(...many)]
    for (const call of calls) {
      const error = await failureOf(call())
      expect(error).toBeInstanceOf(HotError)
      expect((error as HotError).message).toContain('NOPERM')
    }
    expect(await list.length).toBe(0)
  })
})
