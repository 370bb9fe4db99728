import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  ConnectionError,
  LockTimeoutError,
  QueueEmptyError,
  TransactionError,
  createHot,
  type Hot
} from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

describe.each(backends)('hot.withLimits() on $name', ({ createHot }) => {
  const hot = createHot({ prefix: 'limits:' })
  const limited = hot.withLimits({ timeout: 5_000 })

  test('is a view: the same data, the same order, handles that are equal and go together', async () => {
    const key = freshKey()
    const [here, there] = [hot.list<number>(key), limited.list<number>(key)]
    const calls = Array.from({ length: 100 }, (_, index) => (index % 2 ? here : there).push(index))
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(here).toEqual(there)
    expect(await here.equals(there)).toBe(true)
    expect(limited.prefix).toBe('limits:')
    there[0] = -1
    await limited.flush()
    expect(await here[0]).toBe(-1)
    const title = limited.string(freshKey(), { initial: 'a' })
    await title.toUpperCase()
    expect(await title.value).toBe('A')
    expect(await limited.command('LLEN', here)).toBe(100)
    expect(await hot.command('LLEN', there)).toBe(100)
  })

  test('takes part in transactions of its Hot, and has some of its own', async () => {
    const key = freshKey()
    await hot.transaction(() => [hot.int(key).increment(), limited.int(key).increment()])
    expect(await limited.transaction(() => limited.int(key).increment())).toBe(3)
    const short = hot.withLimits({ timeout: 30 })
    const slow = short.transaction(async () => {
      await short.int(key).value
      await new Promise(resolve => setTimeout(resolve, 100))
    })
    expect(await failureOf(slow)).toBeInstanceOf(TransactionError)
  })

  test('ends a transaction when the signal aborts; nothing is written', async () => {
    const key = freshKey()
    const stop = new AbortController()
    const view = hot.withLimits({ signal: stop.signal })
    expect(await view.transaction(() => view.int(key).increment())).toBe(1)
    const ended = view.transaction(async () => {
      await view.int(key).value
      void view.int(key).increment()
      stop.abort('enough')
      await new Promise(resolve => setTimeout(resolve, 50))
    })
    expect(await failureOf(ended)).toBe('enough')
    expect(await failureOf(view.transaction(() => undefined))).toBe('enough')
    expect(await hot.int(key).value).toBe(1)
  })

  test('many calls share one listener of a signal, and leave none behind', async () => {
    const { signal } = new AbortController()
    const list = hot.withLimits({ signal }).list<number>(freshKey())
    const calls = Promise.all(Array.from({ length: 200 }, () => list.length))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await calls
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('holds for hot.keys() and hot.clear(), too', async () => {
    const over = hot.withLimits({ signal: AbortSignal.abort('over') })
    await hot.list<string>(freshKey()).push('x')
    expect(await failureOf(over.keys().next())).toMatchObject({ outcome: 'not-sent', cause: 'over' })
    expect(await failureOf(over.clear())).toMatchObject({ outcome: 'not-sent', cause: 'over' })
  })

  test('gives its limits to waits, which end with their own errors', async () => {
    const short = hot.withLimits({ timeout: 20 })
    expect(await failureOf(short.queue(freshKey()).get())).toBeInstanceOf(QueueEmptyError)
    expect(await failureOf(short.queue(freshKey()).get({ timeout: 10_000 }))).toBeInstanceOf(QueueEmptyError)
    const key = freshKey()
    const held = await hot.lock(key).acquire()
    expect(await failureOf(short.lock(key).acquire())).toBeInstanceOf(LockTimeoutError)
    await held.release()
    const stop = new AbortController()
    const stopped = hot.withLimits({ signal: stop.signal }).queue(freshKey()).get()
    stop.abort('enough')
    expect(await failureOf(stopped)).toBe('enough')
  })

  test('a signal that has aborted sends nothing', async () => {
    const list = hot.list<string>(freshKey())
    const over = hot.withLimits({ signal: AbortSignal.abort('over') })
    const failure = await failureOf(over.list<string>(list.key).push('x'))
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject({ outcome: 'not-sent', cause: 'over' })
    expect(await list.exists()).toBe(false)
  })

  test('refuses limits that can not be right', () => {
    expect(() => hot.withLimits({ timeout: -1 })).toThrow(/hot\.withLimits: the timeout must not be negative/)
    expect(() => hot.withLimits({ signal: {} as AbortSignal })).toThrow(/must be an AbortSignal/)
    expect(() => hot.withLimits({ timeOut: 1 } as never)).toThrow(/unknown option 'timeOut'/)
  })
})

describe('Calls of a view, when Redis does not answer,', () => {
  let server: Server
  let hot: Hot
  beforeAll(async () => {
    server = await startServer()
    hot = createHot({ url: server.url, connectTimeout: 20_000, responseTimeout: 20_000 })
    await hot.list('warm').length
  })
  afterAll(async () => {
    await hot.close()
    await server.stop()
  })

  test('end in time: a write that was sent is unknown, all others were not sent', async () => {
    const short = hot.withLimits({ timeout: 50 })
    server.pause()
    const list = short.list<string>('list')
    const failures = await Promise.all([list.push('x'), list.length, short.string('s').toUpperCase()].map(failureOf))
    server.resume()
    for (const failure of failures) expect(failure).toBeInstanceOf(ConnectionError)
    expect(failures.map(failure => (failure as ConnectionError).outcome)).toEqual(['unknown', 'not-sent', 'not-sent'])
    expect(String(failures[0])).toMatch(/List\.push: key 'list': the call took longer than 50 ms: the write was sent/)
    expect(await hot.list('list').toJS()).toEqual(['x'])
  })

  test('are never sent when they were not by then', async () => {
    await server.kill()
    const failure = await failureOf(hot.withLimits({ timeout: 50 }).list<string>('late').push('x'))
    expect(failure).toMatchObject({ outcome: 'not-sent' })
    await server.restart()
    await hot.list<string>('late').push('y')
    expect(await hot.list('late').toJS()).toEqual(['y'])
  })

  test('an assignment tells its failure through flush()', async () => {
    server.pause()
    hot.withLimits({ timeout: 50 }).dict<{ a: number }>('d').a = 1
    const failure = failureOf(hot.flush())
    await new Promise(resolve => setTimeout(resolve, 200))
    server.resume()
    expect(await failure).toMatchObject({ outcome: 'unknown', key: 'd' })
  })
})
