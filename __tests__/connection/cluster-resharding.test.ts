import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
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

/** Appends one number after another to a list without waiting, and tells what failed. */
async function appendWhile(going: () => boolean, appends: readonly ((id: number) => Promise<unknown>)[]) {
  const calls: Promise<unknown>[] = []
  for (let id = 0; going(); id++) {
    calls.push(appends[id % appends.length]!(id))
    if (id % 4 === 0) await sleep(1)
  }
  const settled = await Promise.allSettled(calls)
  return {
    count: calls.length,
    failures: settled.flatMap(one => (one.status === 'rejected' ? [String(one.reason)] : []))
  }
}

async function whileMoving(key: string, moves: number, work: (going: () => boolean) => Promise<void>): Promise<void> {
  const slot = await resharding.slotOf(key)
  let going = true
  const working = work(() => going)
  try {
    for (let round = 0; round < moves; round++) {
      await sleep(30)
      await resharding.move(slot, 40)
    }
    await sleep(50)
  } finally {
    going = false
    await working
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe.each(versions)(
  'While a slot moves to another node (node-redis $version)',
  ({ version, createCluster, destroy }) => {
    const tag = `{moving${version}}`
    const withHot = async (act: (hot: Hot) => Promise<void>) => {
      const cluster = createCluster(nodes.rootUrls)
      const hot = createHot({ client: cluster, connectTimeout: 15_000 })
      try {
        await hot.list(tag).length
        await act(hot)
      } finally {
        await hot.close()
        if (cluster.isOpen) await destroy(cluster)
      }
    }

    test('calls that are referred together take effect in the order in which they were made', () =>
      withHot(async hot => {
        const key = `{together${version}}`
        const list = hot.list<number>(key)
        for (let round = 0; round < 3; round++) {
          await list.clear()
          await resharding.move(await resharding.slotOf(key), 0)
          // The first goes as a MULTI, which is answered in several replies.
          expect(await Promise.all([list.replace([1, 2]), list.shift(), list.length])).toEqual([undefined, 1, 1])
        }
      }))

    test('keys() and clear() find what has moved before, without anybody having noticed', () =>
      withHot(async hot => {
        const keys = upTo(30).map(n => `{unnoticed${version}}:${n}`)
        const found = async () => {
          const names: string[] = []
          for await (const key of hot.keys('{unnoticed*')) names.push(key)
          return names.sort()
        }
        await Promise.all(keys.map(key => hot.string(key).replace('x')))
        for (let round = 0; round < 2; round++) {
          await resharding.move(await resharding.slotOf(keys[0]!), 0)
          expect(await found()).toEqual([...keys].sort())
        }
        await resharding.move(await resharding.slotOf(keys[0]!), 0)
        expect(await hot.clear('{unnoticed*')).toBe(keys.length)
        expect(await found()).toEqual([])
      }))

    test('commands and scripts on its keys are neither lost nor doubled nor out of order, and none fails', () =>
      withHot(async hot => {
        const lists = ['a', 'b', 'c'].map(name => hot.list<number>(`${tag}:${name}`))
        const counts = hot.dict<Record<string, number>>(`${tag}:counts`)
        await whileMoving(tag, 3, async going => {
          const told = await Promise.all(
            lists.map(list =>
              appendWhile(going, [
                id => list.push(id),
                id => list.splice(1e6, 0, id),
                id => list.extend([id]),
                id => Promise.all([list.insert(1e6, id), counts.increment('n')])
              ])
            )
          )
          expect(told.flatMap(({ failures }) => failures)).toEqual([])
          for (const [index, list] of lists.entries())
            expect(String(await list.toJS())).toBe(String(upTo(told[index]!.count)))
          const increments = told.reduce((all, { count }) => all + Math.floor(count / 4), 0)
          expect(await counts.get('n')).toBe(increments)
        })
      }))

    test('calls of several commands (MULTI), of several keys, and reads keep their place too', () =>
      withHot(async hot => {
        const list = hot.list<number>(`${tag}:multi`)
        const made = hot.defaultDict<Record<string, number>>(() => 7, `${tag}:made`)
        await whileMoving(tag, 1, async going => {
          const reads: Promise<unknown>[] = []
          const { count, failures } = await appendWhile(going, [
            id => list.push(id),
            id => Promise.all([list.push(id), made.get(`field${id}`), made.getOrInsert(`other${id}`, id)]),
            async id => {
              const before = list.length
              const pushed = list.push(id)
              reads.push(before)
              expect([await before, await pushed]).toEqual([id, id + 1])
            },
            id => Promise.all([list.push(id), list.sort()]),
            id => Promise.all([list.push(id), made.pop(`field${id - 3}`)])
          ])
          expect(failures).toEqual([])
          expect(String(await list.toJS())).toBe(String(upTo(count)))
          expect(reads.length).toBeGreaterThan(0)
        })
      }))

    test('a key that is not there yet is made in the right place', () =>
      withHot(async hot => {
        let made = 0
        await whileMoving(tag, 1, async going => {
          while (going() || made <= 2) {
            const list = hot.list<number>(`${tag}:new:${made++}`)
            void list.push(1, 2)
            void list.reverse()
            const popped = list.pop()
            void list.push(3)
            expect([await popped, await list.toJS()]).toEqual([1, [2, 3]])
            await list.clear()
          }
        })
        expect(made).toBeGreaterThan(2)
      }))
  }
)
