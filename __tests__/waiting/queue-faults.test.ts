import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, QueueEmptyError, createHot, type Hot, type HotQueue } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf, until } from '../support/promises.js'
import { lines, rawClient, type RawClient } from '../support/crew.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { auxKeyName } from '../support/keys.js'

/** The server, a Hot whose connections can be cut, and one whose connections nobody cuts. */
let server: Server
let proxy: TcpProxy
let cuttable: Hot
let hot: Hot
let raw: RawClient
let stand: ReturnType<typeof lines>
/** The connections that `killNormal` leaves alone. */
let spared: Set<string>

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())
beforeEach(async () => {
  proxy = await TcpProxy.to(server.port)
  cuttable = createHot({ url: proxy.url })
  hot = createHot({ url: server.url })
  raw = await rawClient(server.url)
  stand = lines(raw)
  await hot.list('connected').length
  spared = new Set(idsOf(await clientList('normal')))
})
afterEach(async () => {
  proxy.onRequest = proxy.onReply = () => 'pass'
  await Promise.all([cuttable.close(), hot.close()])
  await raw.disconnect()
  await proxy.stop()
})

function cutAll(one: TcpProxy): Promise<void> {
  one.cut()
  return Promise.resolve()
}

/** Cuts the connection, once, when such a request arrives: it does not come through. */
function cutBefore(request: string, then: () => void = () => undefined): void {
  proxy.onRequest = chunk => {
    if (!chunk.includes(request)) return 'pass'
    proxy.onRequest = () => 'pass'
    then()
    return 'cut'
  }
}

/** Cuts the connection, once, when such a reply comes: it does not come through. */
function cutReply(reply: string): void {
  proxy.onReply = chunk => {
    if (!chunk.includes(reply)) return 'pass'
    proxy.onReply = () => 'pass'
    return 'cut'
  }
}

/** The same queue, through connections that can be cut and through others. */
function queuePair(maxsize?: number): readonly [cut: HotQueue<string>, safe: HotQueue<string>] {
  const key = freshKey('queue')
  return [cuttable.queue(key, { maxsize }), hot.queue(key, { maxsize })]
}

const idsOf = (list: string) => [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id!)
const clientList = (type: string) => raw.sendCommand<string>(['CLIENT', 'LIST', 'TYPE', type])

/** Cuts all connections on which something is asked, but for the main one of `hot`. */
async function killNormal(): Promise<void> {
  const others = idsOf(await clientList('normal')).filter(id => !spared.has(id))
  await Promise.all(others.map(id => raw.sendCommand(['CLIENT', 'KILL', 'ID', id])))
}

describe('A wait goes on by itself when', () => {
  const cuts: [string, () => Promise<unknown>][] = [
    ['the connection that is told of what there is', () => raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])],
    ['each of the others', killNormal],
    ['every connection', () => cutAll(proxy)]
  ]

  test.each(cuts)('%s is cut: for an item', async (_, cut) => {
    const [queue, safe] = queuePair()
    const first = queue.get()
    await stand(1, queue.key)
    const second = safe.get()
    await stand(2, queue.key)
    const [before] = await raw.zRange(auxKeyName(queue.key, 'getters'), 0, 0)
    await cut()
    // They come back in the order in which they came.
    await until('both are enqueued again', async () => {
      const [line, channels] = await Promise.all([
        raw.zRange(auxKeyName(queue.key, 'getters'), 0, -1),
        raw.pubSubChannels()
      ])
      return line.length === 2 && line[0] === before && line.every(one => channels.includes(one.split('/')[0]!))
    })
    await safe.put('a')
    expect(await first).toBe('a')
    await safe.put('b')
    expect(await second).toBe('b')
  })

  test.each(cuts)('%s is cut: for space, and for the end of all work', async (_, cut) => {
    const [queue, safe] = queuePair(1)
    await safe.put('a')
    const put = queue.put('b')
    await stand(1, queue.key, 'putters')
    const join = queue.join()
    await stand(1, queue.key, 'joiners')
    await cut()
    expect(await safe.get()).toBe('a')
    await put
    expect(await safe.toJS()).toEqual(['b'])
    expect(await safe.get()).toBe('b')
    await join
  })

  test.each(cuts)('%s is cut just when what it waits for comes', async (_, cut) => {
    const [queue, safe] = queuePair()
    for (let round = 0; round < 20; round++) {
      const get = queue.get()
      await stand(1, queue.key)
      await Promise.all([cut(), safe.put(`item ${round}`)])
      expect(await get).toBe(`item ${round}`)
    }
    expect(await safe.toJS()).toEqual([])
    await safe.join()
  })

  test.each(cuts)('%s is cut: for what other programs push', async (_, cut) => {
    const [queue, safe] = queuePair()
    await safe.size
    for (let round = 0; round < 5; round++) {
      const get = queue.get()
      await stand(1, queue.key)
      await cut()
      await raw.rPush(queue.key, `item ${round}`)
      expect(await get).toBe(`item ${round}`)
    }
  })

  test.each(['subscribe', 'CLIENT\r\n$2\r\nID', 'TRACKING', 'EVAL'])(
    'the connection is cut at its %j',
    async request => {
      const [queue, safe] = queuePair()
      let cut = false
      cutBefore(request, () => (cut = true))
      const enqueuedAfterCut = async () => cut && (await raw.zCard(auxKeyName(queue.key, 'getters'))) === 1
      const get = queue.get()
      await Promise.race([get, until('it is enqueued, though', enqueuedAfterCut)])
      await raw.rPush(queue.key, 'a')
      expect(await get).toBe('a')
      expect(await safe.empty()).toBe(true)
    }
  )
})

describe('Nothing is lost when the connection is cut', () => {
  test.each([
    ['taken', false],
    ['handed over', true]
  ])('at the very reply that holds the item, just %s', async (_, waits) => {
    const [queue, safe] = queuePair()
    cutReply('the item')
    if (!waits) await safe.put('the item')
    const get = queue.get()
    if (waits) {
      await stand(1, queue.key)
      await safe.put('the item')
    }
    expect(await get).toBe('the item')
    expect(await safe.size).toBe(0)
    await safe.join()
  })

  test('at the very reply that holds an item to be leased, and at the one that tells of its end', async () => {
    const [queue, safe] = queuePair()
    await safe.put('the item')
    await safe.put('another item')
    cutReply('the item')
    const seen: string[] = []
    for await (const item of queue.consume()) {
      seen.push(item)
      if (item === 'another item') break
      cutReply('another item')
    }
    expect(seen).toEqual(['the item', 'another item'])
    expect(await safe.toJS()).toEqual(['another item'])
  })

  test('at whatever tells that there was space: the item is put once', async () => {
    const [queue, safe] = queuePair(1)
    await safe.put('a')
    const put = queue.put('b')
    await stand(1, queue.key, 'putters')
    await until('nothing is on its way', async () => {
      const before = proxy.requests.length
      await sleep(50)
      return proxy.requests.length === before
    })
    let cut = false
    proxy.onReply = () => {
      if (cut) return 'pass'
      cut = true
      return 'cut'
    }
    expect(await safe.get()).toBe('a')
    await put
    expect(cut).toBe(true)
    expect(await safe.toJS()).toEqual(['b'])
  })

  test('when a wait is given up: it has the item, or the queue has', async () => {
    const [queue, safe] = queuePair()
    const ends = { served: 0, late: 0 }
    for (let round = 0; round < 20; round++) {
      const get = queue.get({ timeout: 300 })
      await stand(1, queue.key)
      if (round % 2) cutBefore('leave', () => void safe.put('item'))
      else {
        cutBefore('leave')
        await safe.put('item')
      }
      try {
        expect(await get).toBe('item')
        ends.served++
      } catch (error) {
        expect(error).toBeInstanceOf(QueueEmptyError)
        ends.late++
        expect(await safe.get()).toBe('item')
      }
      proxy.onRequest = () => 'pass'
      await until('nothing is left', async () => (await raw.exists([queue.key, auxKeyName(queue.key, 'leases')])) === 0)
    }
    expect(ends.served).toBeGreaterThan(0)
  })

  test('at what tells that an item is done: it is done once, or worked on again', async () => {
    const [queue, safe] = queuePair()
    await Promise.all(['a', 'b', 'c'].map(item => safe.put(item)))
    const seen: string[] = []
    for await (const item of queue.consume({ lease: 1_000 })) {
      seen.push(item)
      cutBefore('EVAL')
      if (item === 'c') break
    }
    expect(seen).toEqual(['a', 'b', 'c'])
    expect(await safe.toJS()).toEqual(['c'])
  })
})

type Numbers = HotQueue<number>

/** Puts with the first, takes with the second and looks with the third, while something goes wrong again and again; tells of all that was put what became of it. */
async function putAndTake(
  hots: readonly Hot[],
  key: string,
  maxsize: number | undefined,
  disturb: (further: (items: number) => Promise<void>) => Promise<unknown>
) {
  const ITEMS = 2_000
  const [putter, taker, safe] = hots.map(one => one.queue<number>(key, { maxsize })) as [Numbers, Numbers, Numbers]
  const put = { there: new Set<number>(), unknown: new Set<number>(), other: [] as unknown[] }
  const taken: number[] = []
  const failures: unknown[] = []
  let going = true
  /** Resolves when so many items more have been taken. */
  const further = (items: number) => {
    const end = taken.length + items
    return until(`${items} more are taken`, () => !going || taken.length >= end, 25_000)
  }
  const disturbing = (async () => {
    while (going) await disturb(further)
  })()
  const stop = new AbortController()
  const taking = Array.from({ length: 8 }, async (_, loop) => {
    while (!stop.signal.aborted && failures.length === 0) {
      const limits = { signal: stop.signal, ...(loop % 2 && { timeout: Math.random() * 20 }) }
      await taker.get(limits).then(
        item => taken.push(item),
        (error: unknown) => {
          if (!(error instanceof QueueEmptyError) && error !== stop.signal.reason) failures.push(error)
        }
      )
    }
  })
  const each = ITEMS / 4
  const putting = Array.from({ length: 4 }, async (_, loop) => {
    for (let item = loop * each; item < (loop + 1) * each; item++) {
      await putter.put(item).then(
        () => put.there.add(item),
        (error: unknown) =>
          error instanceof ConnectionError && error.outcome === 'unknown'
            ? put.unknown.add(item)
            : put.other.push(error)
      )
    }
  })
  await Promise.all(putting)
  going = false
  await disturbing
  const end = await Promise.race([Promise.all(taking), safe.join().then(() => 'all is taken')])
  stop.abort()
  await Promise.all(taking)
  expect(failures).toEqual([])
  expect(end).toBe('all is taken')
  expect(put.other).toEqual([])
  expect(await safe.toJS()).toEqual([])
  const gone = new Set(taken)
  expect(taken.filter((item, at) => taken.indexOf(item) !== at)).toEqual([])
  expect([...put.there].filter(item => !gone.has(item))).toEqual([])
  expect(taken.filter(item => !put.there.has(item) && !put.unknown.has(item))).toEqual([])
  return { unknown: put.unknown.size }
}

describe.each([
  ['no maxsize', undefined],
  ['a maxsize', 5]
])('Items of a queue with %s are taken once each, and none is lost,', (_, maxsize) => {
  test('while connections of both sides are cut at random', async () => {
    const key = freshKey('queue')
    const other = await TcpProxy.to(server.port)
    const putting = createHot({ url: other.url })
    const cuts = [
      () => cutAll(proxy),
      () => cutAll(other),
      () => raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']),
      () => raw.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    ]
    let count = 0
    const { unknown } = await putAndTake([putting, cuttable, hot], key, maxsize, async further => {
      await further(10 + Math.random() * 90)
      await cuts[count++ % cuts.length]!()
    })
    expect(count).toBeGreaterThan(4)
    expect(unknown).toBeLessThan(200)
    await putting.close()
    await other.stop()
  })

  test('while Redis forgets all scripts at random', async () => {
    const key = freshKey('queue')
    const other = createHot({ url: server.url })
    let count = 0
    const { unknown } = await putAndTake([other, cuttable, hot], key, maxsize, async further => {
      await further(Math.random() * 40)
      await raw.scriptFlush()
      count++
    })
    expect(count).toBeGreaterThan(10)
    expect(unknown).toBe(0)
    await other.close()
  })

  test('while the server, which keeps what it answered, is killed with -9 and started again', async () => {
    const keeping = await startServer({ durable: true })
    const key = freshKey('queue')
    const hots = [1, 2, 3].map(() => createHot({ url: keeping.url, connectTimeout: 15_000 }))
    let kills = 0
    await putAndTake(hots, key, maxsize, async further => {
      await further(200 + Math.random() * 300)
      if (kills++ < 4) await keeping.restart()
    })
    expect(kills).toBeGreaterThan(1)
    await Promise.all(hots.map(one => one.close()))
    await keeping.stop()
  })
})

describe('When Redis is gone', () => {
  test('and comes back without what it held, waits are put enqueued again', async () => {
    const forgetting = await startServer()
    const [waiting, putting] = [1, 2].map(() => createHot({ url: forgetting.url, connectTimeout: 15_000 }))
    const own = await rawClient(forgetting.url)
    const key = freshKey('queue')
    const [queue, others] = [waiting!, putting!].map(one => one.queue<string>(key))
    const gets = [queue!.get(), queue!.get()]
    await lines(own)(2, key)
    await own.disconnect()
    await forgetting.restart()
    const again = await rawClient(forgetting.url)
    await lines(again)(2, key)
    await Promise.all([others!.put('a'), others!.put('b')])
    expect(await Promise.all(gets)).toEqual(['a', 'b'])
    await again.disconnect()
    await Promise.all([waiting!.close(), putting!.close()])
    await forgetting.stop()
  })

  test('longer than the connectTimeout, every wait fails with a ConnectionError; later ones work', async () => {
    const gone = await startServer()
    const waiting = createHot({ url: gone.url, connectTimeout: 300 })
    const own = await rawClient(gone.url)
    const queue = waiting.queue<string>(freshKey('queue'))
    const full = waiting.queue<string>(freshKey('queue'), { maxsize: 1 })
    await full.put('a')
    const waits = [queue.get(), queue.get({ timeout: 60_000 }), full.put('b'), full.join(), queue.consume().next()]
    await lines(own)(3, queue.key)
    await lines(own)(1, full.key, 'putters')
    await lines(own)(1, full.key, 'joiners')
    await own.disconnect()
    await gone.kill()
    for (const error of await Promise.all(waits.map(failureOf))) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ key: expect.any(String) as unknown })
    }
    await gone.restart()
    const get = queue.get()
    await queue.put('c')
    expect(await get).toBe('c')
    await waiting.close()
    await gone.stop()
  })

  test('a put that was enqueued says that nobody knows its outcome: it may have been served', async () => {
    const [queue, safe] = queuePair(1)
    const impatient = createHot({ url: proxy.url, connectTimeout: 200 })
    await safe.put('a')
    const put = impatient.queue<string>(queue.key, { maxsize: 1 }).put('b')
    await stand(1, queue.key, 'putters')
    proxy.holdReplies()
    expect(await safe.get()).toBe('a')
    expect(await safe.toJS()).toEqual(['b'])
    proxy.onRequest = () => 'cut'
    proxy.cut()
    expect(await failureOf(put)).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
    await impatient.close()
  })
})

describe('A worker whose connection is down for a while', () => {
  /** Takes the item `a` with a lease of so many milliseconds, and has no connection for a while. */
  async function work(lease: number, down: number) {
    const [queue, safe] = queuePair()
    await safe.put('a')
    const loop = queue.consume({ lease })
    expect(await loop.next()).toEqual({ done: false, value: 'a' })
    const another = safe.get()
    await stand(1, queue.key)
    const leaseEnds = async () => (await raw.zRangeWithScores(auxKeyName(queue.key, 'leases'), 0, 0))[0]?.score ?? 0
    const firstEnd = await leaseEnds()
    proxy.onRequest = () => 'cut'
    proxy.cut()
    await sleep(down)
    proxy.onRequest = () => 'pass'
    return { safe, loop, another, firstEnd, leaseEnds }
  }

  test('keeps its lease when it is back in time', async () => {
    const { safe, loop, another, firstEnd, leaseEnds } = await work(2_000, 900)
    await until('the lease is renewed twice', async () => (await leaseEnds()) > firstEnd + 2_000)
    expect(await safe.empty()).toBe(true)
    const next = loop.next()
    await stand(2, safe.key)
    await safe.put('b')
    await safe.put('c')
    expect(await another).toBe('b')
    expect(await next).toEqual({ done: false, value: 'c' })
    await loop.return?.()
  })

  test('loses it when it is not: the item goes to another, and only to that one', async () => {
    const { safe, loop, another } = await work(400, 1_200)
    expect(await another).toBe('a')
    const next = loop.next()
    await stand(1, safe.key)
    await safe.put('b')
    expect(await next).toEqual({ done: false, value: 'b' })
    await loop.return?.()
    expect(await safe.toJS()).toEqual(['b'])
  })
})
