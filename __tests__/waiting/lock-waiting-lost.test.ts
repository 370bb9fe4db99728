import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createClient, type RedisClientType } from 'redis'
import { createHot, LeaseLostError, type Hot, type HotLock, type Permit } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { shortenHandOvers } from '../support/hand-over.js'
import { auxKeyName } from '../support/keys.js'
import { spawnWorker, type Worker } from '../support/processes.js'
import { failureOf, until } from '../support/promises.js'
import { runScript } from '../support/scripts.js'
import { expectAllFree, lossOf, untilWaiting } from '../support/semaphores.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const soon = { timeout: 20_000 }

let server: Server
let admin: RedisClientType
let hot: Hot
let rival: Hot
let lock: HotLock
let key: string

beforeAll(async () => {
  server = await startServer()
  admin = createClient({ url: server.url })
  await admin.connect()
  hot = createHot({ url: server.url })
  rival = createHot({ url: server.url })
})
beforeEach(() => {
  key = freshKey()
  lock = hot.lock(key)
})
afterAll(async () => {
  await Promise.all([hot.close(), rival.close()])
  await admin.disconnect()
  await server.stop()
})

const raw = (_key: string, ...args: string[]) => admin.sendCommand(args)
const enqueued = (waiting: number) => untilWaiting(raw, key, waiting)

/** The waiters in the order in which they are served; each gives the permit back at once. */
function servedInOrder(waits: readonly (readonly [name: string, wait: Promise<Permit>])[]): Promise<string[]> {
  const served: string[] = []
  const all = waits.map(async ([name, wait]) => {
    const permit = await wait
    served.push(name)
    await permit.release()
  })
  return Promise.all(all).then(() => served)
}

describe('A process that waits', () => {
  let worker: Worker
  let setBack: () => void
  beforeAll(() => {
    setBack = shortenHandOvers()
  })
  afterAll(() => setBack())

  /** A process that are enqueued, with somebody behind it. */
  async function waitingWorker(): Promise<{ behind: Promise<Permit> }> {
    worker = spawnWorker('locking.ts', [server.url, key])
    expect(await worker.next()).toEqual({ what: 'ready' })
    worker.send('acquire')
    await enqueued(1)
    const behind = rival.lock(key).acquire(soon)
    await enqueued(2)
    return { behind }
  }

  test('and is killed blocks nobody', async () => {
    const permit = await lock.acquire()
    const { behind } = await waitingWorker()
    worker.kill()
    await worker.done
    await permit.release()
    await (await behind).release()
    await expectAllFree(lock)
  })

  test('and is killed at the moment of the release blocks nobody', async () => {
    for (let round = 0; round < 3; round++) {
      const permit = await lock.acquire()
      const { behind } = await waitingWorker()
      const released = permit.release()
      worker.kill()
      await released
      const next = await behind
      expect(next.token).toBeGreaterThan(permit.token)
      await next.release()
      await worker.done
    }
    await expectAllFree(lock)
  })

  test('and stands still blocks nobody, and holds nothing that another holds when it goes on', async () => {
    const permit = await lock.acquire()
    const { behind } = await waitingWorker()
    worker.kill('SIGSTOP')
    await permit.release()
    const next = await behind
    worker.kill('SIGCONT')
    const told = worker.next()
    expect(await Promise.race([told, new Promise(resolve => setTimeout(resolve, 500, 'nothing'))])).toBe('nothing')
    expect([next.signal.aborted, await lock.available()]).toEqual([false, 0])
    await next.release()
    const { what, token } = (await told) as { what: string; token: number }
    expect(what).toBe('acquired')
    expect(token).toBeGreaterThan(next.token)
    worker.send('release')
    expect(await worker.next()).toEqual({ what: 'released' })
    await expectAllFree(lock)
  })
})

describe('A script', () => {
  const waiting = async (name: string) => {
    const permit = await lock.acquire()
    const script = runScript('lock-ends.ts', name, server.url, key)
    await enqueued(1)
    // Nothing else keeps it alive.
    await new Promise(resolve => setTimeout(resolve, 300))
    await permit.release()
    return script
  }

  test.each([
    ['waits', /^token \d+\n$/],
    ['waitsInRun', /^ran\n$/]
  ])('lives on while it waits for a permit (%s)', async (name, output) => {
    expect(await waiting(name)).toEqual({ code: 0, output: expect.stringMatching(output), errorOutput: '' })
  })

  test('ends when its wait has ended without a permit', async () => {
    await using permit = await lock.acquire()
    expect(permit.signal.aborted).toBe(false)
    const ended = await runScript('lock-ends.ts', 'gaveUp', server.url, key)
    expect(ended).toEqual({ code: 0, output: 'LockTimeoutError\n', errorOutput: '' })
  })

  test.each([
    ['holds', /^token \d+\n$/],
    ['renews', /^0\n$/],
    ['released', /^released\n$/]
  ])('ends when it only holds one, or held one (%s)', async (name, output) => {
    const ended = await runScript('lock-ends.ts', name, server.url, key)
    expect(ended).toEqual({ code: 0, output: expect.stringMatching(output), errorOutput: '' })
  })
})

describe('A wait whose connection is cut', () => {
  let proxy: TcpProxy
  let through: Hot
  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port)
    through = createHot({ url: proxy.url })
  })
  afterEach(async () => {
    await through.close()
    await proxy.stop()
  })

  /** Waits until it has asked again, and has had its answer. */
  async function askedAgain(cut: () => unknown): Promise<void> {
    let answered = false
    proxy.requests = ''
    proxy.onReply = () => {
      answered ||= proxy.sent(key) > 0
      return 'pass'
    }
    await cut()
    await until('it asks again', () => answered)
  }

  const cuts: Readonly<Record<string, () => unknown>> = {
    'all connections cut': () => proxy.cut(),
    'CLIENT KILL TYPE pubsub': () => admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']),
    'CLIENT KILL of everything': async () => {
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    }
  }

  test.each(Object.keys(cuts))('goes on, at the same position (%s)', async how => {
    const permit = await rival.lock(key).acquire()
    const waits: [string, Promise<Permit>][] = []
    for (const [name, one] of [
      ['first', rival],
      ['cut', through],
      ['third', rival]
    ] as const) {
      waits.push([name, one.lock(key).acquire(soon)])
      await enqueued(waits.length)
    }
    const order = servedInOrder(waits)
    await askedAgain(cuts[how]!)
    await enqueued(3)
    // Also the others, who were cut too where everything was. A ticket begins with its process's channel.
    await until('all of them listen', async () => {
      const tickets = await admin.zRange(auxKeyName(key, 'waiters'), 0, -1)
      const listening = await admin.pubSubNumSub(tickets.map(ticket => ticket.slice(0, ticket.lastIndexOf('/'))))
      return Object.values(listening).every(processes => processes > 0)
    })
    await permit.release()
    expect(await order).toEqual(['first', 'cut', 'third'])
    await expectAllFree(rival.lock(key))
  })

  test('and the permit is given back meanwhile, is served too, and blocks nobody', async () => {
    for (let round = 0; round < 20; round++) {
      const permit = await rival.lock(key).acquire()
      const cut = through.lock(key).acquire(soon)
      await enqueued(1)
      const behind = rival.lock(key).acquire(soon)
      await enqueued(2)
      const order = servedInOrder([
        ['cut', cut],
        ['behind', behind]
      ])
      const released = round % 2 ? permit.release() : undefined
      proxy.cut()
      await (released ?? permit.release())
      expect([...(await order)].sort()).toEqual(['behind', 'cut'])
    }
    await expectAllFree(rival.lock(key))
  })

  test('for good is passed over at once, also by the dozen', async () => {
    const permit = await rival.lock(key).acquire()
    const lost = Promise.allSettled(Array.from({ length: 40 }, () => through.lock(key).acquire()))
    await enqueued(40)
    const behind = rival.lock(key).acquire(soon)
    await enqueued(41)
    await proxy.stop()
    await permit.release()
    // Were each of them waited for, until what was handed to it is taken back, this would take minutes.
    await (await behind).release()
    expect((await lost).filter(({ status }) => status === 'fulfilled')).toEqual([])
    await expectAllFree(rival.lock(key))
  })

  test('for longer than its timeout ends with a LockTimeoutError or a ConnectionError, and takes nothing', async () => {
    const permit = await rival.lock(key).acquire()
    await using impatient = createHot({ url: proxy.url, connectTimeout: 500 })
    const wait = impatient.lock(key).acquire({ timeout: 300 })
    await enqueued(1)
    const ended = failureOf(wait)
    await proxy.stop()
    const error = await ended
    expect(error).toMatchObject({ name: expect.stringMatching(/^(LockTimeout|Connection)Error$/) })
    await permit.release()
    await expectAllFree(rival.lock(key))
  })

  test('at the moment of its request is served once', async () => {
    await through.lock(key).available()
    for (const place of ['request', 'reply'] as const) {
      let cut = 0
      proxy.onRequest = chunk => {
        if (!chunk.includes(key) || cut > 0) return 'pass'
        cut++
        if (place === 'request') return 'cut'
        proxy.onReply = () => {
          proxy.onReply = () => 'pass'
          return 'cut'
        }
        return 'pass'
      }
      const permit = await through.lock(key).acquire(soon)
      expect([cut, permit.signal.aborted, await rival.lock(key).available()]).toEqual([1, false, 0])
      await permit.release()
      await expectAllFree(rival.lock(key))
    }
  })
})

describe('FLUSHALL', () => {
  test('frees what is held: its holder is told, and who waits is served', async () => {
    const permit = await lock.acquire({ lease: 600 })
    const waits = [rival.lock(key).acquire(soon), rival.lock(key).acquire(soon), hot.lock(key).acquire(soon)]
    await enqueued(3)
    await admin.sendCommand(['FLUSHALL'])
    const aborted = permit.signal.aborted ? undefined : once(permit.signal, 'abort')
    const next = await Promise.race(waits)
    await aborted
    expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
    expect(next.token).toBeGreaterThan(permit.token)
    expect([next.signal.aborted, await lock.available()]).toEqual([false, 0])
    for (const permits of await Promise.all(waits.map(wait => wait.then(held => held.release())))) {
      expect(permits).toBeUndefined()
    }
    await expectAllFree(lock)
  })
})
