import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { isReplyError, type ClientConnection, type Message } from '../../src/clients/port.js'
import { spawnWorker } from '../support/processes.js'
import { failureOf, started, until } from '../support/promises.js'
import { startCluster, startServer, type Cluster, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { configurations, KEY, type Adapter, type Target } from './configurations.js'

let single: Server
let nodes: Cluster
/** A client for each server, by port. */
const admins = new Map<number, ReturnType<typeof createClient>>()

beforeAll(async () => {
  ;[single, nodes] = await Promise.all([startServer(), startCluster()])
  for (const { port, url } of [single, ...nodes.nodes]) {
    admins.set(
      port,
      await createClient({ url })
        .on('error', () => undefined)
        .connect()
    )
  }
})
afterAll(async () => {
  await Promise.all([...admins.values()].map(admin => admin.disconnect()))
  await Promise.all([single.stop(), nodes.stop()])
})

const [key, other, counter] = [`${KEY}key`, `${KEY}other`, `${KEY}counter`]

describe.each(configurations)('The client port, over $name', ({ kind, adapt }) => {
  let nodePort: number
  let proxy: TcpProxy
  let adapter: Adapter
  let connection: ClientConnection
  const owners: Adapter['owner'][] = []
  const opened: ClientConnection[] = []

  /** Sends a command to the server by a way of its own. */
  const admin = (...words: string[]): Promise<unknown> => admins.get(nodePort)!.sendCommand(words)
  const connectionsAtServer = async () =>
    String(await admin('CLIENT', 'LIST'))
      .trim()
      .split('\n').length
  /** How often the server has executed a command. */
  const executions = async (name: string) => {
    const stats = String(await admin('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  }

  async function adapted(more: Partial<Target> = {}): Promise<Adapter> {
    const made = await adapt({ port: proxy.port, nodePort, ...more })
    owners.push(made.owner)
    return made
  }

  /** A further connection, closed after the test. */
  function unopened(from = adapter): ClientConnection {
    const made = from.connection()
    opened.push(made)
    return made
  }

  async function open(from = adapter): Promise<ClientConnection> {
    const made = unopened(from)
    await made.open(2_000)
    return made
  }

  beforeEach(async () => {
    nodePort = (kind === 'cluster' ? nodes.nodes[0]! : single).port
    await admin('FLUSHALL')
    proxy = await TcpProxy.to(nodePort)
    adapter = await adapted()
    connection = await open()
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) each.close()
    for (const owner of owners.splice(0)) await owner?.destroy()
    await proxy.stop()
  })

  describe('Replies', () => {
    test('come in the order of the commands, which a MULTI among them keeps, too', async () => {
      const answered: unknown[] = []
      const calls = Array.from({ length: 50 }, (_, index) => {
        if (index % 10 === 5) return connection.transact([['INCR', counter]]).then(replies => replies![0])
        return connection.send(['INCR', counter]).then(reply => (answered.push(reply), reply))
      })
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
      expect(answered).toEqual([...answered].sort((one, other) => Number(one) - Number(other)))
    })

    test('have the form of RESP2, whatever the given client speaks', async () => {
      await admin('HSET', `${KEY}hash`, 'a', '1', 'b', '2')
      await admin('SADD', `${KEY}set`, 'x')
      await admin('ZADD', `${KEY}zset`, '1.5', 'm')
      await admin('SET', key, '7')
      const replies = [
        ['HGETALL', `${KEY}hash`],
        ['HGETALL', `${KEY}none`],
        ['SMEMBERS', `${KEY}set`],
        ['ZSCORE', `${KEY}zset`, 'm'],
        ['ZRANGE', `${KEY}zset`, '0', '-1', 'WITHSCORES'],
        ['GET', key],
        ['GET', `${KEY}none`],
        ['STRLEN', key],
        ['EXISTS', key],
        ['SET', key, '8'],
        ['MGET', key, `${KEY}none`],
        ['BLPOP', `${KEY}none`, '0.01'],
        ['EVAL', 'return {1, false, "x", {2}}', '0'],
        ['CONFIG', 'GET', 'maxmemory-policy']
      ].map(words => connection.send(Object.freeze(words)))
      expect(await Promise.all(replies)).toEqual([
        ['a', '1', 'b', '2'],
        [],
        ['x'],
        '1.5',
        ['m', '1.5'],
        '7',
        null,
        1,
        1,
        'OK',
        ['8', null],
        null,
        [1, null, 'x', [2]],
        ['maxmemory-policy', 'noeviction']
      ])
    })

    test('in a MULTI have the same form', async () => {
      const commands = [
        ['HSET', key, 'a', '1'],
        ['HGETALL', key],
        ['HGET', key, 'b'],
        ['EVAL', 'return {{}}', '0']
      ]
      expect(await connection.transact(commands)).toEqual([1, ['a', '1'], null, [[]]])
    })

    test('carry any text, of any length, back as it was sent', async () => {
      const texts = ['', 'ß 日本 👍', '\r\n$3\r\n', '\0', 'x'.repeat(1_000_000)]
      for (const text of texts) {
        expect(await connection.send(['SET', key, text])).toBe('OK')
        expect(await connection.send(['GET', key])).toBe(text)
      }
    })
  })

  describe('Errors', () => {
    test("of Redis reject with Redis's own message, and what follows is answered", async () => {
      await admin('SET', key, 'text')
      const [refused, next, unknown, ...own] = await Promise.allSettled([
        connection.send(['LPUSH', key, 'x']),
        connection.send(['GET', key]),
        connection.send(['NOSUCHCOMMAND', key]),
        connection.send(['EVALSHA', 'f'.repeat(40), '0']),
        connection.send(['EVAL', "return redis.error_reply('CODEC at .x')", '0'])
      ])
      expect(refused).toMatchObject({ reason: { message: expect.stringMatching(/^WRONGTYPE Operation/) as unknown } })
      expect(next).toMatchObject({ value: 'text' })
      expect(unknown).toMatchObject({ reason: { message: expect.stringMatching(/^ERR unknown command/) as unknown } })
      expect(own).toMatchObject([
        { reason: { message: expect.stringMatching(/^NOSCRIPT /) as unknown } },
        { reason: { message: 'CODEC at .x' } }
      ])
      for (const result of [refused, unknown, ...own]) {
        expect(result.status === 'rejected' && isReplyError(result.reason)).toBe(true)
      }
    })

    test('inside a reply are Errors in their place', async () => {
      const reply = await connection.send(['EVAL', "return {1, redis.error_reply('CODEC inside'), 'x'}", '0'])
      expect(reply).toEqual([1, expect.any(Error), 'x'])
      expect((reply as Error[])[1]!.message).toBe('CODEC inside')
      expect(isReplyError((reply as Error[])[1])).toBe(true)
    })
  })

  describe('transact', () => {
    test('executes all, and replies to each; a command that fails has an Error', async () => {
      await admin('SET', key, 'text')
      const replies = await connection.transact([
        ['INCR', counter],
        ['LPUSH', key, 'x'],
        ['EVAL', "return {redis.error_reply('CODEC inside')}", '0'],
        ['INCR', counter]
      ])
      expect(replies).toEqual([1, expect.any(Error), [expect.any(Error)], 2])
      expect((replies![1] as Error).message).toMatch(/^WRONGTYPE Operation/)
      expect(isReplyError(replies![1])).toBe(true)
    })

    test.each([
      ['unknown', ['NOSUCHCOMMAND', key], /^ERR unknown command/],
      ['short of an argument', ['SET', key], /^ERR wrong number of arguments/]
    ])('with a command that is %s rejects with what Redis says, and executes nothing', async (_, refused, message) => {
      const error = await failureOf(connection.transact([['INCR', counter], refused, ['INCR', counter]]))
      expect(isReplyError(error)).toBe(true)
      expect((error as Error).message).toMatch(message)
      expect(await connection.send(['GET', counter])).toBeNull()
      expect(await connection.transact([['INCR', counter]])).toEqual([1])
    })

    test('gives null when a watched key has changed, and executes nothing', async () => {
      await connection.send(['WATCH', key])
      await admin('SET', key, 'changed')
      expect(await connection.transact([['INCR', counter]])).toBeNull()
      expect(await connection.send(['GET', counter])).toBeNull()
      // The watch has ended with it.
      expect(await connection.transact([['INCR', counter]])).toEqual([1])
    })

    test('executes when no watched key has changed, nothing at all included', async () => {
      await connection.send(['WATCH', key])
      await admin('SET', other, 'changed')
      expect(await connection.transact([['INCR', counter]])).toEqual([1])
      expect(await connection.transact([])).toEqual([])
    })
  })

  describe('A connection that is lost', () => {
    test('rejects what is in flight, tells so once, sends nothing again and stays away until it is opened', async () => {
      let losses = 0
      connection.onLoss(() => losses++)
      const others = (await connectionsAtServer()) - 1
      await admin('CONFIG', 'RESETSTAT')
      proxy.holdReplies()
      const calls = [
        connection.send(['INCR', counter]),
        connection.transact([['INCR', counter]]),
        connection.send(['GET', counter])
      ].map(started)
      await until('all has been executed', async () => (await executions('get')) === 1)
      expect(connection.ready).toBe(true)
      proxy.cut()
      for (const call of calls) expect(isReplyError(await failureOf(call))).toBe(false)
      expect(connection.ready).toBe(false)
      expect(isReplyError(await failureOf(connection.send(['INCR', counter])))).toBe(false)
      proxy.release()

      // The owner's own connections come back.
      await until('all others are back', async () => (await connectionsAtServer()) === others)
      await sleep(100)
      expect(await connectionsAtServer()).toBe(others)
      expect([losses, connection.ready, await executions('incr')]).toEqual([1, false, 2])

      await connection.open(2_000)
      expect(connection.ready).toBe(true)
      expect(await connection.send(['GET', counter])).toBe('2')
    })

    test('is lost again after it was opened again, and tells so again', async () => {
      let losses = 0
      connection.onLoss(() => losses++)
      for (let times = 1; times <= 3; times++) {
        const id = String(await connection.send(['CLIENT', 'ID']))
        await admin('CLIENT', 'KILL', 'ID', id)
        await until('it is lost', () => losses === times)
        expect(connection.ready).toBe(false)
        await connection.open(2_000)
      }
    })
  })

  describe('close()', () => {
    test('rejects what is in flight at once, while the server is mute, and leaves no socket', async () => {
      let losses = 0
      connection.onLoss(() => losses++)
      const others = (await connectionsAtServer()) - 1
      proxy.holdReplies()
      const calls = [connection.send(['GET', key]), connection.transact([['INCR', counter]])].map(started)
      await until('all is sent', () => proxy.sent('EXEC') === 1)
      connection.close()
      for (const call of calls) expect(isReplyError(await failureOf(call))).toBe(false)
      expect(connection.ready).toBe(false)
      await until('the socket is closed', async () => (await connectionsAtServer()) === others)
      proxy.release()
      connection.close()
      expect(losses).toBe(0)
    })

    test('while it is being opened, at any moment, rejects that and leaves no socket', async () => {
      connection.close()
      let others = Infinity
      await until('the first is gone', async () => {
        const before = others
        return (others = await connectionsAtServer()) === before
      })
      for (let pause = 0; pause < 8; pause++) {
        const opening = started(unopened().open(2_000))
        const attempt = opened.at(-1)!
        if (pause === 1) await Promise.resolve()
        else if (pause > 1) await sleep(pause - 2)
        const early = !attempt.ready
        attempt.close()
        if (early) expect(await failureOf(opening)).toBeInstanceOf(Error)
        expect(attempt.ready).toBe(false)
      }
      await until('no socket is left', async () => (await connectionsAtServer()) === others)
      await sleep(30)
      expect(await connectionsAtServer()).toBe(others)
    })

    test('while a mute server keeps it from being opened rejects that, and it can be opened later', async () => {
      const silent = unopened()
      const others = await connectionsAtServer()
      proxy.holdReplies()
      const opening = started(silent.open(2_000))
      await sleep(50)
      const early = !silent.ready
      silent.close()
      if (early) expect(await failureOf(opening)).toBeInstanceOf(Error)
      await until('no socket is left', async () => (await connectionsAtServer()) === others)
      proxy.release()
      await silent.open(2_000)
      expect(await silent.send(['PING'])).toBe('PONG')
    })
  })

  test('open() of a server that does not listen rejects, once', async () => {
    const attempt = unopened()
    let losses = 0
    attempt.onLoss(() => losses++)
    await proxy.stop()
    expect(isReplyError(await failureOf(attempt.open(500)))).toBe(false)
    expect([attempt.ready, losses]).toEqual([false, 0])
    proxy = await TcpProxy.to(nodePort)
  })

  test('open() of a server that accepts and is mute ends in time', async () => {
    proxy.holdReplies()
    const attempt = unopened()
    const start = performance.now()
    // Without credentials and database a client asks for nothing before it is ready.
    await attempt.open(100).catch((error: unknown) => expect(isReplyError(error)).toBe(false))
    expect(performance.now() - start).toBeLessThan(2_000)
    proxy.release()
    await attempt.open(2_000)
    expect(await attempt.send(['PING'])).toBe('PONG')
  })

  test('keepAlive says whether it keeps the process alive', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
    const busy = sockets()
    connection.keepAlive(false)
    expect(sockets()).toBe(busy - 1)
    connection.keepAlive(true)
    expect(sockets()).toBe(busy)
    connection.keepAlive(false)
    connection.close()
    await connection.open(2_000)
    expect(await connection.send(['PING'])).toBe('PONG')
    await until('the old one is gone', () => sockets() === busy - 1)
  })

  describe('Messages', () => {
    test('of a channel are told as text, in order', async () => {
      const messages: Message[] = []
      await connection.subscribe(`${KEY}channel`, message => messages.push(message))
      await connection.send(['PING'])
      for (const text of ['a', '', 'ß 👍']) expect(await admin('PUBLISH', `${KEY}channel`, text)).toBe(1)
      await until('all are told', () => messages.length === 3)
      expect(messages).toEqual(['a', '', 'ß 👍'])
    })

    test('of CLIENT TRACKING for another connection are arrays of names, and null for FLUSHALL', async () => {
      const messages: Message[] = []
      const reader = await open()
      const id = String(await connection.send(['CLIENT', 'ID']))
      await connection.subscribe('__redis__:invalidate', message => messages.push(message))
      await reader.send(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'NOLOOP'])
      const name = `${KEY}ß`
      await reader.send(['MGET', key, name])
      await admin('SET', key, '1')
      await admin('SET', name, '1')
      await until('both are told', () => messages.length === 2)
      expect(messages).toEqual([[key], [name]])
      await admin('FLUSHALL')
      await until('that is told', () => messages.length === 3)
      expect(messages[2]).toBeNull()
    })
  })

  test('user and password hold for every connection', async () => {
    for (const server of admins.values()) {
      await server.sendCommand(['ACL', 'SETUSER', 'ada', 'on', '>s3cret', '~*', '&*', '+@all'])
    }
    const from = await adapted({ user: { name: 'ada', password: 's3cret' } })
    for (const each of [await open(from), await open(from)]) expect(await each.send(['ACL', 'WHOAMI'])).toBe('ada')
    if (from.provider.kind === 'server') expect(from.provider.address).not.toContain('s3cret')
  })

  if (kind !== 'cluster') {
    test('open() rejects with what Redis says when it refuses the password', async () => {
      const from = await adapted({ user: { name: 'nobody', password: 'wrong' }, connected: false })
      const error = await failureOf(unopened(from).open(2_000))
      expect((error as Error).message).toMatch(/^WRONGPASS /)
      expect(isReplyError(error)).toBe(true)
    })

    test('the database of the URL holds for every connection', async () => {
      const from = await adapted({ path: '/3' })
      for (const each of [await open(from), await open(from)]) {
        expect(await each.send(['CLIENT', 'INFO'])).toMatch(/ db=3 /)
      }
    })
  }

  if (kind === 'client') {
    test.each([true, false])(
      'the database of its options holds for every connection (connected: %s)',
      async connected => {
        const from = await adapted({ options: { database: 3 }, connected })
        for (const each of [await open(from), await open(from)]) {
          expect(await each.send(['CLIENT', 'INFO'])).toMatch(/ db=3 /)
        }
      }
    )

    test('the database that its owner has selected holds for every connection made from then on', async () => {
      await adapter.owner!.send('SELECT', '3')
      for (const each of [await open(), await open()]) expect(await each.send(['CLIENT', 'INFO'])).toMatch(/ db=3 /)
    })

    test('a client that is not connected is not opened', async () => {
      const from = await adapted({ connected: false })
      const made = await open(from)
      expect(await made.send(['PING'])).toBe('PONG')
      expect([from.owner!.isOpen, from.provider.closedByOwner]).toEqual([false, false])
    })

    test('its connections are dropped when the owner closes the client', async () => {
      const lost: string[] = []
      const second = await open()
      connection.onLoss(() => lost.push('first'))
      second.onLoss(() => lost.push('second'))
      proxy.holdReplies()
      const call = started(connection.send(['GET', key]))
      await until('it is sent', () => proxy.sent('GET') > 0)
      await adapter.owner!.destroy()
      expect(isReplyError(await failureOf(call))).toBe(false)
      expect([connection.ready, second.ready, adapter.provider.closedByOwner]).toEqual([false, false, true])
      expect(lost).toEqual(['first', 'second'])
      await until('no socket is left', async () => (await connectionsAtServer()) === 1)
      proxy.release()

      await adapter.owner!.connect()
      expect(adapter.provider.closedByOwner).toBe(false)
      await connection.open(2_000)
      expect(await connection.send(['PING'])).toBe('PONG')
    })

    test('limits of its queue do not matter', async () => {
      const from = await adapted({ options: { commandsQueueMaxLength: 10, disableOfflineQueue: true } })
      const made = await open(from)
      const calls = Array.from({ length: 100 }, () => made.send(['INCR', counter]))
      expect((await Promise.all(calls)).at(-1)).toBe(100)
      expect(await made.transact(Array.from({ length: 20 }, () => ['INCR', counter]))).toHaveLength(20)
    })

    test('what its owner waits for does not hold up commands', async () => {
      const blocked = started(adapter.owner!.send('BLPOP', key, '0'))
      expect(await connection.send(['INCR', counter])).toBe(1)
      await connection.send(['RPUSH', key, 'x'])
      await blocked
    })
  }

  if (kind === 'cluster') {
    test('each master has connections of its own', async () => {
      const { provider } = adapter
      if (provider.kind !== 'cluster') throw new Error('it is no cluster')
      expect(provider.masters()).toHaveLength(3)
      const ports = await Promise.all(
        provider.masters().map(async address => {
          const made = provider.connection(address)
          opened.push(made)
          await made.open(2_000)
          return /\btcp_port:(\d+)/.exec(String(await made.send(['INFO', 'server'])))?.[1]
        })
      )
      expect(ports).toEqual(provider.masters().map(address => address.split(':').at(-1)))
      expect([...ports].sort()).toEqual(nodes.nodes.map(({ port }) => String(port)).sort())
    })

    test('tells that its owner has closed it, and that it is open again', async () => {
      expect(adapter.provider.closedByOwner).toBe(false)
      await adapter.owner!.destroy()
      expect(adapter.provider.closedByOwner).toBe(true)
      await adapter.owner!.connect()
      expect(adapter.provider.closedByOwner).toBe(false)
    })
  }

  if (kind !== 'own') {
    test('an owner who watches keys is not disturbed by a MULTI of ours', async () => {
      const { send } = adapter.owner!
      const executed = async (during: () => Promise<unknown>) => {
        await send('WATCH', key)
        await during()
        await send('MULTI')
        await send('INCR', counter)
        return String(await send('EXEC'))
      }
      expect(await executed(() => connection.transact([['INCR', other]]))).toBe('1')
      const changed = executed(async () => {
        await admin('SET', key, 'changed')
        await connection.transact([['INCR', other]])
      })
      expect(await changed).toBe('null')
    })
  }
})

describe.each(['own', '4', '5', '6'])('A process whose only connection is that of a client (%s)', which => {
  test('ends when that need not keep it alive, and not before', async () => {
    const [idle, busy] = ['idle', 'busy'].map(mode => spawnWorker('keeping-alive.ts', [which, single.url, mode]))
    expect(await Promise.all([idle!.next(), busy!.next()])).toEqual(['PONG', 'PONG'])
    expect(await idle!.done).toBe(0)
    expect(await Promise.race([busy!.done, sleep(200, 'alive')])).toBe('alive')
    busy!.kill()
  })
})
