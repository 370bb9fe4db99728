import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHot, type Hot } from '../../src/index.js'
import { heapUsed } from '../support/heap.js'
import { countRoundTrips } from '../support/round-trips.js'
import { scaled } from '../support/runs.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
let proxy: TcpProxy
let hot: Hot
let other: Hot
beforeAll(async () => {
  server = await startServer()
  proxy = await TcpProxy.to(server.port)
  hot = createHot({ url: proxy.url })
  other = createHot({ url: server.url })
})
afterAll(async () => {
  await Promise.all([hot.close(), other.close()])
  await proxy.stop()
  await server.stop()
})

describe('What is computed here keeps its place among calls on other keys', () => {
  test('nobody sees a flag that was set after a text was changed, without the change', async () => {
    const [title, flag] = [hot.string('title'), hot.int('flag')]
    const [seenTitle, seenFlag] = [other.string('title'), other.int('flag')]
    const torn: string[] = []
    let flagsSeen = 0
    for (let round = 0; round < 300; round++) {
      title.value = 'straße'
      flag.value = 0
      await hot.flush()
      const changed = title.toUpperCase()
      flag.value = 1
      let isSet = false
      while (!isSet) {
        // The flag is read first: whoever sees it set finds the text changed.
        const [set, text] = await Promise.all([seenFlag.value, seenTitle.value])
        isSet = set === 1
        if (isSet) flagsSeen++
        if (isSet && text !== 'STRASSE') torn.push(text)
      }
      await changed
    }
    expect([torn, flagsSeen]).toEqual([[], 300])
  })

  test('a call made before it comes first, and one made behind it last', async () => {
    const [list, text] = [hot.list<string>('list'), hot.string('text', { initial: 'a' })]
    void list.push('before')
    void text.toUpperCase()
    void list.push('behind')
    void text.append('b')
    void text.toUpperCase()
    expect(await text.value).toBe('AB')
    expect(await list.toJS()).toEqual(['before', 'behind'])
  })
})

describe('Fields of a DefaultDict that are there', () => {
  test('take one round trip together, however many are read', async () => {
    const made = hot.defaultDict<Record<string, number>>(() => 0, 'defaults')
    const fields = Array.from({ length: 200 }, (_, index) => `field${index}`)
    await made.update(Object.fromEntries(fields.map((field, index) => [field, index])))
    const roundTrips = countRoundTrips(proxy)
    const read = await Promise.all(fields.map(field => made.get(field)))
    expect(roundTrips()).toBe(1)
    expect(read).toEqual(fields.map((_, index) => index))
  })

  test('and those that are missing take two', async () => {
    const made = hot.defaultDict<Record<string, number>>(() => 7, 'missing')
    await made.set('there', 1)
    // From now on Redis knows the script.
    await Promise.all([made.get('x'), made.get('y'), made.get('z')])
    const roundTrips = countRoundTrips(proxy)
    expect(await Promise.all([made.get('there'), made.get('a'), made.get('b'), made.get('c')])).toEqual([1, 7, 7, 7])
    expect(roundTrips()).toBe(2)
  })
})

test('overlapping calls that are computed here, however many, leave nothing behind', async () => {
  const float = other.float('float', { initial: 1 })
  await other.flush()
  /** Keeps 100 under way. */
  const powers = (count: number) =>
    Promise.all(
      Array.from({ length: 100 }, async () => {
        for (let call = 0; call < count / 100; call++) await float.power(1)
      })
    )
  await powers(10_000)
  const before = heapUsed()
  await powers(scaled(60_000))
  expect(heapUsed() - before).toBeLessThan(3_000_000)
  expect(await float.value).toBe(1)
})
