import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { exercise } from '../support/exercise.js'
import { versions } from '../support/node-redis.js'
import { failureOf } from '../support/promises.js'
import { startCluster, startServer, type Cluster } from '../support/servers.js'

let nodes: Cluster
beforeAll(async () => {
  nodes = await startCluster()
})
afterAll(() => nodes.stop())

/** Keys on each of the three nodes. */
const spread = ['a', 'b', 'c']

async function killConnections(): Promise<void> {
  await Promise.all(
    nodes.rootUrls.map(async url => {
      const admin = await createClient({ url }).connect()
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      await admin.disconnect()
    })
  )
}

describe.each(versions)('A cluster of node-redis $version given to a Hot', ({ createCluster, close, destroy }) => {
  let cluster: ReturnType<typeof createCluster>
  let hot: Hot
  beforeEach(() => {
    cluster = createCluster(nodes.rootUrls)
    hot = createHot({ client: cluster, connectTimeout: 3_000, onError: () => undefined })
  })
  afterEach(async () => {
    await hot.close()
    if (cluster.isOpen) await destroy(cluster)
  })

  test('works when it is connected already, through everything a Hot does', async () => {
    await cluster.connect()
    await exercise(hot)
  })

  test('works when it is not connected yet, with many calls at once', async () => {
    const lengths = await Promise.all(Array.from({ length: 300 }, () => hot.list<number>().push(1)))
    expect(new Set(lengths)).toEqual(new Set([1]))
    await exercise(hot)
  })

  test('calls made while it is being connected keep their order', async () => {
    const lists = spread.map(key => hot.list<number>(`connecting:${key}`))
    await hot.flush()
    for (let index = 0; index < 40; index++) {
      for (const list of lists) void list.push(index)
      await sleep(1)
    }
    const ends = await Promise.all(lists.map(list => list.toJS()))
    const wanted = Array.from({ length: 40 }, (_, index) => index).join()
    expect(ends.map(String)).toEqual(lists.map(() => wanted))
    await Promise.all(lists.map(list => list.clear()))
  })

  test('stays open when the Hot is closed, and can be given to another', async () => {
    await hot.list<number>().push(1)
    await hot.close()
    expect(cluster.isOpen).toBe(true)
    const other = createHot({ client: cluster })
    expect(await other.list<number>().push(1)).toBe(1)
    await other.close()
  })

  test('has error listeners, so that dropped connections are no crash, and works again by itself', async () => {
    const lists = spread.map(key => hot.list<number>(key))
    await Promise.all(lists.map(list => list.replace([1])))
    for (let round = 2; round < 5; round++) {
      await killConnections()
      await sleep(30)
      expect(await Promise.all(lists.map(list => list.push(round)))).toEqual([round, round, round])
    }
    expect(cluster.listenerCount('error')).toBeGreaterThan(0)
  })

  test.each([
    ['by its owner', () => cluster.connect()],
    ['by the first call', () => hot.list().length]
  ])(
    'opened %s and closed by its owner: a ConnectionError says so and the way out; open again: works again',
    async (_, open) => {
      await open()
      const list = hot.list<number>()
      await list.push(1)
      await close(cluster)
      const error = (await failureOf(list.push(2))) as ConnectionError
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ outcome: 'not-sent', operation: 'List.push', key: list.key })
      expect(error.message).toMatch(/closed/)
      expect(error.message).toMatch(/connect\(\)/)
      expect(cluster.isOpen).toBe(false)

      await cluster.connect()
      expect(await list.push(3)).toBe(2)
    }
  )
})

describe('A cluster that can not be reached', () => {
  let url: string
  beforeAll(async () => {
    const down = await startServer()
    url = down.url.replace('//', '//ada:s3cr3t-word@')
    await down.stop()
  })

  const failsInTime = async (version: (typeof versions)[number], urls: readonly string[]) => {
    const cluster = version.createCluster(urls)
    const hot = createHot({ client: cluster, connectTimeout: 300 })
    const start = performance.now()
    const error = (await failureOf(hot.list<number>('x').push(1))) as ConnectionError
    const took = performance.now() - start
    await hot.close()
    if (cluster.isOpen) await version.destroy(cluster)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ outcome: 'not-sent', operation: 'List.push', key: 'x' })
    expect(error.message).not.toContain('s3cr3t-word')
    expect(took).toBeLessThan(2_800)
  }

  test.each(versions)('because nobody listens, fails in time (node-redis $version)', version =>
    failsInTime(version, [url])
  )

  test.each(versions)('because nobody answers, fails in time (node-redis $version)', async version => {
    for (const node of nodes.nodes) node.pause()
    // Ends a hang, so that it is a failure and not the end of all other tests.
    const resuming = setTimeout(() => nodes.nodes.forEach(node => node.resume()), 4_000)
    try {
      await failsInTime(version, nodes.rootUrls)
    } finally {
      clearTimeout(resuming)
      for (const node of nodes.nodes) node.resume()
    }
  })
})

test.each(versions)(
  'A node of a cluster of node-redis $version that dies and comes back works again',
  async version => {
    const cluster = version.createCluster(nodes.rootUrls)
    const hot = createHot({ client: cluster, connectTimeout: 10_000 })
    try {
      const lists = spread.map(key => hot.list<number>(key))
      await Promise.all(lists.map(list => list.replace([1])))
      await nodes.nodes[0]!.kill()
      await sleep(50)
      const calls = Promise.all(lists.map(list => list.push(2)))
      await sleep(100)
      await nodes.nodes[0]!.restart()
      // The one that was killed has forgotten what it held.
      expect((await calls).sort()).toEqual([1, 2, 2])
    } finally {
      await hot.close()
      if (cluster.isOpen) await version.destroy(cluster)
    }
  }
)
