import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ConnectionError, LockTimeoutError, QueueEmptyError, createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf, started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
let direct: Hot
beforeAll(async () => {
  server = await startServer()
  direct = createHot({ url: server.url })
})
afterAll(async () => {
  await direct.close()
  await server.stop()
})

describe('Connections that are up and carry nothing any more', () => {
  let proxy: TcpProxy
  let hot: Hot
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ url: proxy.url, connectTimeout: 1_000, responseTimeout: 30_000 })
  })
  afterEach(async () => {
    await hot.close()
    await proxy.stop()
  })

  test.each(['to-server', 'to-client'] as const)('are noticed while somebody waits (%s)', async way => {
    const key = freshKey('queue')
    await hot.queue(key).size
    const main = proxy.connections
    const got = started(hot.queue(key).get())
    await until('its connections are there', () => proxy.connections === main + 2)
    await new Promise(resolve => setTimeout(resolve, 100))
    proxy.mute(way, { except: main })
    await until('they are replaced', () => proxy.connections === main + 4)
    await new Promise(resolve => setTimeout(resolve, 100))
    await direct.queue(key).put('x')
    expect(await got).toBe('x')
  })

  const waits: [
    string,
    (hot: Hot, key: string, limits: { timeout?: number; signal?: AbortSignal }) => Promise<unknown>,
    unknown
  ][] = [
    ['get', (on, key, limits) => on.queue(key).get(limits), QueueEmptyError],
    ['acquire', (on, key, limits) => on.lock(key).acquire(limits), LockTimeoutError],
    ['put', (on, key, limits) => on.queue(key, { maxsize: 1 }).put('y', limits), ConnectionError]
  ]
  test.each(waits)('do not hold up the end of %s, by its timeout or its signal', async (_, wait, timeoutError) => {
    const key = freshKey()
    const stop = new AbortController()
    await hot.list(freshKey()).length
    proxy.mute('to-client', { later: true })
    const timedOut = started(wait(hot, key, { timeout: 100 }))
    const aborted = started(wait(hot, key, { signal: stop.signal }))
    setTimeout(() => stop.abort(new Error('stop')), 100)
    const start = performance.now()
    const failures = await Promise.all([failureOf(timedOut), failureOf(aborted)])
    expect(performance.now() - start).toBeLessThan(5_000)
    expect(failures[0]).toBeInstanceOf(timeoutError)
    if (timeoutError === ConnectionError) expect(failures[1]).toMatchObject({ outcome: 'unknown' })
    else expect(failures[1]).toEqual(new Error('stop'))
  })

  test('give back what a wait was given whose time was over before it heard of it', async () => {
    const key = freshKey('queue')
    await direct.queue(key).put('x')
    await hot.list(freshKey()).length
    proxy.holdReplies()
    expect(await failureOf(hot.queue(key).get({ timeout: 50 }))).toBeInstanceOf(QueueEmptyError)
    proxy.release()
    await until('it is back', async () => (await direct.queue(key).size) === 1)
    expect(await direct.queue(key).getNowait()).toBe('x')
  })
})
