import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { handOverLease, shortenHandOvers } from '../support/hand-over.js'
import { upTo } from '../support/lines.js'
import { until } from '../support/promises.js'
import { countingNew } from '../support/connections.js'
import { Crew, begin, kill, lines, rawClient, type RawClient } from '../support/crew.js'
import { startCluster, startServer, type Cluster, type Server } from '../support/servers.js'
import { auxKeyName } from '../support/keys.js'

const WAITS = 1_000

/** More than these one Hot never has to a server; to a cluster of n masters n more. */
const MOST_CONNECTIONS = 8

const newConnections = (raws: readonly RawClient[]) =>
  countingNew(() => raws.map(raw => raw.sendCommand<string>(['CLIENT', 'LIST'])))

/** Resolves when so many waits stand in all lines together at keys with this name in them. */
async function allStand(count: number, name: string, raws: readonly RawClient[]): Promise<void> {
  const standing = async (raw: RawClient) => {
    const keys = (await raw.keys(`*${name}*`)).filter(key => /:(getters|putters|joiners)$/.test(key))
    return (await Promise.all(keys.map(key => raw.zCard(key)))).reduce((all, one) => all + one, 0)
  }
  await until(`${count} are enqueued`, async () => {
    const counts = await Promise.all(raws.map(standing))
    return counts.reduce((all, one) => all + one) === count
  })
}

/** Waits a thousand times in one process at so many keys, and tells how many connections that takes. */
async function waitAndServe(count: number, newHot: () => Hot, raws: readonly RawClient[]): Promise<number> {
  const name = freshKey('waits')
  const keys = upTo(WAITS).map(index => `${name}:${index % count}`)
  const [putting, waiting] = [newHot(), newHot()]
  await Promise.all(keys.map(key => putting.queue(key).size))
  const connections = await newConnections(raws)
  const gets = keys.map(key => waiting.queue<number>(key).get())
  await allStand(WAITS, name, raws)
  const taken = await connections()
  await Promise.all(keys.map((key, index) => putting.queue<number>(key).put(index)))
  expect(await Promise.all(gets)).toEqual(upTo(WAITS))
  expect(await connections()).toBe(taken)
  return taken
}

describe('On one server', () => {
  let server: Server
  let crew: Crew
  let hot: Hot
  let raw: RawClient
  let stand: ReturnType<typeof lines>
  const hots: Hot[] = []
  const newHot = () => {
    const made = createHot({ url: server.url })
    hots.push(made)
    return made
  }
  beforeAll(async () => {
    server = await startServer()
    crew = new Crew(server.url)
    hot = newHot()
    raw = await rawClient(server.url)
    stand = lines(raw)
  })
  afterAll(async () => {
    await Promise.all(hots.map(one => one.close()))
    await raw.disconnect()
    await server.stop()
  })

  test.each([
    ['one key', 1],
    ['a thousand keys', 1_000]
  ])('a thousand waits at %s take no more than eight connections, and all are served', async (_, count) => {
    const connections = await waitAndServe(count, newHot, [raw])
    expect(connections).toBeGreaterThan(0)
    expect(connections).toBeLessThanOrEqual(MOST_CONNECTIONS)
  })

  test('a thousand waits of all kinds take no more than eight connections either', async () => {
    const name = freshKey('waits')
    const waiting = newHot()
    const connections = await newConnections([raw])
    const settled = Promise.all(
      upTo(250).flatMap(number => {
        const queue = waiting.queue<number>(`${name}:${number}`, { maxsize: 1 })
        const [first, second] = [queue.put(1), queue.put(2)]
        return [first, second, queue.put(3), queue.join(), waiting.setQueue<number>(`${name}:unique:${number}`).get()]
      })
    )
    await allStand(WAITS, name, [raw])
    expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
    for (const number of upTo(250)) {
      const queue = hot.queue<number>(`${name}:${number}`)
      await hot.setQueue<number>(`${name}:unique:${number}`).put(number)
      expect(await Promise.all([queue.get(), queue.get(), queue.get()])).toEqual([1, 2, 3])
    }
    await settled
    expect(await connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
  })

  test('waits of a process that was killed block nobody: what is put next goes to whoever comes after them', async () => {
    const queue = hot.queue<string>(freshKey('queue'))
    const [dying] = await crew.hire(1)
    begin([dying!], 'waitsAtOnce', queue.key, 100)
    await stand(100, queue.key)
    const served = queue.get()
    await stand(101, queue.key)
    const channels = (await raw.pubSubChannels()).length
    await kill(dying!)
    await until('Redis knows', async () => (await raw.pubSubChannels()).length < channels)
    await queue.put('a')
    // Long before what is handed to somebody who does not fetch it goes to another.
    expect(await Promise.race([served, sleep(1_500, 'nothing')])).toBe('a')
    expect(await raw.zCard(auxKeyName(queue.key, 'getters'))).toBe(0)
    await queue.join()
  })

  test.each([
    ['a process that waits once', 1],
    ['a process that waits twice', 2]
  ])(
    'what is leased to %s and was stopped goes to another; when it goes on, it waits on',
    async (_, waits) => {
      const queue = hot.queue<string>(freshKey('queue'))
      const setBack = shortenHandOvers()
      const first = handOverLease()
      const [stopped] = await new Crew(server.url).hire(1)
      setBack()
      begin([stopped!], 'holds', queue.key, 30_000, waits)
      await stand(waits, queue.key)
      const another = queue.consume()
      const next = another.next()
      await stand(waits + 1, queue.key)
      stopped!.kill('SIGSTOP')
      const began = performance.now()
      await queue.put('a')
      expect(await queue.size).toBe(0)
      // Nobody acts at the key but those who wait.
      expect(await next).toEqual({ done: false, value: 'a' })
      expect(performance.now() - began).toBeGreaterThan(0.75 * first)

      stopped!.kill('SIGCONT')
      await stand(waits, queue.key)
      await queue.put('b')
      expect(await stopped!.next()).toBe('b')
      await another.return?.()
      await kill(stopped!)
    },
    15_000
  )

  test('what get() was given in a process that was stopped is its own, and keeps nobody else waiting', async () => {
    const queue = hot.queue<string>(freshKey('queue'))
    const [stopped] = await crew.hire(1)
    begin([stopped!], 'waitsAtOnce', queue.key, 1)
    await stand(1, queue.key)
    const another = queue.get()
    await stand(2, queue.key)
    stopped!.kill('SIGSTOP')
    await queue.put('a')
    await queue.put('b')
    expect(await another).toBe('b')
    stopped!.kill('SIGCONT')
    expect(await stopped!.next()).toBe('a')
    expect(await queue.empty()).toBe(true)
    await kill(stopped!)
  })

  test('what is put into a full queue by a process that was stopped is there once', async () => {
    const queue = hot.queue<string>(freshKey('queue'), { maxsize: 1 })
    await queue.put('mine')
    const [stopped] = await crew.hire(1)
    begin([stopped!], 'waitsForSpace', queue.key, 1)
    await stand(1, queue.key, 'putters')
    stopped!.kill('SIGSTOP')
    expect(await queue.get()).toBe('mine')
    expect(await queue.get()).toBe('0:0')
    stopped!.kill('SIGCONT')
    await crew.results([stopped!])
    expect(await queue.toJS()).toEqual([])
  })
})

describe('On a cluster', () => {
  let cluster: Cluster
  let raws: RawClient[]
  const closers: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    cluster = await startCluster()
    raws = await Promise.all(cluster.rootUrls.map(rawClient))
  })
  afterAll(async () => {
    for (const close of closers.reverse()) await close()
    await Promise.all(raws.map(raw => raw.disconnect()))
    await cluster.stop()
  })

  const newHot = () => {
    const client = createCluster({ rootNodes: cluster.rootUrls.map(url => ({ url })) }).on('error', () => undefined)
    closers.push(() => client.disconnect())
    const hot = createHot({ client })
    closers.push(() => hot.close())
    return hot
  }

  test.each([
    ['one key', 1],
    ['a thousand keys', 1_000]
  ])('a thousand waits at %s take no more than eight connections and one for each master', async (_, count) => {
    const connections = await waitAndServe(count, newHot, raws)
    expect(connections).toBeGreaterThan(0)
    // To each master the client that was given has one of its own, too.
    expect(connections).toBeLessThanOrEqual(MOST_CONNECTIONS + 2 * cluster.nodes.length)
  })
})
