import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { IndexError, KeyTypeError, OverflowError } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { ownServer, statistic, type OwnServer } from '../support/own-server.js'

describe.each(backends)('Script calls made together on $name', ({ createHot, raw }) => {
  const hot = createHot()

  test('answer each its own, in order, however many', async () => {
    const count = hot.int(freshKey())
    const answers = await Promise.all(Array.from({ length: 1_234 }, () => count.increment()))
    expect(answers).toEqual(Array.from({ length: 1_234 }, (_, index) => index + 1))
  })

  test('may be of several keys and several scripts', async () => {
    const [one, other] = [hot.int(freshKey()), hot.int(freshKey())]
    const list = hot.list<number>(freshKey(), { initial: [1, 2, 3] })
    await hot.flush()
    const answers = await Promise.all([
      one.increment(),
      one.increment(5),
      other.increment(),
      list.reverse(),
      list.insert(0, 9),
      list.insert(1, 8),
      other.increment(2),
      one.decrement(),
      list.pop(2),
      list.pop(0),
      list.reverse()
    ])
    expect(answers).toEqual([1, 6, 1, undefined, undefined, undefined, 3, 5, 3, 9, undefined])
    expect(await list.toJS()).toEqual([1, 2, 8])
  })

  test('give what is not there as undefined, also between others', async () => {
    const list = hot.list<string>(freshKey(), { initial: ['a', 'b', 'c'] })
    await hot.flush()
    const popped = [list.pop(7), list.pop(1), list.pop(-9), list.pop(1), list.pop(1), list.pop(5)]
    expect(await Promise.all(popped)).toEqual([undefined, 'b', undefined, 'c', undefined, undefined])
  })

  test('fail each by itself: those before and behind take effect', async () => {
    const key = freshKey()
    const [count, wrong] = [hot.int(key), hot.int(freshKey())]
    await raw(wrong.key, 'RPUSH', wrong.key, 'x')
    const calls = [
      count.increment(),
      wrong.increment(),
      count.increment(),
      count.increment(Number.MAX_SAFE_INTEGER - 2),
      count.increment(1),
      wrong.increment(),
      count.decrement()
    ]
    const results = (await Promise.allSettled(calls)).map(one =>
      one.status === 'fulfilled' ? one.value : (one.reason as Error).constructor
    )
    const most = Number.MAX_SAFE_INTEGER
    expect(results).toEqual([1, KeyTypeError, 2, most, OverflowError, KeyTypeError, most - 1])
    expect(await count.toJS()).toBe(most - 1)
  })

  test('tell what failed with the key and the operation of the call', async () => {
    const list = hot.list<number>(freshKey(), { initial: [1] })
    await hot.flush()
    const [first, second, third] = await Promise.allSettled([list.insert(0, 0), list.splice(0, 1), list.set(9, 9)])
    expect([first, second].map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    const error = (third as PromiseRejectedResult).reason as IndexError
    expect(error).toBeInstanceOf(IndexError)
    expect(error).toMatchObject({ key: list.key, operation: 'List.set' })
  })

  test('may carry more words than Redis takes in one command', async () => {
    const list = hot.list<number>(freshKey())
    const many = Array.from({ length: 4_900 }, (_, index) => index)
    const calls = Array.from({ length: 250 }, () => list.splice(0, 0, ...many))
    await Promise.all(calls)
    expect(await list.length).toBe(250 * 4_900)
    await list.clear()
  })
})

describe('Script calls made together, as Redis sees them', () => {
  let own: OwnServer
  beforeAll(async () => {
    own = await ownServer()
  })
  afterAll(() => own.close())

  /** How often each of these commands was called meanwhile. */
  const countOf = async (work: () => Promise<unknown>): Promise<readonly number[]> => {
    await own.raw('CONFIG', 'RESETSTAT')
    await work()
    const info = await own.raw('INFO', 'commandstats')
    return ['evalsha', 'eval', 'multi'].map(name => statistic(info, new RegExp(`cmdstat_${name}:calls=(\\d+)`)))
  }
  const increments = (count: number) => {
    const int = own.hot.int('counter')
    return () => Promise.all(Array.from({ length: count }, () => int.increment()))
  }

  test('are one call of a script that Redis knows', async () => {
    await increments(2)()
    expect(await countOf(increments(100))).toEqual([1, 0, 0])
    expect(await countOf(increments(7))).toEqual([1, 0, 0])
  })

  test('are sent whole when Redis has forgotten the script, and known from then on', async () => {
    await increments(2)()
    await own.raw('SCRIPT', 'FLUSH')
    expect(await countOf(increments(50))).toEqual([1, 1, 0])
    expect(await countOf(increments(50))).toEqual([1, 0, 0])
  })

  test('are several when they are very many, for Redis serves nobody else meanwhile', async () => {
    expect(await countOf(increments(250))).toEqual([0, 3, 0])
  })

  test('stay together: loops that were not started at once go as one from the second answer on', async () => {
    await increments(2)()
    const int = own.hot.int('counter')
    const loop = async (turns: number) => {
      for (let turn = 0; turn < turns; turn++) {
        await int.increment()
        // What loops do in between takes some microtasks.
        for (let hop = 0; hop < 10; hop++) await Promise.resolve()
      }
    }
    const calls = await countOf(async () => {
      const early = [loop(40), loop(40), loop(40)]
      await new Promise(resolve => setImmediate(resolve))
      await Promise.all([...early, loop(40), loop(40), loop(40)])
    })
    expect(calls[0]! + calls[1]!).toBeLessThan(50)
  })

  test('are separate, in their order, when their cost has no bound', async () => {
    const list = own.hot.list<number>('list')
    const mixed = () =>
      Promise.all([list.insert(0, 1), list.insert(0, 2), list.reverse(), list.insert(0, 3), list.insert(0, 4)])
    expect(await countOf(mixed)).toEqual([0, 5, 0])
    expect(await list.toJS()).toEqual([4, 3, 1, 2])
  })
})
