import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from '../../src/index.js'
import { versions } from '../support/node-redis.js'
import { Resharding } from '../support/resharding.js'
import { startCluster, type Cluster } from '../support/servers.js'

let nodes: Cluster
let resharding: Resharding
beforeAll(async () => {
  nodes = await startCluster()
  resharding = await Resharding.of(nodes)
})
afterAll(async () => {
  await resharding.close()
  await nodes.stop()
})

test.each(versions)(
  'While a key is on its new node and its slot is not, all of many calls succeed, in order, and do not pile up (node-redis $version)',
  async ({ version, createCluster, destroy }) => {
    const cluster = createCluster(nodes.rootUrls)
    const hot = createHot({ client: cluster })
    const list = hot.list<number>(`asked${version}`)
    await list.replace([])
    let moving = true
    const moved = resharding.move(await resharding.slotOf(list.key), 700).finally(() => (moving = false))
    const calls: Promise<number>[] = []
    let atOnce = 0
    let most = 0
    while (moving) {
      most = Math.max(most, ++atOnce)
      const call = list.push(calls.length)
      calls.push(call)
      void call.catch(() => undefined).finally(() => atOnce--)
      await sleep(3)
    }
    await moved
    expect(await Promise.all(calls)).toEqual(Array.from({ length: calls.length }, (_, index) => index + 1))
    // They do not pile up: each is answered within a few round trips.
    expect(calls.length).toBeGreaterThan(100)
    expect(most).toBeLessThan(50)
    await hot.close()
    if (cluster.isOpen) await destroy(cluster)
  },
  30_000
)
