import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ConnectionError, createHot, type Hot, type HotList } from '../../src/index.js'
import { versions } from '../support/node-redis.js'
import { failureOf, started, until } from '../support/promises.js'
import { startCluster, startServer, type Cluster, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

/** Milliseconds without an answer. */
const RESPONSE_TIMEOUT = 400

let server: Server
let other: Hot
beforeAll(async () => {
  server = await startServer()
  other = createHot({ url: server.url })
})
afterAll(async () => {
  await other.close()
  await server.stop()
})

/** What differs between clients, that they can be closed, is the matter of conformance/client-port.test.ts. */
const adapters: [string, (url: string) => object][] = [
  ['a URL', url => ({ url })],
  ['a given client', url => ({ client: versions.at(-1)!.createClient(url) })]
]

describe.each(adapters)('A connection that is up but carries nothing any more (%s)', (_, optionsFor) => {
  let proxy: TcpProxy
  let hot: Hot
  let list: HotList<number>
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ ...optionsFor(proxy.url), responseTimeout: RESPONSE_TIMEOUT, connectTimeout: 1_000 })
    list = hot.list<number>()
    await list.push(2, 1)
  })
  afterEach(async () => {
    await hot.close()
    await proxy.stop()
  })

  test.each([
    ['requests', 'to-server'],
    ['replies', 'to-client']
  ] as const)(
    'drops %s: reads are asked again on another, writes have an unknown outcome, later calls work',
    async (_, way) => {
      const before = proxy.connections
      proxy.mute(way)
      const calls = [list.toJS(), list.push(3), list.at(0), list.count(1), list.unshift(0)].map(started)
      const [all, push, first, count, unshift] = await Promise.allSettled(calls)
      for (const write of [push, unshift]) {
        expect(write).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION', outcome: 'unknown' } })
      }
      expect([all, first, count].map(read => read!.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
      expect(proxy.connections - before).toBe(1)

      // What was lost on the way has not been applied; what was answered in vain has been, once.
      const after = way === 'to-server' ? [2, 1] : [0, 2, 1, 3]
      expect(await other.list(list.key).toJS()).toEqual(after)
      expect(await list.push(9)).toBe(after.length + 1)
      expect(await list.toJS()).toEqual([...after, 9])
      expect(proxy.connections - before).toBe(1)
    }
  )

  test('is not noticed while nothing is in flight, and is by the next call', async () => {
    proxy.mute('to-client')
    await new Promise(resolve => setTimeout(resolve, RESPONSE_TIMEOUT * 1.5))
    expect(proxy.open).toBe(1)
    expect(await list.toJS()).toEqual([2, 1])
  })

  test('counts as lost only without any answer: one that answers slowly is kept', async () => {
    const before = proxy.connections
    proxy.holdReplies()
    const answered: Promise<unknown>[] = []
    for (let round = 0; round < 5; round++) {
      answered.push(list.push(round))
      await until('it is answered', () => proxy.kept > 0)
      await new Promise(resolve => setTimeout(resolve, RESPONSE_TIMEOUT / 2))
      proxy.releaseFirst()
    }
    proxy.release()
    expect(await Promise.all(answered)).toEqual([3, 4, 5, 6, 7])
    expect(proxy.connections).toBe(before)
  })

  test('is kept while a script runs that may take long', async () => {
    proxy.holdReplies()
    const reversed = list.reverse()
    await new Promise(resolve => setTimeout(resolve, RESPONSE_TIMEOUT * 1.5))
    proxy.release()
    await reversed
    expect(await list.toJS()).toEqual([1, 2])
  })

  test('while new ones carry nothing either, calls fail in time; close() ends in time', async () => {
    proxy.mute('to-client', { later: true })
    const start = performance.now()
    const calls = [list.push(3), list.toJS()].map(started)
    await hot.close()
    for (const call of calls) expect(await failureOf(call)).toBeInstanceOf(ConnectionError)
    expect(performance.now() - start).toBeLessThan(6_000)
    await until('no connection is left', () => proxy.open === 0)
  })
})

describe('A node of a cluster that is up but carries nothing any more', () => {
  let nodes: Cluster
  beforeAll(async () => {
    nodes = await startCluster()
  })
  afterAll(() => nodes.stop())

  test.each(versions)(
    'reads are asked again, writes have an unknown outcome, later calls work (node-redis $version)',
    async ({ createCluster, destroy }) => {
      const cluster = createCluster(nodes.rootUrls)
      const hot = createHot({ client: cluster, responseTimeout: RESPONSE_TIMEOUT, connectTimeout: 5_000 })
      const lists = ['a', 'b', 'c'].map(key => hot.list<number>(key))
      try {
        await Promise.all(lists.map(list => list.replace([1])))
        nodes.nodes[0]!.pause()
        const reads = lists.map(list => started(list.toJS()))
        const pushes = await Promise.allSettled(lists.map(list => list.push(2)))
        nodes.nodes[0]!.resume()
        expect(await Promise.all(reads)).toHaveLength(3)
        const failed = pushes.filter(({ status }) => status === 'rejected')
        expect(failed).toMatchObject([{ reason: { code: 'CONNECTION', outcome: 'unknown' } }])
        expect(await Promise.all(lists.map(list => list.replace([5])))).toHaveLength(3)
      } finally {
        nodes.nodes[0]!.resume()
        await hot.close()
        if (cluster.isOpen) await destroy(cluster)
      }
    }
  )
})
