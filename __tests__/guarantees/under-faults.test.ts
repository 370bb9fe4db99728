import { describe, expect, test } from '@jest/globals'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConnectionError,
  LeaseLostError,
  LockTimeoutError,
  QueueEmptyError,
  type Hot,
  type Permit
} from '../../src/index.js'
import { backends } from '../support/backends.js'
import { faultyHot } from '../support/faulty-client.js'
import { Random } from '../support/random.js'
import { inLane } from '../support/runs.js'
import { chosenSeeds, forEachSeed, inTime } from '../support/under-faults.js'

const seeds = inLane(20, 500)
const LEASE = 1_000

/** Whether a call failed in a way that a connection that fails allows for. */
function isFault(error: unknown): boolean {
  return error instanceof ConnectionError || /\b(?:OOM|READONLY|LOADING|BUSY|EXECABORT)\b/.test(String(error))
}

function ignoreFault(error: unknown): undefined {
  if (!isFault(error)) throw error
}

describe.each(backends)('on $name, on connections that fail', ({ provider }) => {
  test(`a lock has one holder at a time, and its tokens increase (${seeds} seeds)`, async () => {
    await forEachSeed(chosenSeeds(seeds), async seed => {
      const random = new Random(seed)
      const made = [1, 2, 3].map(() => faultyHot(provider(), random))
      const key = `faults:lock:${seed}:${Math.random()}`
      const held = new Set<Permit>()
      let lastToken = 0
      let acquired = 0

      const enter = async (permit: Permit): Promise<void> => {
        acquired++
        for (const other of held) assert.ok(other.signal.aborted, 'two hold the lock')
        assert.ok(permit.token > lastToken, `token ${permit.token} after ${lastToken}`)
        lastToken = permit.token
        held.add(permit)
        await sleep(random.upTo(4))
        held.delete(permit)
        // A release that had to wait for a connection may come after the end of the lease.
        await permit.release().catch((error: unknown) => {
          if (!(error instanceof LeaseLostError)) ignoreFault(error)
        })
      }
      const take = async (hot: Hot): Promise<void> => {
        const lock = hot.lock(key, { lease: LEASE })
        for (let round = 0; round < 6; round++) {
          try {
            const permit = random.chance(0.3) ? await lock.tryAcquire() : await lock.acquire({ timeout: 3 * LEASE })
            if (permit) await enter(permit)
          } catch (error) {
            if (!(error instanceof LockTimeoutError)) ignoreFault(error)
          }
        }
      }
      await inTime('the locks', Promise.all(made.flatMap(({ hot }) => [take(hot), take(hot)])))
      for (const { faults } of made) faults.end()
      const last = made[0]!.hot.lock(key, { lease: LEASE })
      await inTime(
        'the last lock',
        last
          .acquire()
          .catch(() => last.acquire())
          .then(enter)
      )
      expect(acquired).toBeGreaterThan(1)
      for (const { hot, faults } of made) {
        await inTime('close()', hot.close())
        assert.equal(faults.open, 0, 'connections were left open')
      }
    })
  })

  test(`get() gives an item once, and no put that was answered is lost (${seeds} seeds)`, async () => {
    await forEachSeed(chosenSeeds(seeds), async seed => {
      const random = new Random(seed)
      const made = [1, 2].map(() => faultyHot(provider(), random))
      const key = `faults:queue:${seed}:${Math.random()}`
      const stored = new Set<string>()
      const uncertain = new Set<string>()
      const got: string[] = []
      let lost = 0

      const put = async (hot: Hot, name: string): Promise<void> => {
        const queue = hot.queue<string>(key)
        for (let count = 0; count < 15; count++) {
          const item = `${name}:${count}`
          await queue.put(item).then(
            () => stored.add(item),
            (error: unknown) => {
              ignoreFault(error)
              if (error instanceof ConnectionError && error.outcome === 'unknown') uncertain.add(item)
            }
          )
        }
      }
      const take = async (hot: Hot): Promise<void> => {
        const queue = hot.queue<string>(key)
        for (let count = 0; count < 12; count++) {
          await queue.get({ timeout: 300 }).then(
            item => got.push(item),
            (error: unknown) => {
              if (error instanceof QueueEmptyError) return
              ignoreFault(error)
              if (error instanceof ConnectionError && error.outcome === 'unknown') lost++
            }
          )
        }
      }
      await inTime(
        'the queue',
        Promise.all(made.flatMap(({ hot }, at) => [put(hot, `producer ${at}`), take(hot), take(hot)]))
      )
      for (const { faults } of made) faults.end()
      const rest = made[0]!.hot.queue<string>(key)
      // What failed calls were given comes back as soon as their process can say so.
      const check = async (): Promise<string[]> => {
        const seen = [...got, ...(await rest.toJS().catch(() => rest.toJS()))]
        assert.equal(new Set(seen).size, seen.length, 'an item came twice')
        for (const item of seen) assert.ok(stored.has(item) || uncertain.has(item), `nobody put ${item}`)
        return [...stored].filter(item => !seen.includes(item))
      }
      let missing = await inTime('toJS()', check())
      for (let more = 0; more < 150 && missing.length > lost; more++) {
        await sleep(100)
        missing = await check()
      }
      assert.ok(missing.length <= lost, `${missing.join()} lost, ${lost} calls of get() have an unknown outcome`)
      for (const { hot, faults } of made) {
        await inTime('close()', hot.close())
        assert.equal(faults.open, 0, 'connections were left open')
      }
    })
  })

  test(`consume() gives every item whose put was answered (${seeds} seeds)`, async () => {
    await forEachSeed(chosenSeeds(seeds), async seed => {
      const random = new Random(seed)
      const made = [1, 2].map(() => faultyHot(provider(), random))
      const key = `faults:consumed:${seed}:${Math.random()}`
      const stored = new Set<string>()
      const done = new Set<string>()
      const stop = new AbortController()

      const put = async (hot: Hot, name: string): Promise<void> => {
        for (let count = 0; count < 12; count++) {
          const item = `${name}:${count}`
          await hot
            .queue<string>(key)
            .put(item)
            .then(() => stored.add(item), ignoreFault)
        }
      }
      const consume = async (hot: Hot): Promise<void> => {
        while (!stop.signal.aborted) {
          try {
            for await (const item of hot.queue<string>(key).consume({ lease: LEASE, signal: stop.signal })) {
              await sleep(random.upTo(3))
              done.add(item)
            }
          } catch (error) {
            if (!stop.signal.aborted && !(error instanceof LeaseLostError)) ignoreFault(error)
          }
        }
      }
      const consuming = Promise.all(made.map(async ({ hot }) => consume(hot)))
      await inTime('put()', Promise.all(made.map(async ({ hot }, at) => put(hot, `producer ${at}`))))
      for (const { faults } of made) faults.end()
      const everything = async (): Promise<void> => {
        while ([...stored].some(item => !done.has(item))) await sleep(5)
      }
      await inTime('consume()', Promise.race([everything(), consuming]))
      stop.abort()
      await inTime('the consumers', consuming)
      for (const { hot, faults } of made) {
        await inTime('close()', hot.close())
        assert.equal(faults.open, 0, 'connections were left open')
      }
    })
  })
})
