import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

describe('A master that becomes a replica, and keeps its clients', () => {
  const args = ['--repl-diskless-sync-delay', '0']
  let old: Server
  let next: Server
  let proxy: TcpProxy
  let hot: Hot
  const command = async (server: Server, ...words: string[]) => {
    const client = createClient({ url: server.url })
    await client.connect()
    const reply = await client.sendCommand<string>(words)
    await client.disconnect()
    return reply
  }

  beforeEach(async () => {
    ;[old, next] = await Promise.all([startServer({ args }), startServer({ args })])
    proxy = await TcpProxy.to(old.port)
    hot = createHot({ url: proxy.url })
  })
  afterEach(async () => {
    await hot.close()
    await proxy.stop()
    await Promise.all([old.stop(), next.stop()])
  })

  /** The other server takes over: new connections lead there. */
  async function switchRoles() {
    await command(next, 'REPLICAOF', '127.0.0.1', String(old.port))
    await until('it has all', async () => /master_link_status:up/.test(await command(next, 'INFO', 'replication')))
    await command(next, 'REPLICAOF', 'NO', 'ONE')
    await command(old, 'REPLICAOF', '127.0.0.1', String(next.port))
    proxy.serverPort = next.port
  }

  test('is left for its successor: calls, scripts, batches and transactions succeed, once and in order', async () => {
    const list = hot.list<number>('list')
    const counter = hot.int('counter')
    await Promise.all([list.push(0), list.insert(0, -1), counter.increment(), counter.multiply(1)])
    await hot.transaction(async () => counter.value)
    await switchRoles()
    const calls = [
      list.push(1),
      list.push(2, 3),
      list.reverse(),
      counter.multiply(3),
      counter.multiply(2),
      list.push(4),
      list.toJS()
    ]
    expect(await Promise.all(calls)).toEqual([3, 5, undefined, 3, 6, 6, [3, 2, 1, 0, -1, 4]])
    await hot.transaction(async () => {
      counter.value = ((await counter.value) ?? 0) + 1
    })
    expect([await counter.value, await list.length]).toEqual([7, 6])
    expect(await command(next, 'LLEN', 'list')).toBe(6)
  })

  test('and that nobody follows refuses writes with an error that says so, and answers reads', async () => {
    const list = hot.list<number>('list')
    await list.push(0)
    await hot.transaction(() => list.length)
    await switchRoles()
    proxy.serverPort = old.port
    const before = proxy.connections
    const [push, read] = await Promise.allSettled([list.push(1), list.toJS()])
    expect(push).toMatchObject({ reason: { code: 'CONNECTION', outcome: 'not-sent', key: 'list' } })
    expect(String((push as PromiseRejectedResult).reason)).toMatch(/replica.*master/)
    expect(read).toMatchObject({ value: [0] })
    expect(proxy.connections).toBe(before + 1)
    const failed = hot.transaction(async () => void list.push(await list.length))
    expect(await failureOf(failed)).toMatchObject({ code: 'CONNECTION', outcome: 'not-sent' })
  })
})
