import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { setMaxListeners } from 'node:events'
import { ConnectionError } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { ownServer, statistic, type OwnServer } from '../support/own-server.js'
import { failureOf, started } from '../support/promises.js'
import { consuming, enqueued, limit } from '../support/queues.js'
import { runScript } from '../support/scripts.js'

describe.each(backends)('close() on $name while somebody waits', ({ createHot: another, raw }) => {
  const hot = another()

  test('ends all waits with an error, out of the line, and loses nothing', async () => {
    const closing = another()
    const queue = closing.queue<string>(freshKey(), { maxsize: 1 })
    const full = closing.queue<string>(freshKey(), { maxsize: 1, initial: ['a'] })
    const loop = queue[Symbol.asyncIterator]()
    const waiting = [
      queue.get(),
      queue.get(limit),
      full.put('b'),
      full.join(),
      loop.next(),
      consuming(queue).next()
    ].map(started)
    const errors = waiting.map(failureOf)
    await enqueued(raw, queue.key, 'getters', 4)
    await enqueued(raw, full.key, 'putters', 1)
    await enqueued(raw, full.key, 'joiners', 1)
    await closing.close()
    for (const error of await Promise.all(errors)) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect((error as Error).message).toMatch(/closed/)
    }
    for (const line of ['getters', 'putters', 'joiners'] as const) {
      await enqueued(raw, queue.key, line, 0)
      await enqueued(raw, full.key, line, 0)
    }
    await hot.queue<string>(queue.key).put('x')
    expect(await hot.queue(queue.key).getNowait()).toBe('x')
    expect(await hot.queue(full.key).getNowait()).toBe('a')
    expect(await hot.queue(full.key).size).toBe(0)
    expect(await failureOf(queue.get(limit))).toBeInstanceOf(ConnectionError)
  })

  test('the moment items arrive: each wait has one or an error, and no item is lost', async () => {
    for (let round = 0; round < 30; round++) {
      const closing = another()
      const queue = hot.queue<number>(freshKey())
      const got: number[] = []
      const waiting = Array.from({ length: 5 }, () =>
        closing
          .queue<number>(queue.key)
          .get()
          .then(
            item => void got.push(item),
            (error: unknown) => expect(error).toBeInstanceOf(ConnectionError)
          )
      )
      await enqueued(raw, queue.key, 'getters', 5)
      const putting = Promise.all([0, 1, 2, 3, 4].map(item => queue.put(item)))
      if (round % 3 === 0) await Promise.resolve()
      await Promise.all([closing.close(), putting, ...waiting])
      expect([...got, ...(await queue.toJS())].sort()).toEqual([0, 1, 2, 3, 4])
    }
  })

  test('gives back at once what a loop has leased, in front', async () => {
    const closing = another()
    const queue = hot.queue<string>(freshKey(), { initial: ['a', 'b', 'c'] })
    const consumer = consuming(closing.queue<string>(queue.key))
    expect(await consumer.next()).toBe('a')
    await closing.close()
    expect(await queue.toJS()).toEqual(['a', 'b', 'c'])
    expect(await queue.getNowait()).toBe('a')
    expect(await failureOf(consumer.next())).toBeInstanceOf(ConnectionError)
    expect(await queue.toJS()).toEqual(['b', 'c'])
  })

  test('gives what it has leased to who waits', async () => {
    const closing = another()
    const queue = hot.queue<string>(freshKey(), { initial: ['a'] })
    await consuming(closing.queue<string>(queue.key)).next()
    const waiting = started(queue.get(limit))
    await enqueued(raw, queue.key, 'getters', 1)
    await closing.close()
    expect(await waiting).toBe('a')
  })
})

describe('A process', () => {
  let server: OwnServer
  let url: string
  beforeAll(async () => {
    server = await ownServer()
    const [, port = ''] = (await server.raw('CONFIG', 'GET', 'port')) as string[]
    url = `redis://127.0.0.1:${port}`
  })
  afterAll(() => server.close())

  const raw = (_key: string, ...args: string[]) => server.raw(...args)
  const connections = async () => statistic(await server.raw('INFO', 'clients'), /connected_clients:(\d+)/)

  test('lives while it waits, and ends when the wait has ended', async () => {
    const queue = server.hot.queue<string>(freshKey())
    let ended = false
    const script = runScript('queueing.ts', 'waits', url, queue.key).finally(() => (ended = true))
    await enqueued(raw, queue.key, 'getters', 1)
    // Long enough for a process that nothing keeps alive to end.
    await server.hot
      .queue(freshKey())
      .get({ timeout: 1_000 })
      .catch(() => undefined)
    expect(ended).toBe(false)
    await queue.put('something')
    expect(await script).toEqual({ code: 0, output: 'something\n', errorOutput: '' })
  })

  test.each([
    ['when its wait was in vain', 'givesUp', 'QueueEmptyError\n'],
    ['when its wait was stopped', 'aborts', 'enough\n'],
    ['when it has left a loop over leased items', 'leaves', 'a\n']
  ])('ends %s', async (_, job, output) => {
    const queue = server.hot.queue<string>(freshKey())
    if (job === 'leaves') await queue.put('a')
    expect(await runScript('queueing.ts', job, url, queue.key)).toEqual({ code: 0, output, errorOutput: '' })
    expect(await queue.size).toBe(job === 'leaves' ? 1 : 0)
  })

  test('has no more connections for 2,000 waits than for one', async () => {
    const waiter = server.another()
    const stop = new AbortController()
    setMaxListeners(0, stop.signal)
    const limits = { signal: stop.signal }
    const none = () => undefined
    const waits = [waiter.queue('waits').get(limits).catch(none)]
    await enqueued(raw, 'waits', 'getters', 1)
    const before = await connections()
    for (let index = 0; index < 2_000; index++)
      waits.push(
        waiter
          .queue(`waits:${index % 200}`)
          .get(limits)
          .catch(none)
      )
    await enqueued(raw, 'waits:199', 'getters', 10)
    expect(await connections()).toBe(before)
    stop.abort()
    await Promise.all(waits)
  })
})
