import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { createHot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'
import { startSentinel, type Sentinel } from '../support/sentinel.js'

let sentinel: Sentinel
beforeAll(async () => {
  sentinel = await startSentinel()
})
afterAll(() => sentinel.stop())

const make = {
  5: () => version5.createSentinel(options()),
  6: () => version6.createSentinel(options())
}
const options = () => ({ name: sentinel.name, sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }] })

test.each([5, 6] as const)(
  'A sentinel client of node-redis %s leads to the master, and after a failover to the next one',
  async version => {
    const client = make[version]()
    const hot = createHot({ client, connectTimeout: 10_000 })
    const [list, counter, queue] = [hot.list<number>(freshKey()), hot.int(freshKey()), hot.queue(freshKey())]
    expect(await Promise.all([list.push(1), list.reverse(), list.toJS()])).toEqual([1, undefined, [1]])
    const got = queue.get()
    await queue.put('x')
    expect(await got).toBe('x')
    await sentinel.failOver()
    // The old master drops its clients: a write that is sent before that is noticed has an unknown outcome.
    await list.length
    expect(await list.push(2)).toBe(2)
    await hot.transaction(async () => {
      counter.value = ((await counter.value) ?? 0) + 1
    })
    expect(await counter.value).toBe(1)
    expect(client.isOpen).toBe(true)
    await client.close()
    expect(await failureOf(list.push(3))).toMatchObject({ code: 'CONNECTION', outcome: 'not-sent' })
    await hot.close()
  },
  30_000
)
