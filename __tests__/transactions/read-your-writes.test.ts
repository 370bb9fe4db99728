import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { IndexError, QueueEmptyError, TransactionError, createHot as newHot, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { failureOf } from '../support/promises.js'
import { countRoundTrips } from '../support/round-trips.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

describe.each(backends)('A transaction reads what it has written, on $name:', ({ createHot, raw }) => {
  const hot = createHot()
  const other = createHot()

  /** A key and others in its slot. */
  function keys() {
    const tag = `{${freshKey()}}`
    return (name: string) => `${tag}:${name}`
  }

  async function shadowsAt(key: string): Promise<unknown> {
    return raw(key, 'EVAL', "return redis.call('KEYS', '*hot-redis:shadow-*')", '1', key)
  }

  test('a loop that reads and writes', async () => {
    const stock = hot.dict<{ apples: number }>(freshKey())
    await stock.set('apples', 3)
    const sold = await hot.transaction(async () => {
      let sold = 0
      while (((await stock.apples) ?? 0) > 0) {
        await stock.increment('apples', -1)
        sold++
      }
      return sold
    })
    expect([sold, await stock.apples]).toEqual([3, 0])
    expect(await shadowsAt(stock.key)).toEqual([])
  })

  test('a random member stays the one that was popped', async () => {
    const at = keys()
    const tags = hot.set<number>(at('tags'), { initial: Array.from({ length: 200 }, (_, index) => index) })
    const popped = hot.list<number>(at('popped'))
    await hot.transaction(async () => {
      for (let round = 0; round < 10; round++) await popped.push((await tags.pop()) ?? -1)
      await popped.push(...(await hot.command<string[]>('SPOP', tags, 5)).map(Number))
    })
    const gone = await popped.toJS()
    const left = await tags.toJS()
    expect(new Set([...gone, ...left]).size).toBe(200)
    expect([gone.length, left.size]).toEqual([15, 185])
  })

  test('the times to live are those of the keys', async () => {
    const at = keys()
    const list = hot.list<string>(at('list'), { initial: ['a'] })
    const short = hot.list<string>(at('short'), { initial: ['a'] })
    const long = hot.list<string>(at('long'), { initial: ['a'] })
    await short.expire(5_000)
    await long.expire(86_400_000)
    await hot.transaction(async () => {
      await Promise.all([list.push('b'), short.push('b'), long.push('b')])
      expect(await list.ttl()).toBeUndefined()
      expect(await list.persist()).toBe(false)
      expect(await short.ttl()).toBeGreaterThan(4_000)
      expect(await long.ttl()).toBeGreaterThan(86_390_000)
      expect(await long.persist()).toBe(true)
      expect(await list.expire(1_000_000)).toBe(true)
      expect(await list.ttl()).toBeGreaterThan(990_000)
      await list.reverse()
      expect(await list.ttl()).toBeGreaterThan(990_000)
    })
    expect(await list.ttl()).toBeGreaterThan(990_000)
    expect(await short.ttl()).toBeLessThan(5_001)
    expect(await long.ttl()).toBeUndefined()
  })

  test('shadows end by themselves, and are gone after the end, however it comes', async () => {
    const list = hot.list<string>(freshKey(), { initial: ['a'] })
    const thrown = new Error('no')
    const failing = hot.transaction(async () => {
      await list.push('b')
      const shadows = (await shadowsAt(list.key)) as string[]
      expect(shadows.length).toBeGreaterThan(0)
      for (const shadow of shadows) expect(Number(await raw(shadow, 'PTTL', shadow))).toBeGreaterThan(0)
      throw thrown
    })
    await expect(failing).rejects.toBe(thrown)
    expect(await shadowsAt(list.key)).toEqual([])
    const late = hot.transaction(
      async () => {
        await list.push('b')
        await new Promise(() => undefined)
      },
      { timeout: 100 }
    )
    await expect(late).rejects.toBeInstanceOf(TransactionError)
    expect(await shadowsAt(list.key)).toEqual([])
    expect(await list.toJS()).toEqual(['a'])
  })

  test('a write that can’t be done throws at its await, and may be caught', async () => {
    const at = keys()
    const list = hot.list<string>(at('list'), { initial: ['a'] })
    const jobs = hot.queue<string>(at('jobs'), { maxsize: 1 })
    const errors = await hot.transaction(async () => {
      const errors = [await failureOf(list.set(7, 'x')), await failureOf(jobs.getNowait())]
      await jobs.putNowait('one')
      errors.push(await failureOf(jobs.putNowait('two')))
      await list.push('b')
      errors.push(await failureOf(hot.set(list.key).add('x')))
      return errors
    })
    expect(errors.map(error => (error as Error).name)).toEqual([
      'IndexError',
      'QueueEmptyError',
      'QueueFullError',
      'KeyTypeError'
    ])
    expect(await list.toJS()).toEqual(['a', 'b'])
    expect(await jobs.toJS()).toEqual(['one'])
  })

  test('one that is not caught ends the transaction, with nothing written', async () => {
    const list = hot.list<string>(freshKey(), { initial: ['a'] })
    const failing = hot.transaction(async () => {
      void list.push('b')
      await list.set(7, 'x')
    })
    await expect(failing).rejects.toBeInstanceOf(IndexError)
    expect(await list.toJS()).toEqual(['a'])
  })

  test('one that is not awaited fails the commit, and the others take effect', async () => {
    const list = hot.list<string>(freshKey(), { initial: ['a'] })
    const error = await failureOf(
      hot.transaction(async () => {
        void list.set(7, 'x')
        expect(await list.push('b')).toBe(2)
        list[9] = 'y'
      })
    )
    expect(error).toBeInstanceOf(TransactionError)
    expect((error as TransactionError).results.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected'
    ])
    expect(await list.toJS()).toEqual(['a', 'b'])
  })

  test('a nested transaction that throws takes its own writes back', async () => {
    const at = keys()
    const list = hot.list<string>(at('list'), { initial: ['a'] })
    const copy = hot.dict<{ n: number }>(at('copy'))
    const seen = await hot.transaction(async () => {
      await list.push('b')
      const failed = hot.transaction(async () => {
        expect(await list.push('lost')).toBe(3)
        await copy.increment('n')
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      await hot.transaction(() => list.push('c'))
      return [await list.toJS(), await copy.exists(), await list.pop()]
    })
    expect(seen).toEqual([['a', 'b', 'c'], false, 'c'])
    expect(await list.toJS()).toEqual(['a', 'b'])
    expect(await shadowsAt(list.key)).toEqual([])
  })

  test('code that has read what a nested transaction takes back can’t go on', async () => {
    const list = hot.list<string>(freshKey())
    const failing = hot.transaction(async () => {
      let pushed = (): void => undefined
      const isPushed = new Promise<void>(resolve => (pushed = resolve))
      const nested = hot.transaction(async () => {
        await list.push('lost')
        pushed()
        await new Promise(resolve => setTimeout(resolve, 20))
        throw new Error('no')
      })
      await isPushed
      const length = await list.length
      await nested.catch(() => undefined)
      await list.push(`${length} items`)
    })
    await expect(failing).rejects.toThrow(/nested transaction failed/)
    expect(await list.exists()).toBe(false)
  })

  test('who waits is served at the end, by what is left then', async () => {
    const jobs = hot.queue<string>(freshKey())
    const got = other.queue<string>(jobs.key).get()
    while ((await raw(jobs.key, 'EXISTS', `{${jobs.key}}:hot-redis:getters`)) === 0) await Promise.resolve()
    let taken: string | undefined
    await hot.transaction(async () => {
      await jobs.put('a')
      expect(await jobs.size).toBe(1)
      taken = await jobs.getNowait()
      await jobs.putNowait('b')
      await new Promise(resolve => setTimeout(resolve, 20))
    })
    expect([taken, await got]).toEqual(['a', 'b'])
    expect(await jobs.size).toBe(0)
  })

  test('who waits gets nothing that was put and taken in one transaction', async () => {
    const jobs = hot.queue<string>(freshKey())
    const got = other.queue<string>(jobs.key).get({ timeout: 300 })
    while ((await raw(jobs.key, 'EXISTS', `{${jobs.key}}:hot-redis:getters`)) === 0) await Promise.resolve()
    expect(await hot.transaction(() => [jobs.putNowait('a'), jobs.getNowait()])).toEqual([undefined, 'a'])
    await expect(got).rejects.toBeInstanceOf(QueueEmptyError)
  })

  test('a lock is held from the commit on, or not at all', async () => {
    const at = keys()
    const lock = hot.lock(at('lock'))
    const list = hot.list<string>(at('list'))
    const permit = await hot.transaction(async () => {
      const permit = await lock.acquire()
      expect(await lock.locked()).toBe(true)
      expect(await other.lock(lock.key).locked()).toBe(false)
      await list.push('x')
      return permit
    })
    expect(await other.lock(lock.key).locked()).toBe(true)
    expect(permit.signal.aborted).toBe(false)
    await permit.release()
    expect(await lock.locked()).toBe(false)
    await hot.transaction(() => lock.run(() => list.push('y')))
    expect(await lock.locked()).toBe(false)
    const failing = hot.transaction(async () => {
      await lock.acquire()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await other.lock(lock.key).locked()).toBe(false)
  })

  test('maxShadow refuses to copy more than so many elements, and nothing is written', async () => {
    const at = keys()
    const list = hot.list<number>(at('list'), { initial: [1, 2, 3, 4] })
    const error = await failureOf(
      hot.transaction(
        async () => {
          await list.push(5).catch(() => undefined)
          hot.list(at('other'), { initial: [1] })
        },
        { maxShadow: 3 }
      )
    )
    expect(error).toMatchObject({ code: 'TRANSACTION', message: expect.stringMatching(/maxShadow.*read first/) })
    expect((error as Error).message).toContain(list.key)
    expect(await list.length).toBe(4)
    expect(await hot.list(at('other')).exists()).toBe(false)
    expect(await shadowsAt(list.key)).toEqual([])
    expect(await hot.transaction(async () => (await list.push(5)) + 1, { maxShadow: 4 })).toBe(6)
  })

  test('commands without handles have their result after the commit only', async () => {
    const list = hot.list<string>(freshKey())
    const error = await hot.transaction(async () => {
      void list.push('x')
      return failureOf(hot.command('PUBLISH', 'channel', 'message'))
    })
    expect(error).toMatchObject({ code: 'TRANSACTION', message: expect.stringContaining('after the transaction') })
    expect(await hot.transaction(() => [hot.command('PUBLISH', 'channel', 'message')])).toEqual([0])
  })

  test('what its scripts did at one time they do again at that time', async () => {
    const key = freshKey()
    const list = hot.list<string>(key)
    const script =
      "redis.call('RPUSH', KEYS[1], table.concat(redis.call('TIME'), '.')) return redis.call('LINDEX', KEYS[1], -1)"
    const time = await hot.transaction(async () => {
      const time = await hot.command('EVAL', script, 1, list)
      await new Promise(resolve => setTimeout(resolve, 5))
      return time
    })
    expect(await raw(key, 'LINDEX', key, '0')).toBe(time)
  })
})

describe('Round trips of a transaction', () => {
  let server: Server
  let proxy: TcpProxy
  let hot: Hot

  beforeAll(async () => (server = await startServer()))
  afterAll(() => server.stop())

  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    hot = newHot({ url: proxy.url })
    await hot.transaction(() => hot.int('n').value)
    await hot.int('n').replace(0)
  })

  afterEach(async () => {
    await hot.close().catch(() => undefined)
    await proxy.stop()
  })

  const counted = async (fn: () => unknown) => {
    const roundTrips = countRoundTrips(proxy)
    await hot.transaction(fn)
    return roundTrips()
  }

  test('ten awaited increments take at most 12', async () => {
    const n = hot.int('n')
    const trips = await counted(async () => {
      for (let round = 0; round < 10; round++) await n.increment()
    })
    expect(trips).toBeLessThanOrEqual(12)
    expect(await n.value).toBe(10)
  })

  test('ten in Promise.all take 2', async () => {
    const n = hot.int('n')
    expect(await counted(() => Promise.all(Array.from({ length: 10 }, () => n.increment())).then(() => 0))).toBe(2)
    expect(await n.value).toBe(10)
  })

  test('a write and then a read take 2', async () => {
    const list = hot.list<string>('list')
    expect(
      await counted(async () => {
        void list.push('x')
        await list.length
      })
    ).toBe(2)
  })

  test('writes that only the type can refuse are awaited for nothing', async () => {
    const user = hot.dict<{ name: string; visits: number }>('user')
    expect(
      await counted(async () => {
        await user.set('name', 'Ada')
        await user.update({ visits: 1 })
      })
    ).toBe(1)
  })
})
