// What a lock costs: beside the commands one would write by hand (node-redis 4), and beside redis-semaphore, which asks again
// and again while it waits.

import { createHot } from 'hot-redis'
import { Redis } from 'ioredis'
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { Mutex, Semaphore } from 'redis-semaphore'
import Redlock from 'redlock'
import { locksOf, type Locks } from './support/locks.js'
import { measure, oneByOne, print, withServer, type Measurement, type Pair } from './support/pairs.js'
import { inTurns, median, microseconds, printTable, quantile } from './support/figures.js'
import { record } from './support/results.js'
import { BenchmarkWorker, withWorkers } from './support/workers.js'

await withServer(async ({ url, port }) => {
  await uncontended(url, 'on the same machine', { times: 50 })
  await withWorkers([() => BenchmarkWorker.start('network.ts', String(port))], async network => {
    await uncontended(await network.ask('url'), 'over a network of 1 ms each way', { times: 4, rounds: 30 })
  })
  await handOver(url)
})

/**
 * Nobody else wants it: acquire and release, two round trips on all sides. By hand: SET NX PX with a random token, and the
 * usual script that deletes the key only if it still holds that token. It knows no waiting, no renewal and no fencing token;
 * the Mutex renews; hot.lock does all three.
 */
async function uncontended(url: string, where: string, often: Pick<Pair, 'times' | 'rounds'>): Promise<void> {
  const hot = createHot({ url })
  const lock = hot.lock('hot:lock')
  const semaphore = hot.boundedSemaphore('hot:semaphore', { value: 5 })
  const acquireAndRelease = oneByOne(async () => {
    const permit = await lock.acquire()
    await permit.release()
  })

  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  const script = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
  const sha1 = createHash('sha1').update(script).digest('hex')
  await client.scriptLoad(script)
  const byHand = (release: (token: string) => Promise<unknown>) =>
    oneByOne(async () => {
      const token = randomUUID()
      const set = await client.set('raw:lock', token, { NX: true, PX: 30_000 })
      if (set !== 'OK' || (await release(token)) !== 1) throw new Error('the lock was held by somebody else')
    })

  const ioredis = new Redis(url)
  const mutex = new Mutex(ioredis, 'lock')
  const redlock = new Redlock([ioredis])
  const other = new Semaphore(ioredis, 'semaphore', 5)

  const raw: readonly Pair[] = [
    {
      name: 'acquire, release  /  SET NX PX, EVALSHA',
      hot: acquireAndRelease,
      raw: byHand(token => client.sendCommand(['EVALSHA', sha1, '1', 'raw:lock', token])),
      ...often
    },
    {
      name: 'acquire, release  /  SET NX PX, client.eval',
      hot: acquireAndRelease,
      raw: byHand(token => client.eval(script, { keys: ['raw:lock'], arguments: [token] })),
      ...often
    },
    {
      name: 'lock.run(fn)  /  SET NX PX, EVALSHA',
      hot: oneByOne(() => lock.run(() => undefined)),
      raw: byHand(token => client.sendCommand(['EVALSHA', sha1, '1', 'raw:lock', token])),
      ...often
    }
  ]
  const libraries: readonly Pair[] = [
    {
      name: 'lock  /  Mutex',
      hot: acquireAndRelease,
      raw: oneByOne(async () => {
        await mutex.acquire()
        await mutex.release()
      }),
      ...often
    },
    {
      name: 'lock  /  redlock',
      hot: acquireAndRelease,
      raw: oneByOne(async () => {
        const held = await redlock.acquire(['redlock'], 30_000)
        await held.unlock()
      }),
      ...often
    },
    {
      name: 'boundedSemaphore of 5  /  Semaphore of 5',
      hot: oneByOne(async () => {
        const permit = await semaphore.acquire()
        await permit.release()
      }),
      raw: oneByOne(async () => {
        await other.acquire()
        await other.release()
      }),
      ...often
    }
  ]
  print(`A lock nobody else wants, Redis ${where}`, await all(raw))
  print(`The same, beside redis-semaphore and redlock (ioredis), Redis ${where}`, await all(libraries), 'the other')

  await hot.close()
  await client.disconnect()
  ioredis.disconnect()
}

async function all(pairs: readonly Pair[]): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  for (const pair of pairs) measurements.push(await measure(pair))
  return measurements
}

/**
 * From the release in one process to the moment the waiting acquire of another has it, and back by a second lock, so that one
 * clock times two hand-overs: here 'ping' is released, the other process gets it and releases 'pong', which is waited for
 * here. Each round has locks of its own: with one that is used again, a holder that asks again and again might take it back
 * itself.
 *
 * Once the lock is held for a while of random length, as locks are; whoever asks every 10 ms must not be in step with that.
 * PING is timed after the same while: processes and processors that have been idle take longer to wake. And once it is
 * released as soon as the other side waits, everything being awake; whoever asks every 10 ms would always have asked just
 * before, so there is no such figure of the Mutex.
 */
async function handOver(url: string): Promise<void> {
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  const ours = locksOf('hot-redis', url)
  const theirs = locksOf('redis-semaphore', url)

  const starts = (['hot-redis', 'redis-semaphore'] as const).map(
    library => () => BenchmarkWorker.start('lock-echo.ts', library, url)
  )
  await withWorkers(starts, async (us, them) => {
    const ping = async (meanwhile: () => Promise<unknown>): Promise<number> => {
      await client.ping()
      await meanwhile()
      return timed(() => client.ping())
    }
    const [idle, held, asked] = await inTurns(200, [
      () => ping(pause),
      () => thereAndBack(ours, us, pause),
      () => thereAndBack(theirs, them, pause)
    ])
    const [busy, atOnce] = await inTurns(3_000, [
      () => ping(() => Promise.resolve()),
      () => thereAndBack(ours, us, () => Promise.resolve())
    ])
    printTable(
      'Hand-over of a lock to a waiting process',
      ['', 'median', '90 %', 'round trips', 'this / hot-redis'],
      [
        row('held for 10 to 20 ms: PING (node-redis), the round trip', idle!, idle!),
        row('held for 10 to 20 ms: hot.lock', held!, idle!),
        row('held for 10 to 20 ms: redis-semaphore Mutex', asked!, idle!, held),
        row('released at once: PING (node-redis), the round trip', busy!, busy!),
        row('released at once: hot.lock', atOnce!, busy!)
      ]
    )
    record({
      title: 'Hand-over of a lock to a waiting process, held for 10 to 20 ms',
      unit: 'µs',
      figures: [
        { row: 'round trip (PING)', side: 'node-redis 4', value: median(idle!) * 1000 },
        { row: 'hand-over', side: 'hot-redis', value: median(held!) * 1000 },
        { row: 'hand-over', side: 'redis-semaphore', value: median(asked!) * 1000 }
      ]
    })
  })
  await Promise.all([ours.close(), theirs.close(), client.disconnect()])
}

function row(name: string, figures: readonly number[], pings: readonly number[], ours?: readonly number[]): string[] {
  return [
    name,
    ...[0.5, 0.9].map(at => microseconds(quantile(figures, at) * 1000)),
    (median(figures) / median(pings)).toFixed(1),
    ours ? (median(figures) / median(ours)).toFixed(1) : ''
  ]
}

/** Half of the time that there and back takes. */
async function thereAndBack(
  locks: Locks,
  worker: BenchmarkWorker,
  beforeRelease: () => Promise<unknown>
): Promise<number> {
  const key = randomUUID()
  const [ping, pong] = [`${key}:ping`, `${key}:pong`]
  const releasePing = await locks.acquire(ping)
  await worker.ask('wait', ping, pong)
  const back = locks.acquire(pong)
  await locks.settled()
  await beforeRelease()
  const time = await timed(() => {
    void releasePing()
    return back
  })
  const releasePong = await back
  await releasePong()
  await worker.ask('end')
  return time / 2
}

function pause(): Promise<void> {
  return sleep(10 + Math.random() * 10)
}

/** Milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
