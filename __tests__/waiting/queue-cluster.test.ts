import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createCluster } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { until } from '../support/promises.js'
import { addReplica, replicated } from '../support/failover.js'
import { Resharding } from '../support/resharding.js'
import { startCluster, type Cluster, type Server } from '../support/servers.js'
import { auxKeyName } from '../support/keys.js'

let cluster: Cluster
let resharding: Resharding
let raw: ReturnType<typeof newClient>
let replica: Server | undefined
beforeAll(async () => {
  cluster = await startCluster()
  resharding = await Resharding.of(cluster)
  raw = newClient()
  await raw.connect()
})
afterAll(async () => {
  await raw.disconnect()
  await resharding.close()
  await replica?.stop()
  await cluster.stop()
})

const closers: (() => Promise<unknown>)[] = []
let waiting: Hot
let putting: Hot
beforeEach(() => {
  waiting = newHot()
  putting = newHot()
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const newClient = () =>
  createCluster({ rootNodes: cluster.rootUrls.map(url => ({ url })) }).on('error', () => undefined)

function newHot(): Hot {
  const client = newClient()
  closers.push(() => client.disconnect())
  const hot = createHot({ client, connectTimeout: 20_000 })
  closers.push(() => hot.close())
  return hot
}

/** A key of which a master holds the slot. */
async function keyOn(master: Server): Promise<string> {
  for (;;) {
    const key = freshKey('queue')
    const owner = await resharding.ownerOf(await resharding.slotOf(key))
    if (cluster.nodes[owner] === master) return key
  }
}

const enqueued = (key: string, count: number, line = 'getters') =>
  until(`${count} are enqueued at ${key}`, async () => (await raw.zCard(`{${key}}:hot-redis:${line}`)) === count)

const move = async (key: string) => resharding.move(await resharding.slotOf(key), 20)

test('waits of all kinds on all masters at once are served', async () => {
  const keys = await Promise.all(cluster.nodes.flatMap(node => [keyOn(node), keyOn(node), keyOn(node)]))
  const gets = keys.map(key => waiting.queue<string>(key).get())
  const others = keys.map(async key => {
    const queue = waiting.queue<string>(`full:{${key}}`, { maxsize: 1 })
    await queue.put('first')
    await Promise.all([queue.put('second'), queue.join()])
  })
  for (const key of keys) {
    await until('all are enqueued', async () => {
      const lines = [
        auxKeyName(key, 'getters'),
        auxKeyName(`full:{${key}}`, 'putters'),
        auxKeyName(`full:{${key}}`, 'joiners')
      ]
      return String(await Promise.all(lines.map(line => raw.zCard(line)))) === '1,1,1'
    })
  }
  for (const key of keys) {
    await putting.queue<string>(key).put(key)
    const full = putting.queue<string>(`full:{${key}}`)
    expect(await Promise.all([full.get(), full.get()])).toEqual(['first', 'second'])
  }
  expect(await Promise.all(gets)).toEqual(keys)
  await Promise.all(others)
})

test('a wait at a key whose slot moves to another master is served by what is put there', async () => {
  for (const node of cluster.nodes) {
    const key = await keyOn(node)
    const queue = waiting.queue<string>(key)
    const first = queue.get()
    await enqueued(key, 1)
    const second = queue.get()
    await enqueued(key, 2)
    await move(key)
    await putting.queue<string>(key).put('a')
    expect(await first).toBe('a')
    await move(key)
    await putting.queue<string>(key).put('b')
    expect(await second).toBe('b')
    await putting.queue<string>(key).join()
  }
})

test('a wait for space, and one for the end of all work, at a key whose slot moves end when it is time', async () => {
  const key = await keyOn(cluster.nodes[0]!)
  const queue = waiting.queue<string>(key, { maxsize: 1 })
  await queue.put('a')
  const put = queue.put('b')
  const join = queue.join()
  await Promise.all([enqueued(key, 1, 'putters'), enqueued(key, 1, 'joiners')])
  await move(key)
  const others = putting.queue<string>(key)
  expect(await others.get()).toBe('a')
  await put
  expect(await others.get()).toBe('b')
  await join
}, 10_000)

test('what another program pushes at a key whose slot has moved wakes who waits there', async () => {
  const key = await keyOn(cluster.nodes[0]!)
  const get = waiting.queue<string>(key).get()
  await enqueued(key, 1)
  await move(key)
  await raw.rPush(key, 'a')
  expect(await get).toBe('a')
}, 10_000)

test('items of a key whose slot moves again and again are taken once each, and in order', async () => {
  const key = freshKey('queue')
  const queue = putting.queue<number>(key)
  const taken: number[] = []
  const END = -1
  const taking = (async () => {
    for await (const item of waiting.queue<number>(key)) {
      if (item === END) return
      taken.push(item)
    }
  })()
  let moving = true
  const puts = (async () => {
    let count = 0
    for (; moving; count++) await queue.put(count)
    await queue.put(END)
    return count
  })()
  for (let round = 0; round < 6; round++) {
    const before = taken.length
    await until('the queue is in use', () => taken.length > before + 10)
    await move(key)
  }
  moving = false
  const count = await puts
  await taking
  expect(taken).toEqual(Array.from({ length: count }, (_, index) => index))
  await queue.join()
})

test('leased items of a key whose slot moves stay leased, and are renewed in their new place', async () => {
  const key = await keyOn(cluster.nodes[1]!)
  const queue = waiting.queue<string>(key)
  await queue.put('a')
  const others: string[] = []
  for await (const item of queue.consume({ lease: 600 })) {
    expect(item).toBe('a')
    void putting
      .queue<string>(key)
      .get()
      .then(other => others.push(other))
    await enqueued(key, 1)
    await move(key)
    const end = performance.now() + 1_500
    await until('twice the lease has passed', () => performance.now() > end)
    expect(others).toEqual([])
    break
  }
  await until('it is given to another', () => others.length === 1)
  expect(others).toEqual(['a'])
})

// The last one: it leaves the cluster without one of its masters.
test('when a master dies, waits go on at the replica that takes its place', async () => {
  const master = cluster.nodes[2]!
  replica = await addReplica(cluster, master)
  const key = await keyOn(master)
  const queue = waiting.queue<string>(key)
  const others = putting.queue<string>(key)
  const [full, space] = [waiting, putting].map(hot => hot.queue<string>(`{${key}}:full`, { maxsize: 1 }))
  await Promise.all([full!.put('first'), others.size])
  const gets = [queue.get(), queue.get()]
  const put = full!.put('second')
  await enqueued(key, 2)
  await until('one waits for space', async () => (await raw.zCard(auxKeyName(`{${key}}:full`, 'putters'))) === 1)
  await replicated(master)
  await master.kill()
  await others.put('a').catch((error: unknown) => expect(error).toMatchObject({ outcome: 'unknown' }))
  await others.put('b')
  await others.put('c')
  const taken = [...(await Promise.all(gets)), ...(await others.toJS())]
  expect(taken.filter(item => item !== 'a').sort()).toEqual(['b', 'c'])
  expect(await Promise.all([space!.get(), space!.get()])).toEqual(['first', 'second'])
  await put
})
