import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { failureOf, started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

describe('A master that becomes a replica, and keeps its clients:', () => {
  const args = ['--repl-diskless-sync-delay', '0']
  let old: Server
  let next: Server
  let proxy: TcpProxy
  let left: Hot
  let hot: Hot
  let raws: readonly [old: RawClient, next: RawClient]
  let key: string

  beforeEach(async () => {
    ;[old, next] = await Promise.all([startServer({ args }), startServer({ args })])
    raws = [await rawClient(old.url), await rawClient(next.url)]
    proxy = await TcpProxy.to(old.port)
    left = createHot({ url: proxy.url, connectTimeout: 1_500 })
    hot = createHot({ url: next.url })
    key = freshKey()
    await raws[1].sendCommand(['REPLICAOF', '127.0.0.1', String(old.port)])
    await until('it has all', async () => /master_link_status:up/.test(await raws[1].info('replication')))
  })
  afterEach(async () => {
    await Promise.all([left.close(), hot.close(), ...raws.map(raw => raw.disconnect())])
    await proxy.stop()
    await Promise.all([old.stop(), next.stop()])
  })

  /** The other server takes over what has been replicated. */
  async function switchRoles(): Promise<void> {
    await raws[1].sendCommand(['REPLICAOF', 'NO', 'ONE'])
    await raws[0].sendCommand(['REPLICAOF', '127.0.0.1', String(next.port)])
    await until('it follows', async () => /master_link_status:up/.test(await raws[0].info('replication')))
  }

  test('what the other one hands over does not reach those who wait here', async () => {
    const [getters, waiters] = [auxKeyName(key, 'getters'), auxKeyName(`${key}:lock`, 'waiters')]
    const told: string[] = []
    const spy = await rawClient(old.url)
    await spy.pSubscribe('hot-redis:*', message => told.push(message))
    const permit = await left.lock(`${key}:lock`).acquire({ lease: 60_000 })
    const waits = [started(left.queue(key).get()), started(left.lock(`${key}:lock`).acquire())]
    for (const name of [getters, waiters]) await until('replicated', async () => (await raws[1].zCard(name)) === 1)
    await switchRoles()
    told.length = 0
    await hot.queue(key).put('a')
    await hot.lock(`${key}:lock`).clear()
    const [item, next] = await Promise.all([hot.queue(key).get(), hot.lock(`${key}:lock`).acquire()])
    await sleep(100)
    expect([item, next.token > permit.token, told]).toEqual(['a', true, []])
    for (const wait of waits) expect(await failureOf(wait)).toBeInstanceOf(ConnectionError)
    await spy.disconnect()
  })

  test('waits go on at its successor, when that can be reached at the same address', async () => {
    const waits = [started(left.queue(key).get()), started(left.queue(key).get())]
    await until('replicated', async () => (await raws[1].zCard(auxKeyName(key, 'getters'))) === 2)
    const tickets = await raws[1].zRange(auxKeyName(key, 'getters'), 0, -1)
    proxy.serverPort = next.port
    await switchRoles()
    await until('it has subscribed there', async () => (await raws[1].pubSubChannels('hot-redis:*')).length === 1)
    await lines(raws[1])(2, key)
    expect(await raws[1].zRange(auxKeyName(key, 'getters'), 0, -1)).toEqual(tickets)
    await hot.queue(key).put('a')
    await hot.queue(key).put('b')
    expect(await Promise.all(waits)).toEqual(['a', 'b'])
  })
})

test('Each candidate for a permit is offered a token of its own', async () => {
  const server = await startServer()
  const raw = await rawClient(server.url)
  const hot = createHot({ url: server.url })
  const lock = hot.lock(freshKey())
  for (const gone of [1, 2]) {
    const permit = await lock.acquire()
    const tickets = Array.from({ length: gone }, (_, index) => ({ score: index, value: `gone/${index}L2000` }))
    await raw.zAdd(auxKeyName(lock.key, 'waiters'), tickets)
    const monitor = connect(server.port, '127.0.0.1')
    let seen = ''
    monitor.on('data', chunk => (seen += chunk.toString())).write('MONITOR\r\n')
    await until('it monitors', () => seen.includes('OK'))
    await permit.release()
    const next = await lock.acquire()
    const offered = () => [...seen.matchAll(/"gone" "\d+L2000 \d+ 2000 (\d+)"/g)].map(([, token]) => Number(token))
    await until('all is seen', () => offered().length >= gone)
    const tokens = [permit.token, ...offered(), next.token]
    expect([...new Set(tokens)].sort((a, b) => a - b)).toEqual(tokens)
    monitor.destroy()
    await next.release()
  }
  await hot.close()
  await raw.disconnect()
  await server.stop()
})
