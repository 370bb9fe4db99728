import { describe, expect, test } from '@jest/globals'
import { configure, createHot } from '../../src/index.js'
import { hearHot } from '../support/listener.js'

// A misspelt option that is not told would mean a queue without a limit, or a wait without an end.

const { hot, expectNothingSent } = await hearHot()

/** A call as users of JavaScript make it, with whatever options. */
type Unchecked = (...args: unknown[]) => unknown

const thrownBy = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

async function expectUnknown(call: () => unknown, operation: string, message: string): Promise<void> {
  const thrown = await thrownBy(call)
  expect(thrown).toBeInstanceOf(TypeError)
  expect((thrown as Error).message).toBe(`${operation}: ${message}`)
}

describe('an unknown option is a TypeError that names the nearest known one,', () => {
  expectNothingSent()

  const factories: readonly (readonly [string, (options: object) => unknown])[] = [
    ...(['list', 'dict', 'set', 'multiSet', 'string', 'immutableString', 'int', 'float'] as const).map(
      name => [name, (options: object) => (hot[name] as Unchecked).call(hot, 'k', options)] as const
    ),
    ...(['queue', 'lifoQueue', 'setQueue', 'lifoSetQueue'] as const).map(
      name => [name, (options: object) => (hot[name] as Unchecked).call(hot, 'k', options)] as const
    ),
    ['defaultDict', options => hot.defaultDict(() => 0, 'k', options)]
  ]
  test.each(factories)('of hot.%s', async (name, make) => {
    await expectUnknown(
      () => make({ inital: ['a'] }),
      `hot.${name}`,
      "unknown option 'inital': did you mean 'initial'?"
    )
    await expectUnknown(
      () => make({ intiial: ['a'] }),
      `hot.${name}`,
      "unknown option 'intiial': did you mean 'initial'?"
    )
  })

  test.each(['queue', 'lifoQueue', 'setQueue', 'lifoSetQueue'] as const)('of hot.%s, its maxsize', async name => {
    await expectUnknown(
      () => (hot[name] as Unchecked).call(hot, 'k', { maxSize: 5 }),
      `hot.${name}`,
      "unknown option 'maxSize': did you mean 'maxsize'?"
    )
  })

  test.each(['boundedSemaphore', 'semaphore'] as const)('of hot.%s', async name => {
    const make = (options: object) => () => (hot[name] as Unchecked).call(hot, 'k', options)
    await expectUnknown(make({ valeu: 5 }), `hot.${name}`, "unknown option 'valeu': did you mean 'value'?")
    expect(await thrownBy(make({ permits: 5 }))).toHaveProperty('message', expect.stringContaining("'value'"))
    expect(await thrownBy(make({ initial: 5 }))).toBeInstanceOf(TypeError)
  })

  test('of createHot() and configure()', async () => {
    const known = "the options are 'url', 'client', 'prefix', 'connectTimeout', 'responseTimeout', 'fusion', 'onError'"
    for (const [name, call] of Object.entries({ createHot, configure }) as [string, Unchecked][]) {
      await expectUnknown(() => call({ port: 6379 }), name, `unknown option 'port': ${known}`)
      await expectUnknown(() => call({ prefx: 'a:' }), name, "unknown option 'prefx': did you mean 'prefix'?")
      await expectUnknown(() => call({ URL: 'redis://h' }), name, "unknown option 'URL': did you mean 'url'?")
    }
  })

  const queue = hot.queue<string>('queue')
  const lock = hot.lock('lock')
  const rlock = hot.rlock('rlock')
  const calls: readonly (readonly [string, (options: object) => unknown, string, string])[] = [
    ['Queue.put', options => queue.put('x', options), 'timeOut', 'timeout'],
    ['Queue.get', options => queue.get(options), 'timout', 'timeout'],
    ['Queue.join', options => queue.join(options), 'singal', 'signal'],
    ['Queue.consume', options => queue.consume(options).next(), 'leese', 'lease'],
    ['Lock.acquire', options => lock.acquire(options), 'time_out', 'timeout'],
    ['Lock.tryAcquire', options => lock.tryAcquire(options), 'lase', 'lease'],
    ['Lock.run', options => lock.run(() => 5, options), 'leas', 'lease'],
    ['RLock.acquire', options => rlock.acquire(options), 'timeoutt', 'timeout'],
    ['RLock.tryAcquire', options => rlock.tryAcquire(options), 'leaes', 'lease'],
    ['RLock.run', options => rlock.run(() => 5, options), 'signals', 'signal'],
    ['List.sort', options => hot.list('list').sort(options), 'reversed', 'reverse'],
    ['transaction', options => hot.transaction(() => 5, options), 'retry', 'retries']
  ]
  test.each(calls)('of %s', async (operation, call, wrong, right) => {
    await expectUnknown(() => call({ [wrong]: 1 }), operation, `unknown option '${wrong}': did you mean '${right}'?`)
    const thrown = (await thrownBy(() => call({ somethingElse: 1 }))) as Error
    expect(thrown.message).toMatch(/unknown option 'somethingElse': the options are '.*'/)
  })
})
