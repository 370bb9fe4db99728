import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type RedisClientType } from 'redis'
import { createHot, LeaseLostError, type Hot, type HotLock } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { shortenHandOvers } from '../support/hand-over.js'
import { failureOf } from '../support/promises.js'
import { expectAllFree, expectFailure, lossOf, untilWaiting } from '../support/semaphores.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const soon = { timeout: 20_000 }

describe('A lease, when the connection', () => {
  let server: Server
  let proxy: TcpProxy
  let hot: Hot
  let rival: Hot
  let admin: RedisClientType
  let lock: HotLock
  const enqueued = (waiting: number) => untilWaiting((_, ...args) => admin.sendCommand(args), lock.key, waiting)
  beforeEach(async () => {
    server = await startServer({ durable: true })
    proxy = await TcpProxy.to(server.port)
    hot = createHot({ url: proxy.url })
    rival = createHot({ url: server.url })
    admin = createClient({ url: server.url })
    admin.on('error', () => undefined)
    await admin.connect()
    lock = hot.lock(freshKey())
  })
  afterEach(async () => {
    server.resume()
    proxy.release()
    await Promise.all([hot.close(), rival.close()])
    await admin.disconnect()
    await proxy.stop()
    await server.stop()
  })

  test('is cut again and again, is renewed all the same', async () => {
    const permit = await lock.acquire({ lease: 1_200 })
    for (let round = 0; round < 8; round++) {
      proxy.cut()
      await sleep(250)
    }
    expect([permit.signal.aborted, await rival.lock(lock.key).tryAcquire()]).toEqual([false, undefined])
    await permit.release()
    await expectAllFree(rival.lock(lock.key))
  })

  test('is cut just when what was handed over is confirmed, is renewed all the same', async () => {
    const held = await rival.lock(lock.key).acquire()
    const setBack = shortenHandOvers()
    const wait = lock.acquire(soon)
    setBack()
    await enqueued(1)
    let cuts = 0
    proxy.onRequest = text => {
      if (cuts > 0 || !text.includes('ZADD')) return 'pass'
      cuts++
      return 'cut'
    }
    await held.release()
    const permit = await wait
    // Past the half second that it was handed over for.
    await sleep(800)
    expect([cuts, permit.signal.aborted, await rival.lock(lock.key).tryAcquire()]).toEqual([1, false, undefined])
    await permit.release()
    await expectAllFree(rival.lock(lock.key))
  })

  test('ends because the server is started again, goes on, with its line behind it', async () => {
    const permit = await lock.acquire({ lease: 6_000 })
    const wait = rival.lock(lock.key).acquire(soon)
    await enqueued(1)
    await server.restart()
    await sleep(2_500)
    expect([permit.signal.aborted, await hot.lock(lock.key).tryAcquire()]).toEqual([false, undefined])
    await permit.release()
    const next = await wait
    expect(next.token).toBeGreaterThan(permit.token)
    await next.release()
    await expectAllFree(lock)
  })

  const gone: Readonly<Record<string, () => unknown>> = {
    'is refused': () => proxy.stop(),
    'gives no answers': () => proxy.holdReplies(),
    'hangs with the server': () => server.pause()
  }

  test.each(Object.keys(gone))('%s, is told to be lost by the time it ends', async how => {
    const permit = await lock.acquire({ lease: 900 })
    const other = rival.lock(lock.key).acquire(soon)
    await gone[how]!()
    expect(await lossOf(permit)).toBeInstanceOf(LeaseLostError)
    server.resume()
    const next = await other
    expect(next.token).toBeGreaterThan(permit.token)
    await expectFailure(permit.release(), 'LEASE_LOST', lock.key)
    expect(await rival.lock(lock.key).available()).toBe(0)
    await next.release()
  })

  test.each(['is refused', 'gives no answers'])('%s, is never held by two', async how => {
    const permit = await lock.acquire({ lease: 600 })
    const other = rival
      .lock(lock.key)
      .acquire(soon)
      .then(next => [next, permit.signal.aborted] as const)
    await sleep(300)
    await gone[how]!()
    const [next, aborted] = await other
    expect(aborted).toBe(true)
    await next.release()
  })

  test('is gone, ends at its own time, whatever others hold', async () => {
    const slots = rival.boundedSemaphore(lock.key, { value: 2 })
    const held = await slots.acquire({ lease: 60_000 })
    await hot.boundedSemaphore(lock.key, { value: 2 }).acquire({ lease: 600 })
    const wait = slots.acquire({ ...soon, lease: 60_000 })
    await enqueued(1)
    await sleep(900)
    expect(await slots.available()).toBe(0)
    await proxy.stop()
    await (await wait).release()
    await held.release()
    await expectAllFree(slots, 2)
  })

  test.each(['request', 'reply'])('is cut at the %s of the release, is free, and who is next keeps it', async place => {
    for (const waiting of [false, true]) {
      const permit = await lock.acquire()
      const wait = waiting ? rival.lock(lock.key).acquire({ ...soon, lease: 600 }) : undefined
      if (waiting) await enqueued(1)
      let cut = 0
      proxy.onRequest = chunk => {
        if (!chunk.includes(lock.key) || cut++ > 0) return 'pass'
        if (place === 'request') return 'cut'
        proxy.onReply = () => {
          proxy.onReply = () => 'pass'
          return 'cut'
        }
        return 'pass'
      }
      const failed = await permit.release().catch((error: unknown) => error)
      expect(cut).toBeGreaterThan(0)
      // Honest is also that it does not know.
      if (failed !== undefined) expect(failed).toMatchObject({ code: 'CONNECTION', outcome: 'unknown' })
      if (wait) {
        const next = await wait
        await sleep(400)
        expect([next.signal.aborted, await rival.lock(lock.key).available()]).toEqual([false, 0])
        await next.release()
      }
      await expectAllFree(rival.lock(lock.key))
    }
  })

  test('is cut for as long as the release is tried, says so, and is free when its lease has ended', async () => {
    const permit = await lock.acquire({ lease: 800 })
    await proxy.stop()
    const error = (await failureOf(permit.release())) as { code: string }
    expect(['CONNECTION', 'LEASE_LOST']).toContain(error.code)
    await (await rival.lock(lock.key).acquire(soon)).release()
    await expectAllFree(rival.lock(lock.key))
  })
})
