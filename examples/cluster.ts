// The same on a Redis Cluster: REDIS_URL is one of its nodes, the others are found through it.

import { createHot, CrossSlotError } from 'hot-redis'
import { createCluster } from 'redis'

const cluster = createCluster({ rootNodes: [{ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' }] })
const hot = createHot({ client: cluster, prefix: 'example:' })

// Each key lives on the node that holds its slot. Nothing to do: every call finds its way.
const names = ['ada', 'bob', 'cleo']
await Promise.all(names.map(name => hot.list(`list:${name}`, { initial: [name] }).toJS()))

// What reads or writes several keys at once needs them in one slot: a hash tag, the part in braces, decides it.
const mine = hot.list('{ada}:mine', { initial: [1, 2] })
const yours = hot.list('{ada}:yours', { initial: [3] })
console.log(await mine.concat(yours))

const ada = hot.list<string>('list:ada')
const bob = hot.list<string>('list:bob')
try {
  await ada.concat(bob)
} catch (error) {
  if (!(error instanceof CrossSlotError)) throw error
  console.log(error.message)
}

await Promise.all([mine.clear(), yours.clear(), ...names.map(name => hot.list(`list:${name}`).clear())])
await hot.close() // your own client stays open
await cluster.disconnect()
