import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, createHot, type Hot } from '../../src/index.js'
import { begin, Crew, lines, rawClient, type RawClient } from '../support/crew.js'
import { shortenHandOvers } from '../support/hand-over.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { spawnWorker } from '../support/processes.js'
import { failureOf, started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
let proxy: TcpProxy
let cuttable: Hot
let hot: Hot
let raw: RawClient

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())
beforeEach(async () => {
  proxy = await TcpProxy.to(server.port)
  cuttable = createHot({ url: proxy.url, connectTimeout: 500 })
  hot = createHot({ url: server.url })
  raw = await rawClient(server.url)
})
afterEach(async () => {
  backAgain()
  await Promise.all([cuttable.close(), hot.close()])
  await raw.disconnect()
  await proxy.stop()
})

/** Cuts all connections, and lets none be made. */
function outage(): void {
  proxy.onRequest = () => 'cut'
  proxy.cut()
}

function backAgain(): void {
  proxy.onRequest = proxy.onReply = () => 'pass'
}

/** Loses the answer to the first ask that puts a wait, and everything after that. */
function loseTheAnswer(): void {
  proxy.onRequest = chunk => {
    if (!chunk.includes('$4\r\nwait')) return 'pass'
    proxy.onReply = () => {
      outage()
      return 'cut'
    }
    return 'pass'
  }
}

/** Has the process listen again for what it is told. */
async function listenAgain(): Promise<void> {
  backAgain()
  const other = cuttable.queue<string>(freshKey())
  const get = other.get()
  await lines(raw)(1, other.key)
  await other.put('heard')
  expect(await get).toBe('heard')
}

describe('What failed while Redis was gone holds nobody up when it is back:', () => {
  test('acquires that were enqueued', async () => {
    const key = freshKey()
    const holder = await hot.lock(key).acquire()
    const acquires = Array.from({ length: 8 }, () => started(cuttable.lock(key).acquire()))
    await until('all are enqueued', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === 8)
    outage()
    for (const acquire of acquires) expect(await failureOf(acquire)).toBeInstanceOf(ConnectionError)
    const next = started(hot.lock(key).acquire({ timeout: 5_000 }))
    await until('it is enqueued, too', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) >= 9)
    await listenAgain()
    await holder.release()
    await (await next).release()
  })

  test('an acquire that was given the lock, but not told of it', async () => {
    const key = freshKey()
    proxy.onRequest = chunk => {
      if (chunk.includes(key)) {
        proxy.onReply = () => {
          outage()
          return 'cut'
        }
      }
      return 'pass'
    }
    expect(await failureOf(cuttable.lock(key).acquire())).toBeInstanceOf(ConnectionError)
    expect(await hot.lock(key).locked()).toBe(true)
    await listenAgain()
    const permit = await hot.lock(key).acquire({ timeout: 5_000 })
    await permit.release()
  })

  test.each(['get', 'consume'])('a %s() whose position it was not told of: the item goes back', async how => {
    const key = freshKey()
    const queue = cuttable.queue<string>(key)
    await queue.size
    loseTheAnswer()
    const wait = how === 'get' ? queue.get() : queue.consume().next()
    expect(await failureOf(wait)).toBeInstanceOf(ConnectionError)
    expect(await raw.zCard(auxKeyName(key, 'getters'))).toBe(1)
    await listenAgain()
    await hot.queue<string>(key).put('a')
    expect(await hot.queue<string>(key).get({ timeout: 5_000 })).toBe('a')
  })
})

test('A put that failed in the wait queue is not made later', async () => {
  const key = freshKey()
  const queue = hot.queue<string>(key, { maxsize: 1 })
  await queue.put('a')
  const put = started(cuttable.queue<string>(key, { maxsize: 1 }).put('b'))
  await lines(raw)(1, key, 'putters')
  outage()
  expect(await failureOf(put)).toBeInstanceOf(ConnectionError)
  await listenAgain()
  await until('it has left', async () => (await raw.zCard(auxKeyName(key, 'putters'))) === 0)
  expect(await queue.get()).toBe('a')
  expect(await queue.toJS()).toEqual([])
})

describe('Tickets of a process that stands still are skipped once one of them was not confirmed:', () => {
  const TICKETS = 6
  const LIMIT = 2_000
  let setBack: () => void
  beforeAll(() => {
    setBack = shortenHandOvers()
  })
  afterAll(() => setBack())

  test('for a lock', async () => {
    const key = freshKey()
    const permit = await hot.lock(key).acquire()
    const worker = spawnWorker('lining-up.ts', ['joins', server.url, key, 'stopped'])
    await worker.next()
    for (let joined = 0; joined < TICKETS; joined++) worker.send('join')
    await until('they are enqueued', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === TICKETS)
    worker.kill('SIGSTOP')
    const behind = started(hot.lock(key).acquire({ timeout: LIMIT }))
    await until('somebody is behind', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === TICKETS + 1)
    await permit.release()
    const next = await behind
    await next.release()
    worker.kill('SIGCONT')
    await until('all have had it', async () => (await raw.lLen(`${key}:ledger`)) === TICKETS)
    worker.send('end')
    expect(await worker.next()).toBe('done')
  })

  test('for a consumed queue', async () => {
    const key = freshKey()
    const crew = new Crew(server.url)
    const [worker] = await crew.hire(1)
    begin([worker!], 'holds', key, 30_000, TICKETS)
    await lines(raw)(TICKETS, key)
    worker!.kill('SIGSTOP')
    const queue = hot.queue<string>(key)
    const behind = started(queue.consume({ signal: AbortSignal.timeout(LIMIT) }).next())
    await lines(raw)(TICKETS + 1, key)
    await queue.put('a')
    expect(await behind).toMatchObject({ value: 'a' })
    worker!.kill('SIGCONT')
    await lines(raw)(TICKETS, key)
    await queue.put('b')
    expect(await worker!.next()).toBe('b')
  })
})

test('an ask that is sent again when its wait has been served asks for nothing', async () => {
  const key = freshKey()
  const permit = await hot.lock(key).acquire()
  const acquire = cuttable.lock(key).acquire()
  await until('it is enqueued', async () => (await raw.zCard(auxKeyName(key, 'waiters'))) === 1)
  const [ticket = ''] = await raw.zRange(auxKeyName(key, 'waiters'), 0, 0)
  const [channel = '', name = ''] = ticket.split('/')
  let cuts = 0
  proxy.onRequest = chunk => {
    if (!chunk.includes('$4\r\nwait')) return 'pass'
    if (cuts++ === 0) void permit.release()
    return 'cut'
  }
  // It is told to ask.
  await raw.publish(channel, name)
  const got = await acquire
  await until('the ask has been answered', () => proxy.sent('$8\r\nwithdraw') > 0)
  expect(cuts).toBeGreaterThan(0)
  backAgain()
  expect(await raw.get(auxKeyName(key, 'state'))).toContain(String(got.token))
  expect([await raw.zCard(key), await raw.zCard(auxKeyName(key, 'waiters'))]).toEqual([1, 0])
  await got.release()
})

describe('A lease counts from when it is sent:', () => {
  test('not from the call, when there is no connection for long', async () => {
    const lock = cuttable.lock(freshKey())
    const patient = createHot({ url: proxy.url, connectTimeout: 10_000 })
    await patient.lock(freshKey()).locked()
    outage()
    const ran = patient.lock(lock.key).run(({ signal }) => signal.aborted, { lease: 1_000 })
    await sleep(1_500)
    backAgain()
    expect(await ran).toBe(false)
    await patient.close()
  })

  test('and one that has ended before its answer came is asked for again', async () => {
    const lock = cuttable.lock(freshKey())
    await lock.locked()
    const tokens: number[] = []
    proxy.holdReplies()
    const ran = lock.run(
      permit => {
        tokens.push(permit.token)
        return permit.signal.aborted
      },
      { lease: 200 }
    )
    await sleep(400)
    const first = Number((await raw.get(auxKeyName(lock.key, 'state')))!.split(' ')[0])
    proxy.release()
    expect(await ran).toBe(false)
    expect(tokens[0]).toBeGreaterThan(first)
  })
})
