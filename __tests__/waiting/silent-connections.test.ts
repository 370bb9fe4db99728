import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createHot, type Hot } from '../../src/index.js'
import { lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { started, until } from '../support/promises.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let proxy: TcpProxy
let hot: Hot
let other: Hot
let raw: RawClient

beforeEach(async () => {
  const url = process.env['HOT_TEST_URL'] ?? ''
  proxy = await TcpProxy.to(Number(new URL(url).port))
  hot = createHot({ url: proxy.url, responseTimeout: 200 })
  other = createHot({ url })
  raw = await rawClient(url)
})
afterEach(async () => {
  await Promise.all([hot.close(), other.close()])
  await raw.disconnect()
  await proxy.stop()
})

/** From the first request with this text on, the connections that are open carry no replies. */
function silentFrom(text: string): () => boolean {
  let silent = false
  proxy.onRequest = chunk => {
    if (!silent && chunk.includes(text)) {
      silent = true
      proxy.mute('to-client')
    }
    return 'pass'
  }
  return () => silent
}

test.each(['$2\r\nID', '__redis__:invalidate', 'TRACKING', '$31\r\nhot-redis:', 'ROLE'])(
  'A wait goes on when the connections fall silent while it subscribes (%j)',
  async request => {
    const key = freshKey()
    const isSilent = silentFrom(request)
    const get = started(hot.queue<string>(key).get())
    await until('they are silent', isSilent)
    await other.queue<string>(key).put('item')
    expect(await get).toBe('item')
  }
)

test('A wait that is served while its connections are silent gets its item on the next ones', async () => {
  const key = freshKey()
  const get = started(hot.queue<string>(key).get())
  await lines(raw)(1, key)
  proxy.mute('to-client')
  await other.queue<string>(key).put('item')
  expect(await get).toBe('item')
})
