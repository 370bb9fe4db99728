import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransactionError, createHot, type Hot, type TransactionOptions } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'
import { TcpProxy } from '../support/tcp-proxy.js'

type Fn = () => unknown

describe('What hot.transaction() can’t work with is refused by name, before anything is sent:', () => {
  let proxy: TcpProxy
  let hot: Hot

  beforeEach(async () => {
    proxy = await TcpProxy.to(Number(new URL(process.env['HOT_TEST_URL'] ?? '').port))
    hot = createHot({ url: proxy.url })
  })

  afterEach(async () => {
    await hot.close()
    await proxy.stop()
  })

  test.each([undefined, null, 5, 'push', {}, [], Promise.resolve(), /x/])('a callback %p', async fn => {
    const error = await failureOf(hot.transaction(fn as Fn))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/hot\.transaction\(/)
    expect(proxy.connections).toBe(0)
  })

  test('a call in place of a callback, as in hot.transaction(todo.push())', async () => {
    const pushed = hot.list('todo').push('x')
    pushed.catch(() => undefined)
    await expect(hot.transaction(pushed as unknown as Fn)).rejects.toBeInstanceOf(TypeError)
  })

  const wrong: readonly [name: string, options: unknown, message: RegExp][] = [
    ...[-1, 1.5, NaN, '3', null, {}].map(
      retries => [`retries: ${typeof retries} ${JSON.stringify(retries)}`, { retries }, /retries/] as const
    ),
    ...[-1, 0, NaN, '100', null, {}].map(
      timeout => [`timeout: ${typeof timeout} ${JSON.stringify(timeout)}`, { timeout }, /timeout/] as const
    ),
    ['options: null', null, /transaction/]
  ].map(([name, options, message]) => [name as string, options, message as RegExp])

  test.each(wrong)('%s', async (_, options, message) => {
    let runs = 0
    const failing = hot.transaction(() => {
      runs++
      return hot.list('todo').push('x')
    }, options as TransactionOptions)
    const error = await failureOf(failing)
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
    expect((error as Error).message).toMatch(message)
    expect([runs, proxy.connections]).toEqual([0, 0])
  })

  test.each([undefined, null, 5, 'push'])('detached(%p)', fn => {
    expect(() => hot.detached(fn as unknown as Fn)).toThrow(TypeError)
  })

  test('a nested callback that is not a function, and the outer one may go on', async () => {
    await hot.transaction(async () => {
      await expect(hot.transaction(7 as unknown as Fn)).rejects.toBeInstanceOf(TypeError)
    })
  })

  test('a value that can’t be stored, in a method or an assignment', async () => {
    const dict = hot.dict<{ at: unknown }>('dict')
    const method = hot.transaction(async () => {
      await dict.set('at', new Date())
    })
    await expect(method).rejects.toMatchObject({ code: 'CODEC' })
    const assignment = hot.transaction(() => {
      dict.at = new Map()
    })
    await expect(assignment).rejects.toMatchObject({ code: 'CODEC' })
    expect(proxy.connections).toBe(0)
  })
})

describe.each(backends)('The options of hot.transaction() on $name', ({ createHot }) => {
  const hot = createHot()
  const other = createHot()

  test.each([undefined, {}, { retries: undefined, timeout: undefined }, { retries: 0 }, { timeout: 1_000 }])(
    'may be %p',
    async options => {
      const list = hot.list<string>(freshKey())
      expect(await hot.transaction(() => [list.push('x')], options as TransactionOptions)).toEqual([1])
    }
  )

  test.each([Infinity, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'a timeout of %p is a long time, or refused, but not no time at all',
    async timeout => {
      const list = hot.list<string>(freshKey())
      const outcome = await hot
        .transaction(
          async () => {
            await sleep(30)
            return [list.push('x')]
          },
          { timeout }
        )
        .catch((error: unknown) => error)
      if (Array.isArray(outcome)) expect(outcome).toEqual([1])
      else expect(outcome instanceof TypeError || outcome instanceof RangeError).toBe(true)
    }
  )

  test('run a transaction again 100 times unless told otherwise', async () => {
    const dict = hot.dict<{ n: number }>(freshKey())
    const outside = other.dict<{ n: number }>(dict.key)
    let runs = 0
    await hot.transaction(async () => {
      await dict.n
      if (++runs <= 20) await outside.increment('n')
    })
    expect(runs).toBe(21)
  })

  describe('timeout', () => {
    test('ends a callback that never settles, says what it was waiting for, and nothing is sent', async () => {
      const list = hot.list<string>(freshKey())
      const error = await failureOf(
        hot.transaction(
          async () => {
            await list.length
            void hot.list(list.key).reverse()
            await new Promise(() => undefined)
          },
          { timeout: 100 }
        )
      )
      expect(error).toBeInstanceOf(TransactionError)
      expect((error as Error).message).toMatch(/100 ms.*waiting for fn/)
      expect(await list.exists()).toBe(false)
    })

    test('ends one that returns a promise that never settles', async () => {
      const list = hot.list<string>(freshKey())
      const failing = hot.transaction(() => [list.push('x'), new Promise(() => undefined)], { timeout: 100 })
      await expect(failing).rejects.toBeInstanceOf(TransactionError)
      expect(await list.exists()).toBe(false)
    })

    test('ends one whose callback goes on, and nothing that it does later is sent', async () => {
      const list = hot.list<string>(freshKey())
      const later: unknown[] = []
      const failing = hot.transaction(
        async () => {
          void list.push('before')
          await sleep(100)
          later.push(await failureOf(list.push('after')), await failureOf(list.length))
        },
        { timeout: 40 }
      )
      await expect(failing).rejects.toBeInstanceOf(TransactionError)
      await sleep(120)
      expect(later).toEqual([expect.any(TransactionError), expect.any(TransactionError)])
      expect(await list.exists()).toBe(false)
    })

    test('is for all runs together', async () => {
      const dict = hot.dict<{ n: number }>(freshKey())
      const outside = other.dict<{ n: number }>(dict.key)
      let runs = 0
      const failing = hot.transaction(
        async () => {
          runs++
          await dict.n
          await outside.increment('n')
          await sleep(30)
        },
        { timeout: 200 }
      )
      await expect(failing).rejects.toBeInstanceOf(TransactionError)
      expect(runs).toBeGreaterThan(1)
      expect(runs).toBeLessThan(8)
    })

    test('does not end one that is in time', async () => {
      const list = hot.list<string>(freshKey())
      await hot.transaction(() => list.push('x'), { timeout: 5_000 })
      expect(await list.length).toBe(1)
    })
  })
})
