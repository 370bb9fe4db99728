import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createHot, type Hot, type HotDict } from '../../src/index.js'
import { failureOf, started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

/** Milliseconds without a reply. */
const RESPONSE_TIMEOUT = 300

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

describe.each([
  ['requests', 'to-server'],
  ['replies', 'to-client']
] as const)('A transaction whose connection is up but drops %s', (_, way) => {
  let proxy: TcpProxy
  let hot: Hot
  let counter: HotDict<{ n: number }>
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ url: proxy.url, responseTimeout: RESPONSE_TIMEOUT })
    counter = hot.dict('counter')
    await counter.replace({ n: 5 })
    await hot.transaction(() => counter.n)
  })
  afterEach(async () => {
    await hot.close()
    await proxy.stop()
  })

  test('is run again when a read has no reply', async () => {
    let runs = 0
    proxy.mute(way)
    await hot.transaction(async () => {
      runs++
      counter.n = ((await counter.n) ?? 0) + 1
    })
    expect(runs).toBe(2)
    expect(await direct.dict('counter').get('n')).toBe(6)
  })

  test('has an unknown outcome when the EXEC has no reply, and is not run again', async () => {
    let runs = 0
    const transaction = started(
      hot.transaction(async () => {
        runs++
        const n = (await counter.n) ?? 0
        counter.n = n + 1
        proxy.mute(way)
      })
    )
    expect(await failureOf(transaction)).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
    expect([runs, await direct.dict('counter').get('n')]).toEqual([1, way === 'to-server' ? 5 : 6])
    await until('the silent connection is gone', () => proxy.open <= 1)
    expect(await hot.transaction(() => counter.n)).toBe(way === 'to-server' ? 5 : 6)
  })
})
