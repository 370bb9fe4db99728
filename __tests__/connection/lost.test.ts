import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { createClient } from 'redis'
import { ConnectionError, createHot, type Hot, type HotDict, type HotList } from '../../src/index.js'
import { failureOf, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
let proxy: TcpProxy
let hot: Hot
let list: HotList<number>
let dict: HotDict<Record<string, number>>

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

beforeEach(async () => {
  proxy = await TcpProxy.to(server.port)
  hot = createHot({ fusion: false, url: proxy.url, prefix: 'app:', onError: () => undefined })
  list = hot.list<number>()
  dict = hot.dict<Record<string, number>>()
  await list.push(3, 2, 1)
  await list.reverse() // from now on Redis knows the script
  proxy.requests = ''
})
afterEach(async () => {
  await hot.close()
  await proxy.stop()
})

/** Cuts the connection, once, when such a request arrives: it does not come through. */
function cutBefore(request: string): void {
  proxy.onRequest = chunk => {
    if (!chunk.includes(request)) return 'pass'
    proxy.onRequest = () => 'pass'
    return 'cut'
  }
}

/** Cuts the connection, once, when such a request has been carried out: its answer does not come through. */
function cutBehind(request: string): void {
  proxy.onRequest = chunk => {
    if (chunk.includes(request)) {
      proxy.onRequest = () => 'pass'
      proxy.onReply = () => {
        proxy.onReply = () => 'pass'
        return 'cut'
      }
    }
    return 'pass'
  }
}

async function unknown(call: PromiseLike<unknown>): Promise<ConnectionError> {
  const error = await failureOf(call)
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
  return error as ConnectionError
}

describe('Reads in flight when the connection is lost', () => {
  const reads: [string, string, () => Promise<unknown>, unknown][] = [
    ['a command', 'LRANGE', () => list.toJS(), [1, 2, 3]],
    ['an item', 'LINDEX', () => Promise.resolve(list[-1]), 3],
    ['a script', 'EVAL', () => list.count(2), 1],
    ['several in one MULTI', 'EXEC', () => list.equals(list), true]
  ]

  test.each(reads)(
    '%s is sent again by itself and answers, whether or not it got there',
    async (_, request, read, answer) => {
      cutBefore(request)
      expect(await read()).toEqual(answer)
      cutBehind(request)
      expect(await read()).toEqual(answer)
      expect(proxy.connections).toBe(3)
    }
  )

  test('many at once all answer', async () => {
    cutBehind('LINDEX')
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => list.at(index % 3)))
    expect(answers).toEqual(Array.from({ length: 1_000 }, (_, index) => (index % 3) + 1))
  })

  test('a loop over many items goes on where it was', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => index)
    await list.replace(many)
    const seen: number[] = []
    for await (const item of list) {
      seen.push(item)
      if (item % 5_000 === 4_999) proxy.cut()
    }
    expect(seen).toEqual(many)
  })

  test('a loop over the fields of a dict sees each once', async () => {
    await dict.update(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, index])))
    const seen: string[] = []
    for await (const field of dict.keys()) {
      seen.push(field)
      if (seen.length === 2_000) proxy.cut()
    }
    expect(new Set(seen).size).toBe(5_000)
    expect(seen).toHaveLength(5_000)
  })
})

describe('Writes in flight when the connection is lost', () => {
  const writes: [string, string, () => Promise<unknown>, readonly number[]][] = [
    ['a command', 'RPUSH', () => list.push(4), [1, 2, 3, 4]],
    ['a script', 'EVAL', () => list.reverse(), [3, 2, 1]],
    ['several in one MULTI', 'EXEC', () => list.replace([9]), [9]]
  ]

  test.each(writes)(
    '%s that did not get there fails with an unknown outcome and is not sent again',
    async (_, request, write) => {
      cutBefore(request)
      const error = await unknown(write())
      expect(error).toMatchObject({
        key: `app:${list.key}`,
        operation: expect.stringMatching(/^List\.\w+$/) as unknown
      })
      expect(types.isNativeError(error.cause)).toBe(true)
      expect(await list.toJS()).toEqual([1, 2, 3])
      await sleep(100)
      expect(await list.toJS()).toEqual([1, 2, 3])
      expect(proxy.sent(request)).toBe(1)
    }
  )

  test.each(writes)(
    '%s that was carried out fails with an unknown outcome and is carried out once',
    async (_, request, write, after) => {
      cutBehind(request)
      await unknown(write())
      expect(await list.toJS()).toEqual(after)
      await sleep(100)
      expect(await list.toJS()).toEqual(after)
      expect(proxy.sent(request)).toBe(1)
    }
  )

  test('a call split over several commands is there wholly or not at all', async () => {
    for (const place of ['value:0', 'value:7777', 'value:19999', 'EXEC']) {
      const texts = hot.list<string>()
      cutBefore(place)
      await unknown(texts.push(...Array.from({ length: 20_000 }, (_, index) => `value:${index}`)))
      await sleep(20)
      expect([0, 20_000]).toContain(await texts.length)
    }
  })

  test('of reads and writes sent together, the reads answer and each write is there once or not at all', async () => {
    cutBehind('RPUSH')
    const calls = [list.at(0), list.push(4), list.length, dict.increment('n'), dict.size, list.reverse()] as const
    const settled = await Promise.allSettled(calls)
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected'
    ])
    expect([0, 1]).toContain((await dict.get('n')) ?? 0)
    expect([3, 4]).toContain(await list.length)
  })

  test('calls made behind a script that was lost are sent when the connection is back, in order', async () => {
    cutBehind('EVALSHA')
    const lost = list.reverse()
    await until('the script is on its way', () => proxy.sent('EVALSHA') === 1)
    void list.push(4)
    void list.reverse()
    const end = list.toJS()
    await unknown(lost)
    expect(await end).toEqual([4, 1, 2, 3])
  })

  test('an assignment whose outcome is unknown goes where failed assignments go', async () => {
    await using other = createHot({ fusion: false, url: proxy.url })
    const user = other.dict<{ name: string }>('app:lost')
    await user.size
    cutBefore('HSET')
    user.name = 'Ada'
    await unknown(other.flush())
    expect(await user.get('name')).toBeUndefined()
  })

  test('a script that Redis did not know, and that is lost when sent whole, is not sent a third time', async () => {
    const admin = await createClient({ url: server.url }).connect()
    await admin.scriptFlush()
    await admin.disconnect()
    cutBefore('EVAL\r\n')
    await unknown(list.pop(1))
    expect(proxy.sent('EVALSHA\r\n')).toBe(1)
    expect(proxy.sent('EVAL\r\n')).toBe(1)
    expect(await list.toJS()).toEqual([1, 2, 3])
  })
})

describe('When the connection is lost again and again', () => {
  test('a read that never gets an answer fails in the end', async () => {
    proxy.onRequest = chunk => (chunk.includes('LRANGE') ? 'cut' : 'pass')
    expect(await failureOf(list.toJS())).toBeInstanceOf(ConnectionError)
    proxy.onRequest = () => 'pass'
    expect(await list.toJS()).toEqual([1, 2, 3])
  })

  test('what succeeded is there once, what is unknown at most once, nothing else, in the order of calls', async () => {
    const outcomes = new Map<number, string>()
    const calls: Promise<void>[] = []
    let going = true
    const cutting = (async () => {
      for (let round = 0; round < 80; round++) {
        await sleep(Math.random() * 25)
        proxy.cut()
      }
      going = false
    })()
    // A command, a script, several in one MULTI; alone and in company.
    const kinds = [
      (id: number) => list.push(id),
      (id: number) => list.splice(1e6, 0, id),
      (id: number) => dict.getOrInsert(String(id), id)
    ]
    for (let id = 10; going; id++) {
      calls.push(
        kinds[id % 3]!(id).then(
          () => void outcomes.set(id, 'there'),
          (error: unknown) => void outcomes.set(id, (error as ConnectionError).outcome)
        )
      )
      if (Math.random() < 0.3) await sleep(Math.random() * 3)
    }
    await cutting
    await Promise.all(calls)
    await sleep(50)

    const items = (await list.toJS()).slice(3)
    expect(items).toEqual([...new Set(items)].sort((a, b) => a - b))
    const there = new Set([...items, ...Object.values(await dict.toJS())])
    const wrong = [...outcomes].filter(
      ([id, outcome]) => outcome !== 'unknown' && there.has(id) !== (outcome === 'there')
    )
    expect(wrong).toEqual([])
    expect(new Set(outcomes.values())).toEqual(new Set(['there', 'unknown']))
  })
})
