import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AsyncResource } from 'node:async_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import {
  TransactionConflictError,
  TransactionError,
  createHot as newHot,
  type Hot,
  type HotDict,
  type HotList
} from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { collect } from '../support/oracle.js'
import { spawnWorker } from '../support/processes.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

type Account = HotDict<{ balance: number }>

const nothing = () => undefined

describe.each(backends)('A transaction on $name', ({ name: backend, createHot }) => {
  const onError: unknown[] = []
  const hot = createHot({ onError: error => onError.push(error) })
  const other = createHot()
  const isCluster = backend.includes('cluster')

  beforeEach(() => {
    onError.length = 0
  })

  interface World {
    readonly tag: string
    readonly list: HotList<string>
    readonly a: Account
    readonly b: Account
    /** The same accounts, as another client sees them. */
    readonly others: readonly [Account, Account]
  }

  async function newWorld(): Promise<World> {
    const tag = `{${freshKey()}}`
    const a: Account = hot.dict(`${tag}:a`)
    const b: Account = hot.dict(`${tag}:b`)
    await Promise.all([a.set('balance', 50), b.set('balance', 50)])
    return { tag, list: hot.list<string>(`${tag}:list`), a, b, others: [other.dict(a.key), other.dict(b.key)] }
  }

  /** Another client moves money between the accounts, all in one step. */
  const move = ([from, to]: readonly [Account, Account], amount: number) =>
    other.transaction(() => [from.increment('balance', -amount), to.increment('balance', amount)])

  const balance = async (account: Account) => (await account.get('balance')) ?? 0

  describe('sees one moment', () => {
    test('when it only reads, while others write between its reads', async () => {
      const { a, b, others } = await newWorld()
      let runs = 0
      const seen = await hot.transaction(async () => {
        const first = await balance(a)
        if (++runs === 1) await move(others, 10)
        return [first, await balance(b)]
      })
      expect(seen).toEqual([40, 60])
      expect(runs).toBe(2)
    })

    test('when it only reads and writes never stop', async () => {
      const { a, b, others } = await newWorld()
      let going = true
      const writing = (async () => {
        while (going) {
          await move(others, 1 + Math.floor(Math.random() * 9))
          await sleep(Math.random() * 3)
        }
      })()
      const sums = new Set<number>()
      for (let run = 0; run < 150; run++) {
        sums.add(
          await hot.transaction(
            async () => {
              const first = await balance(a)
              if (run % 3 === 0) await turn()
              return first + (await balance(b))
            },
            { retries: 1_000 }
          )
        )
      }
      going = false
      await writing
      expect([...sums]).toEqual([100])
    })

    test('when all its reads are returned at once', async () => {
      const { a, b } = await newWorld()
      expect(await hot.transaction(() => [a.balance, b.balance])).toEqual([50, 50])
    })

    test('and an error that fn throws on a torn read is dropped, and fn runs again', async () => {
      const { a, b, others } = await newWorld()
      const sums: number[] = []
      const sum = await hot.transaction(async () => {
        const first = await balance(a)
        if (sums.length === 0) await move(others, 10)
        const sum = first + (await balance(b))
        sums.push(sum)
        if (sum !== 100) throw new Error(`money was made: ${sum}`)
        return sum
      })
      expect(sum).toBe(100)
      expect(sums).toEqual([110, 100])
    })

    test('and what fn throws on what is true reaches the caller as it is, after one run', async () => {
      const { a, list } = await newWorld()
      const thrown = new Error('not enough')
      let runs = 0
      const failing = hot.transaction(async () => {
        runs++
        void list.push('never')
        if ((await balance(a)) < 100) throw thrown
      })
      await expect(failing).rejects.toBe(thrown)
      expect(runs).toBe(1)
      expect(await list.exists()).toBe(false)
    })

    test('and what fn throws without having read reaches the caller as it is', async () => {
      const { list } = await newWorld()
      for (const thrown of [new Error('no'), undefined, 0, 'text'] as Error[]) {
        const settled = await Promise.allSettled([
          hot.transaction(() => {
            void list.push('never')
            throw thrown
          })
        ])
        expect(settled).toEqual([{ status: 'rejected', reason: thrown }])
      }
      expect(await list.exists()).toBe(false)
    })

    test('and one that throws before its last read was answered is checked all the same', async () => {
      const { a, b, others } = await newWorld()
      let runs = 0
      const sum = await hot.transaction(async () => {
        runs++
        const first = await balance(a)
        if (runs === 1) {
          await move(others, 10)
          b.get('balance').catch(nothing)
          throw new Error('too early')
        }
        return first + (await balance(b))
      })
      expect([sum, runs]).toEqual([100, 2])
    })
  })

  describe('loses no update', () => {
    test('when another writes between its read and its commit', async () => {
      const { a, others } = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        const seen = await balance(a)
        if (++runs === 1) await others[0].increment('balance')
        a.balance = seen + 1
      })
      expect(await balance(a)).toBe(52)
      expect(runs).toBe(2)
    })

    test('when another deletes, or makes, the key in between', async () => {
      const { a, tag, others } = await newWorld()
      const made: Account = hot.dict(`${tag}:made`)
      const seen: unknown[] = []
      await hot.transaction(async () => {
        seen.push(await a.exists(), await made.exists())
        if (seen.length === 2) await others[0].clear()
        if (seen.length === 4) await other.dict<{ balance: number }>(made.key).set('balance', 1)
      })
      expect(seen).toEqual([true, false, false, false, false, true])
    })

    test('when calls of the same Hot outside of it write in between', async () => {
      const { a } = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        const seen = await balance(a)
        if (++runs === 1) await hot.detached(() => a.increment('balance'))
        a.balance = seen + 1
      })
      expect([await balance(a), runs]).toEqual([52, 2])
    })

    test('when 30 in one process add to one number', async () => {
      const { a } = await newWorld()
      const add = () =>
        hot.transaction(async () => {
          const seen = await balance(a)
          await turn()
          a.balance = seen + 1
        })
      await Promise.all(Array.from({ length: 30 }, add))
      expect(await balance(a)).toBe(80)
    })

    test('and is not disturbed by keys that an earlier one had read', async () => {
      const { a, b, others } = await newWorld()
      // Ways to end that leave the connection to the next transaction: thrown, refused, out of retries, committed.
      await hot.transaction(() => balance(a))
      await hot
        .transaction(async () => {
          await balance(a)
          throw new Error('no')
        })
        .catch(nothing)
      await hot
        .transaction(async () => {
          await balance(a)
          await a.increment('balance')
        })
        .catch(nothing)
      let runs = 0
      await hot.transaction(async () => {
        runs++
        await balance(b)
        await others[0].increment('balance')
      })
      expect(runs).toBe(1)
    })
  })

  describe('gives up', () => {
    test.each([
      [0, 1],
      [1, 2],
      [3, 4]
    ])('with retries: %i after %i runs, and nothing was written', async (retries, most) => {
      const { a, list, others } = await newWorld()
      let runs = 0
      const error = await failureOf(
        hot.transaction(
          async () => {
            runs++
            await balance(a)
            await others[0].increment('balance')
            void list.push('never')
          },
          { retries }
        )
      )
      expect(error).toBeInstanceOf(TransactionConflictError)
      expect(error).toBeInstanceOf(TransactionError)
      expect(error).toMatchObject({ code: 'TRANSACTION_CONFLICT' })
      expect(runs).toBe(most)
      expect(await list.exists()).toBe(false)
    })

    test('with the conflict, not with what fn threw on a torn read', async () => {
      const { a, others } = await newWorld()
      const failing = hot.transaction(
        async () => {
          await balance(a)
          await others[0].increment('balance')
          throw new Error('torn')
        },
        { retries: 2 }
      )
      await expect(failing).rejects.toBeInstanceOf(TransactionConflictError)
    })

    test('when its time is over, however many retries are left', async () => {
      const { a, others } = await newWorld()
      const failing = hot.transaction(
        async () => {
          await balance(a)
          await others[0].increment('balance')
        },
        { retries: 1_000_000, timeout: 300 }
      )
      const error = await failureOf(failing)
      expect(error).toBeInstanceOf(TransactionError)
      expect((error as Error).message).toContain('300 ms')
    })
  })

  describe('reads what it has written', () => {
    const reads: Readonly<Record<string, readonly [(world: World) => Promise<unknown>, unknown]>> = {
      'a read': [({ a }) => a.get('balance'), 7],
      'a read of another field': [({ a }) => (a as unknown as HotDict<{ name: string }>).get('name'), undefined],
      'exists()': [({ a }) => a.exists(), true],
      'a loop': [({ a }) => collect(a), [['balance', 7]]],
      'another handle of the key': [({ a }) => hot.dict(a.key).toJS(), { balance: 7 }],
      'equals() with the key as the other': [({ a, b }) => b.equals(a), false]
    }

    test.each(Object.entries(reads))('%s of a key written before', async (_, [read, expected]) => {
      const world = await newWorld()
      const seen = await hot.transaction(async () => {
        world.a.balance = 7
        const seen = await read(world)
        expect(await other.dict(world.a.key).get('balance')).toBe(50)
        return { seen }
      })
      expect(seen).toEqual({ seen: expected })
      expect(await balance(world.a)).toBe(7)
    })

    test.each(Object.entries(reads))('%s is watched all the same', async (_, [read]) => {
      const world = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        runs++
        world.a.balance = 7
        await read(world)
        if (runs === 1) await other.dict(world.a.key).set('other', 1)
      })
      expect(runs).toBe(2)
    })

    test('and of other keys as ever', async () => {
      const { a, b } = await newWorld()
      const seen = await hot.transaction(async () => {
        a.balance = 7
        return balance(b)
      })
      expect([seen, await balance(a)]).toEqual([50, 7])
    })

    test('and copyTo() writes the other key', async () => {
      const { a, b } = await newWorld()
      const seen = await hot.transaction(async () => {
        await a.increment('balance', 5)
        void a.copyTo(b.key)
        return balance(b)
      })
      expect([seen, await balance(b)]).toEqual([55, 55])
    })
  })

  describe('tells work that outlives it', () => {
    test('awaited, by its error, and nothing is sent', async () => {
      const { a, list } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot.transaction(async () => {
        await balance(a)
        late = (async () => {
          await sleep(30)
          await list.push('late')
        })()
        late.catch(nothing)
      })
      await expect(late).rejects.toMatchObject({
        code: 'TRANSACTION',
        message: expect.stringContaining('hot.detached')
      })
      expect(await list.exists()).toBe(false)
    })

    test('when it reads', async () => {
      const { a } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot.transaction(() => {
        late = sleep(20).then(() => balance(a))
        late.catch(nothing)
      })
      await expect(late).rejects.toBeInstanceOf(TransactionError)
    })

    test('when it assigns, by onError', async () => {
      const { list } = await newWorld()
      await hot.transaction(() => {
        setTimeout(() => {
          list.length = 0
        }, 10)
      })
      await until('onError was told', () => onError.length > 0)
      expect(onError).toEqual([expect.any(TransactionError)])
    })

    test('when it makes a handle with an initial value', async () => {
      const key = freshKey()
      await hot.transaction(() => {
        setTimeout(() => hot.list(key, { initial: ['late'] }), 10)
      })
      await until('onError was told', () => onError.length > 0)
      expect(onError).toEqual([expect.any(TransactionError)])
      expect(await other.list(key).exists()).toBe(false)
    })

    test('when it starts a transaction', async () => {
      const { list } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot.transaction(() => {
        late = sleep(20).then(() => hot.transaction(() => void list.push('late')))
        late.catch(nothing)
      })
      await expect(late).rejects.toBeInstanceOf(TransactionError)
      expect(await list.exists()).toBe(false)
    })

    test('when a run that is repeated left it behind', async () => {
      const { a, list, others } = await newWorld()
      const late: Promise<unknown>[] = []
      let runs = 0
      await hot.transaction(async () => {
        const run = ++runs
        const first = await balance(a)
        if (run === 1) {
          await others[0].increment('balance')
          const left = sleep(10).then(() => list.push('left behind'))
          left.catch(nothing)
          late.push(left)
        } else await sleep(60)
        a.balance = first + 1
      })
      await expect(late[0]).rejects.toBeInstanceOf(TransactionError)
      expect([runs, await balance(a), await list.exists()]).toEqual([2, 52, false])
    })

    test('when fn threw', async () => {
      const { list } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot
        .transaction(() => {
          late = sleep(10).then(() => list.push('late'))
          late.catch(nothing)
          throw new Error('no')
        })
        .catch(nothing)
      await expect(late).rejects.toBeInstanceOf(TransactionError)
      expect(await list.exists()).toBe(false)
    })

    test('but handles work as ever for the caller, at once after it', async () => {
      const { list } = await newWorld()
      await hot.transaction(() => list.push('in'))
      expect(await list.push('after')).toBe(2)
    })

    test('but code that only heard of it in between is not part of it', async () => {
      const { list } = await newWorld()
      // A listener from before: it is bound to where it was made, as an EventEmitter with captureRejections or a pool is.
      const outside = AsyncResource.bind(() => list.push('outside'))
      await hot
        .transaction(async () => {
          expect(await outside()).toBe(1)
          throw new Error('no')
        })
        .catch(nothing)
      expect(await list.toJS()).toEqual(['outside'])
    })
  })

  describe('lets detached work go its own way', () => {
    test('a write is sent at once, and stays when fn throws', async () => {
      const { list } = await newWorld()
      await hot
        .transaction(async () => {
          expect(await hot.detached(() => list.push('tried'))).toBe(1)
          throw new Error('no')
        })
        .catch(nothing)
      expect(await list.toJS()).toEqual(['tried'])
    })

    test('a read is not watched', async () => {
      const { a, others } = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        runs++
        await hot.detached(() => balance(a))
        await others[0].increment('balance')
      })
      expect(runs).toBe(1)
    })

    test('it may outlive the transaction', async () => {
      const { list } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot.transaction(() => {
        late = hot.detached(async () => {
          await sleep(20)
          return list.push('late')
        })
      })
      expect(await late).toBe(1)
    })

    test('work that is late can be detached then', async () => {
      const { list } = await newWorld()
      let late: Promise<unknown> | undefined
      await hot.transaction(() => {
        late = sleep(10).then(() => hot.detached(() => list.push('late')))
      })
      expect(await late).toBe(1)
    })

    test('a transaction in it is one of its own', async () => {
      const { list, a } = await newWorld()
      await hot
        .transaction(async () => {
          void list.push('outer')
          await hot.detached(() =>
            hot.transaction(async () => {
              const seen = await balance(a)
              a.balance = seen + 1
            })
          )
          throw new Error('no')
        })
        .catch(nothing)
      expect([await balance(a), await list.exists()]).toEqual([51, false])
    })

    test('it returns and throws what fn does, and works outside of transactions too', async () => {
      const { list } = await newWorld()
      expect(hot.detached(() => 5)).toBe(5)
      expect(await hot.detached(() => list.push('x'))).toBe(1)
      const thrown = new Error('no')
      expect(() =>
        hot.detached(() => {
          throw thrown
        })
      ).toThrow(thrown)
    })
  })

  describe('nested in another joins it', () => {
    test('its writes are sent with the outer one’s', async () => {
      const { list } = await newWorld()
      const outside = other.list(list.key)
      await hot.transaction(async () => {
        await hot.transaction(() => void list.push('inner'))
        expect(await outside.length).toBe(0)
        void list.push('outer')
      })
      expect(await list.toJS()).toEqual(['inner', 'outer'])
    })

    test('its writes are dropped with the outer one’s', async () => {
      const { list } = await newWorld()
      await hot
        .transaction(async () => {
          await hot.transaction(() => void list.push('inner'))
          throw new Error('no')
        })
        .catch(nothing)
      expect(await list.exists()).toBe(false)
    })

    test('what it read makes the outer one run again', async () => {
      const { a, others } = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        const seen = await hot.transaction(() => a.balance)
        if (++runs === 1) await others[0].increment('balance')
        a.balance = (seen ?? 0) + 1
      })
      expect([await balance(a), runs]).toEqual([52, 2])
    })

    test('its results are filled in when the outer one returns them', async () => {
      const { list, a } = await newWorld()
      const inner = () => hot.transaction(() => [list.push('x'), a.balance])
      expect(await hot.transaction(() => inner())).toEqual([1, 50])
      expect(await hot.transaction(() => hot.transaction(() => ({ n: list.push('y') })))).toEqual({ n: 2 })
    })

    test('its own retries count for nothing: the outer one is run again as a whole', async () => {
      const { a, others } = await newWorld()
      let outerRuns = 0
      let innerRuns = 0
      await hot.transaction(async () => {
        outerRuns++
        await hot.transaction(
          async () => {
            await balance(a)
            if (++innerRuns === 1) await others[0].increment('balance')
          },
          { retries: 0 }
        )
      })
      expect([outerRuns, innerRuns]).toEqual([2, 2])
    })

    test('what it throws reaches the outer one', async () => {
      const thrown = new Error('no')
      const { list } = await newWorld()
      await expect(
        hot.transaction(async () => {
          await hot.transaction(() => {
            void list.push('inner')
            throw thrown
          })
        })
      ).rejects.toBe(thrown)
      expect(await list.exists()).toBe(false)
    })
  })

  describe('of one Hot does not mix with another Hot', () => {
    test('whose calls in it are sent at once and stay', async () => {
      const { list } = await newWorld()
      const outside = other.list<string>(`${list.key}:other`)
      await hot
        .transaction(async () => {
          expect(await outside.push('x')).toBe(1)
          void list.push('y')
          throw new Error('no')
        })
        .catch(nothing)
      expect([await outside.toJS(), await list.exists()]).toEqual([['x'], false])
    })

    test('whose reads in it are not watched', async () => {
      const { others } = await newWorld()
      let runs = 0
      await hot.transaction(async () => {
        runs++
        await balance(others[0])
        await others[0].increment('balance')
      })
      expect(runs).toBe(1)
    })

    test('whose transaction in it is one of its own', async () => {
      const { a, list, others } = await newWorld()
      const outside = other.list<string>(list.key)
      await hot
        .transaction(async () => {
          await balance(a)
          const [length] = await other.transaction(async () => {
            await balance(others[1])
            // The outer Hot's handles take part in the outer transaction, in here too.
            a.balance = 0
            return [outside.push('inner')]
          })
          expect(length).toBe(1)
          throw new Error('no')
        })
        .catch(nothing)
      expect([await outside.toJS(), await balance(a)]).toEqual([['inner'], 50])
    })

    test('and detached() of one leaves the other’s transaction as it is', async () => {
      const { list } = await newWorld()
      await hot
        .transaction(async () => {
          other.detached(() => void list.push('x'))
          await turn()
          throw new Error('no')
        })
        .catch(nothing)
      expect(await list.exists()).toBe(false)
    })
  })

  test('does not mix with those at the same time in the same process', async () => {
    const { tag } = await newWorld()
    const lists = Array.from({ length: 40 }, (_, index) => hot.list<number>(`${tag}:${index}`))
    const results = await Promise.allSettled(
      lists.map((list, index) =>
        hot.transaction(async () => {
          for (let step = 0; step < 5; step++) {
            void list.push(index)
            await sleep(Math.random() * 5)
          }
          if (index % 2 === 1) throw new Error(`no ${index}`)
          return [list.push(index)]
        })
      )
    )
    const contents = await Promise.all(lists.map(list => list.toJS()))
    for (const [index, result] of results.entries()) {
      const even = index % 2 === 0
      expect(contents[index]).toEqual(even ? Array(6).fill(index) : [])
      expect(result.status).toBe(even ? 'fulfilled' : 'rejected')
    }
  })

  describe('comes after what was called before it', () => {
    test('and so reads it', async () => {
      const { list, a } = await newWorld()
      for (let run = 1; run <= 50; run++) {
        void list.push('x')
        a.balance = run
        const seen = await hot.transaction(() => [list.length, a.balance])
        expect(seen).toEqual([run, run])
      }
    })

    test('and so writes after it, scripts and steps computed here included', async () => {
      const { list, tag } = await newWorld()
      const dict = hot.defaultDict<Record<string, number>>(() => 1, `${tag}:defaults`)
      for (let run = 0; run < 20; run++) {
        void list.replace(['a', 'b'])
        void list.reverse()
        void dict.clear()
        void dict.get('apples')
        const [length, apples] = await hot.transaction(() => [list.push('c'), dict.increment('apples')])
        expect([length, apples, await list.toJS()]).toEqual([3, 2, ['b', 'a', 'c']])
      }
    })
  })

  if (isCluster) {
    test('needs one slot for its keys, says so, and sends nothing', async () => {
      const [one, two] = [hot.list<string>('slot-a'), hot.list<string>('slot-b')]
      for (const fn of [
        () => [one.push('x'), two.push('x')],
        async () => {
          await one.length
          void two.push('x')
        },
        async () => {
          void one.push('x')
          await two.length.catch(nothing)
        }
      ]) {
        const error = await failureOf(hot.transaction<unknown>(fn))
        expect(error).toMatchObject({ code: 'CROSS_SLOT', message: expect.stringContaining('{') })
      }
      expect([await one.exists(), await two.exists()]).toEqual([false, false])
    })
  }
})

describe('Many transactions at once', () => {
  let server: Server
  let proxy: TcpProxy
  let hot: Hot

  beforeEach(async () => {
    server = await startServer()
    proxy = await TcpProxy.to(server.port)
    hot = newHot({ url: proxy.url })
  })

  afterEach(async () => {
    await hot.close().catch(nothing)
    await proxy.stop()
    await server.stop()
  })

  test('1,000 on keys of their own finish on few connections', async () => {
    const add = (index: number) =>
      hot.transaction(async () => {
        const counter = hot.dict<{ n: number }>(`counter:${index}`)
        const n = (await counter.n) ?? 0
        counter.n = n + 1
      })
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => add(index)))
    const sums = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => hot.dict<{ n: number }>(`counter:${index}`).get('n'))
    )
    expect(new Set(sums)).toEqual(new Set([1]))
    expect(proxy.connections).toBeLessThanOrEqual(20)
  })

  test('1,000 that only write use one connection', async () => {
    const list = hot.list<number>('list')
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => hot.transaction(() => list.push(index))))
    expect(await list.length).toBe(1_000)
    expect(proxy.connections).toBe(1)
  })

  test('1,000 on one key all finish, and none is lost', async () => {
    const counter = hot.dict<{ n: number }>('counter')
    const add = () =>
      hot.transaction(async () => {
        const n = (await counter.n) ?? 0
        counter.n = n + 1
      })
    const results = await Promise.allSettled(Array.from({ length: 1_000 }, add))
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(await counter.n).toBe(1_000)
    expect(proxy.connections).toBeLessThanOrEqual(20)
  })

  test('those that wait for each other end with an error that says so, and the connections come back', async () => {
    const counter = hot.dict<{ n: number }>('counter')
    const waiting = Array.from({ length: 40 }, () =>
      hot.transaction(
        async () => {
          await counter.n
          await hot.detached(() => hot.transaction(() => counter.n, { timeout: 60_000 }))
        },
        { timeout: 500 }
      )
    )
    const errors = await Promise.all(waiting.map(failureOf))
    for (const error of errors) expect(error).toBeInstanceOf(TransactionError)
    const messages = errors.map(error => (error as Error).message)
    expect(messages.filter(message => /connection/.test(message)).length).toBeGreaterThan(0)
    expect(await hot.transaction(() => counter.n, { timeout: 5_000 })).toBeUndefined()
  })

  test('fn that ends late, after its time, gives its connection back', async () => {
    const counter = hot.dict<{ n: number }>('counter')
    const late = Array.from({ length: 20 }, () =>
      hot.transaction(
        async () => {
          await counter.n
          await sleep(200)
        },
        { timeout: 50 }
      )
    )
    await Promise.all(late.map(failureOf))
    await sleep(250)
    expect(await hot.transaction(() => counter.n, { timeout: 5_000 })).toBeUndefined()
    expect(proxy.connections).toBeLessThanOrEqual(30)
  })

  test('close() waits for those under way, and those after it are refused', async () => {
    const counter = hot.dict<{ n: number }>('counter')
    const underWay = hot.transaction(async () => {
      const n = (await counter.n) ?? 0
      await sleep(50)
      counter.n = n + 1
    })
    await turn()
    const closing = hot.close()
    await underWay
    await closing
    await expect(hot.transaction(() => counter.n)).rejects.toMatchObject({ code: 'CONNECTION' })
    await expect(hot.transaction(() => counter.increment('n'))).rejects.toMatchObject({ code: 'CONNECTION' })
    const reader = newHot({ url: server.url })
    expect(await reader.dict<{ n: number }>('counter').get('n')).toBe(1)
    await reader.close()
    expect(proxy.open).toBe(0)
  })
})

describe('A process', () => {
  test('ends by itself when its transactions are done, and not before', async () => {
    const key = freshKey()
    const worker = spawnWorker('transaction-ends.ts', [key])
    expect(await worker.done).toBe(0)
    const hot = newHot({ url: process.env['HOT_TEST_URL'] })
    expect(await hot.dict(key).toJS()).toEqual({ read: 1, written: 1 })
    await hot.close()
  })
})
