import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { spawnWorker } from '../support/processes.js'
import { failureOf, started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const CONNECT_TIMEOUT = 400

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** What is under way when Redis falls silent, and what is only begun then. */
const activities: Record<string, { before?: (hot: Hot) => Promise<unknown>; then?: (hot: Hot) => Promise<unknown> }> = {
  'a call in flight': { before: hot => hot.list('l').push(1), then: hot => hot.list('l').push(2) },
  'a connection that is being opened': { then: hot => hot.list('l').push(2) },
  'a wait whose connections are being opened': {
    before: hot => hot.list('l').length,
    then: hot => hot.queue('q').get()
  },
  'a wait that has joined': {
    before: async hot => {
      void started(hot.queue('q').get())
      await new Promise(resolve => setTimeout(resolve, 100))
    },
    then: hot => hot.queue('q').get()
  },
  'a permit that is held': { before: hot => hot.lock('k').acquire() },
  'a transaction that reads': {
    before: hot => hot.transaction(() => hot.dict('d').get('n')),
    then: hot => hot.transaction(() => hot.dict('d').get('n'))
  },
  'a transaction whose connection is being opened': {
    before: hot => hot.list('l').length,
    then: hot => hot.transaction(() => hot.dict('d').get('n'))
  },
  'a transaction whose function never ends': { then: hot => hot.transaction(() => new Promise<void>(() => undefined)) },
  'more transactions than connections': {
    before: hot => hot.transaction(() => hot.dict('d').get('n')),
    then: hot => Promise.all(Array.from({ length: 20 }, () => hot.transaction(() => hot.dict('d').get('n'))))
  },
  'a value that is computed here, and calls behind it': {
    before: hot => hot.string('s').append('x'),
    then: hot => Promise.all([hot.string('s').toUpperCase(), hot.string('s').append('y')])
  }
}

describe.each(Object.entries(activities))('While Redis is silent, close() beside %s', (_, { before, then }) => {
  let proxy: TcpProxy
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
  })
  afterEach(() => proxy.stop())

  test('ends in time, ends all calls, and leaves no socket and no timer', async () => {
    const resources = () => process.getActiveResourcesInfo().filter(name => /Timeout|TCPSocketWrap/.test(name)).length
    const idle = resources()
    const hot = createHot({ url: proxy.url, connectTimeout: CONNECT_TIMEOUT, responseTimeout: 60_000 })
    await before?.(hot)
    proxy.mute('to-client', { later: true })
    const call = then && started(then(hot))
    await new Promise(resolve => setTimeout(resolve, 20))
    const start = performance.now()
    await Promise.all([hot.close(), hot.close()])
    expect(performance.now() - start).toBeLessThan(CONNECT_TIMEOUT + 1_000)
    if (call) expect(await failureOf(call)).toBeInstanceOf(ConnectionError)
    await until('no socket is left', () => proxy.open === 0)
    await until('nothing is left', () => resources() <= idle)
    const { connections } = proxy
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(proxy.connections).toBe(connections)
  })
})

test('close() while the connections of a wait are being opened over a slow network leaves none', async () => {
  const proxy = await TcpProxy.to(server.port)
  proxy.delay = 50
  const worker = spawnWorker('closing-early.ts', [proxy.url])
  expect(await worker.next()).toBe('QUEUE_EMPTY')
  expect(await worker.done).toBe(0)
  await until('no socket is left', () => proxy.open === 0)
  await proxy.stop()
})
