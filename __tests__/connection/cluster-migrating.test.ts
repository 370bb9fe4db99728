import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createClient, createCluster } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { until } from '../support/promises.js'
import { Resharding } from '../support/resharding.js'
import { startCluster, type Cluster } from '../support/servers.js'
import { auxKeyName } from '../support/keys.js'

// While a slot is on its way, a key that vanishes there can't be made there again: the node sends whoever asks for it to
// the other one, and stops a script that tries.

let nodes: Cluster
let resharding: Resharding
let client: ReturnType<typeof newCluster>
let hot: Hot
let moving: Promise<void> | undefined

const newCluster = () => createCluster({ rootNodes: nodes.rootUrls.map(url => ({ url })) }).on('error', () => undefined)

beforeAll(async () => {
  nodes = await startCluster()
  resharding = await Resharding.of(nodes)
  client = newCluster()
  hot = createHot({ client, connectTimeout: 15_000 })
})
afterEach(() => moving)
afterAll(async () => {
  await hot.close()
  if (client.isOpen) await client.disconnect()
  await resharding.close()
  await nodes.stop()
})

/** Has the key's slot set out for another node; the key itself goes a moment later. */
async function setOut(key: string): Promise<void> {
  const slot = await resharding.slotOf(key)
  const node = createClient({ url: nodes.rootUrls[await resharding.ownerOf(slot)]! })
  await node.connect()
  moving = resharding.move(slot, 300)
  moving.catch(() => undefined)
  try {
    await until('it has set out', async () =>
      (await node.sendCommand<string>(['CLUSTER', 'NODES'])).includes(`[${slot}->-`)
    )
  } finally {
    await node.disconnect()
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

const calls: [string, (hot: Hot, key: string, setOut: () => Promise<void>) => Promise<unknown>, unknown][] = [
  [
    'List.splice of all items',
    async (hot, key, setOut) => {
      const list = hot.list<number>(key, { initial: [1, 2, 3] })
      await hot.flush()
      await setOut()
      return [await list.splice(0, 3, 4, 5), await list.toJS()]
    },
    [
      [1, 2, 3],
      [4, 5]
    ]
  ],
  [
    'List.splice of more than one command carries',
    async (hot, key, setOut) => {
      const list = hot.list<number>(key, { initial: [1, 2, 3] })
      await hot.flush()
      await setOut()
      return [await list.splice(1, 1, ...numbers(20_000)), await list.toJS()]
    },
    [[2], [1, ...numbers(20_000), 3]]
  ],
  [
    'List.sort',
    async (hot, key, setOut) => {
      const list = hot.list<unknown>(key, { initial: [3, 'b', 1] })
      await hot.flush()
      await setOut()
      await list.sort()
      return list.toJS()
    },
    [1, 3, 'b']
  ],
  [
    'Set.replace',
    async (hot, key, setOut) => {
      const set = hot.set<number>(key, { initial: [1, 2] })
      await hot.flush()
      await setOut()
      await set.replace([3])
      return [...(await set.toJS())]
    },
    [3]
  ],
  [
    'Set.intersectionUpdate',
    async (hot, key, setOut) => {
      const set = hot.set<number>(key, { initial: [1, 2] })
      await hot.flush()
      await setOut()
      await set.intersectionUpdate([2, 3])
      return [...(await set.toJS())]
    },
    [2]
  ],
  [
    'Dict.replace',
    async (hot, key, setOut) => {
      const dict = hot.dict<Record<string, number>>(key, { initial: { a: 1 } })
      await hot.flush()
      await setOut()
      await dict.replace({ b: 2 })
      return dict.toJS()
    },
    { b: 2 }
  ],
  [
    'MultiSet.subtract',
    async (hot, key, setOut) => {
      const counts = hot.multiSet(key, { initial: { a: 2, b: 1 } })
      await hot.flush()
      await setOut()
      await counts.subtract({ b: 3 })
      return Object.fromEntries(await counts.toJS())
    },
    { a: 2, b: -2 }
  ],
  [
    'Queue.put and get of the only item',
    async (hot, key, setOut) => {
      const queue = hot.queue<number>(key)
      await queue.put(1)
      await setOut()
      const first = await queue.get()
      await queue.put(2)
      return [first, await queue.size, await queue.get()]
    },
    [1, 1, 2]
  ],
  [
    'Lock.clear, release and acquire',
    async (hot, key, setOut) => {
      const lock = hot.lock(key)
      await lock.acquire()
      const next = lock.acquire()
      await until('it is enqueued', async () => (await client.zCard(auxKeyName(key, 'waiters'))) === 1)
      await setOut()
      await lock.clear()
      await (await next).release()
      return lock.available()
    },
    1
  ]
]

test.each(calls)('%s does all it should while the slot sets out, and loses nothing', async (_, call, expected) => {
  const key = freshKey('migrating')
  expect(await call(hot, key, () => setOut(key))).toEqual(expected)
})
