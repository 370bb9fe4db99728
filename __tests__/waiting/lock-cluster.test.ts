import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, createCluster } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { countingNew } from '../support/connections.js'
import { addReplica, replicated } from '../support/failover.js'
import { upTo, waitFor } from '../support/lines.js'
import { until } from '../support/promises.js'
import { Resharding } from '../support/resharding.js'
import { startCluster, type Cluster, type Server } from '../support/servers.js'
import { scaled } from '../support/runs.js'
import { auxKeyName } from '../support/keys.js'

const WAITS = scaled(250)

let nodes: Cluster
let resharding: Resharding
let servers: ReturnType<typeof createClient>[]
let cluster: ReturnType<typeof newCluster>
const closers: (() => Promise<unknown>)[] = []

const newCluster = () => createCluster({ rootNodes: nodes.rootUrls.map(url => ({ url })) }).on('error', () => undefined)

/** A Hot with a cluster client of its own. */
function another(): Hot {
  const client = newCluster()
  const hot = createHot({ client, connectTimeout: 20_000 })
  closers.push(async () => {
    await hot.close()
    if (client.isOpen) await client.disconnect()
  })
  return hot
}

beforeAll(async () => {
  nodes = await startCluster()
  resharding = await Resharding.of(nodes)
  cluster = newCluster()
  await cluster.connect()
  servers = nodes.rootUrls.map(url => createClient({ url }).on('error', () => undefined))
  await Promise.all(servers.map(client => client.connect()))
})
afterAll(async () => {
  for (const close of closers.reverse()) await close()
  await Promise.all([cluster, ...servers].map(client => client.disconnect()))
  await resharding.close()
  await nodes.stop()
})

const enqueued = (key: string, length: number) =>
  until(`${length} are enqueued`, async () => (await cluster.zCard(auxKeyName(key, 'waiters'))) === length, 30_000)

const move = async (key: string) => resharding.move(await resharding.slotOf(key), 20)

test(`${WAITS} waits for as many locks take a few connections, and one to each master`, async () => {
  const hot = another()
  const keys = upTo(WAITS).map(place => `many:${place}`)
  const held = await Promise.all(keys.map(key => hot.lock(key).acquire()))
  const connections = await countingNew(() => servers.map(server => server.sendCommand(['CLIENT', 'LIST'])))
  const other = another()

  const { inside, done } = waitFor(keys.map(key => other.lock(key)))
  for (const key of keys) await enqueued(key, 1)
  expect(await connections()).toBeGreaterThanOrEqual(nodes.nodes.length)
  // To each master the client that was given has one of its own, too.
  expect(await connections()).toBeLessThanOrEqual(8 + 2 * nodes.nodes.length)
  expect(inside).toEqual([])
  await Promise.all(held.map(permit => permit.release()))
  await done
  expect(inside.sort((a, b) => a - b)).toEqual(upTo(WAITS))
  expect(await connections()).toBeLessThanOrEqual(8 + 2 * nodes.nodes.length)
})

test('a lock whose slot moves is held on, and those who wait for it get it', async () => {
  const key = 'moves:held'
  const held = await another().lock(key).acquire({ lease: 1_000 })
  const others = upTo(3).map(() => another().lock(key))
  const { inside, done } = waitFor(upTo(60).map(place => others[place % others.length]!))
  await enqueued(key, 60)

  for (let round = 0; round < 3; round++) await move(key)
  expect(inside).toEqual([])
  expect(held.signal.aborted).toBe(false)
  expect(await others[0]!.tryAcquire()).toBeUndefined()
  await held.release()
  await done
  expect(inside.sort((a, b) => a - b)).toEqual(upTo(60))
  expect(await others[0]!.available()).toBe(1)
})

test('while the slot of a lock moves it is held by one at a time, with ever greater tokens', async () => {
  const key = 'moves:busy'
  const locks = upTo(6).map(() => another().lock(key))
  let moving = true
  let inside = 0
  const tokens: number[] = []
  const working = locks.map(async lock => {
    let sections = 0
    for (; moving; sections++) {
      await lock.run(async permit => {
        expect(++inside).toBe(1)
        tokens.push(permit.token)
        await sleep(Math.random() * 3)
        expect(permit.signal.aborted).toBe(false)
        inside--
      })
    }
    return sections
  })
  const failed = Promise.all(working).catch((error: unknown) => {
    moving = false
    throw error
  })
  failed.catch(() => undefined)
  for (let round = 0; round < 5 && moving; round++) {
    const before = tokens.length
    await until('the lock is in use', () => tokens.length > before + 20 || !moving)
    await move(key)
  }
  moving = false
  const sections = await failed
  expect(Math.min(...sections)).toBeGreaterThan(0)
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
  expect(await locks[0]!.available()).toBe(1)
})

test('when the master of a lock dies, it is held on at the replica that takes its place, and those who wait get it', async () => {
  const key = 'dies'
  const master = nodes.nodes[await resharding.ownerOf(await resharding.slotOf(key))] as Server
  const replica = await addReplica(nodes, master)
  closers.unshift(() => replica.stop())
  const hot = another()
  const first = await hot.lock(key).run(permit => permit.token)
  const held = await hot.lock(key).acquire({ lease: 15_000 })
  const others = upTo(3).map(() => another().lock(key))
  const { inside, done } = waitFor(upTo(30).map(place => others[place % others.length]!))
  await enqueued(key, 30)
  await replicated(master)
  await master.kill()

  expect(await others[0]!.available()).toBe(0)
  expect(inside).toEqual([])
  expect(held.signal.aborted).toBe(false)
  expect(held.token).toBeGreaterThan(first)
  await held.release()
  await done
  expect(inside.sort((a, b) => a - b)).toEqual(upTo(30))
  expect(await others[0]!.run(permit => permit.token)).toBeGreaterThan(held.token)
})
