import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { LeaseLostError, LockTimeoutError, QueueEmptyError, type Hot, type Permit } from '../../src/index.js'
import {
  closeAll,
  ignoreFault,
  inTime,
  isUnknown,
  readAfterFaults,
  type FaultyEnvironment,
  type FaultyProgram
} from './faulty-program.js'
import { started, until } from './promises.js'

const LEASE = 1_000

/** A lock that several want at a time: it has one holder at a time, and its tokens increase. */
export class FaultyLock implements FaultyProgram {
  readonly #hots: Hot[]
  readonly #key: string
  readonly #held = new Set<Permit>()
  #lastToken = 0
  #acquired = 0

  constructor(private readonly environment: FaultyEnvironment) {
    this.#hots = [1, 2, 3].map(() => environment.createHot())
    this.#key = environment.newKey('lock')
  }

  async run(): Promise<void> {
    await Promise.all(this.#hots.flatMap(hot => [this.#takeTurns(hot), this.#takeTurns(hot)]))
  }

  async check(): Promise<void> {
    const last = this.#lockOf(this.#hots[0]!)
    await this.#enter(await readAfterFaults('the last acquire()', () => last.acquire()))
    assert.ok(this.#acquired > 1, 'nobody had the lock')
    await closeAll(this.#hots)
  }

  #lockOf(hot: Hot) {
    return hot.lock(this.#key, { lease: LEASE })
  }

  async #takeTurns(hot: Hot): Promise<void> {
    const lock = this.#lockOf(hot)
    for (let round = 0; round < 6; round++) {
      const acquiring = this.environment.random.chance(0.3)
        ? lock.tryAcquire()
        : lock.acquire({ timeout: 3 * LEASE }).catch(ignoreTimeout)
      const permit = await inTime('acquire()', acquiring.catch(ignoreFault))
      if (permit) await this.#enter(permit)
    }
  }

  async #enter(permit: Permit): Promise<void> {
    this.#acquired++
    for (const other of this.#held) assert.ok(other.signal.aborted, 'two hold the lock')
    assert.ok(permit.token > this.#lastToken, `token ${permit.token} after ${this.#lastToken}`)
    this.#lastToken = permit.token
    this.#held.add(permit)
    await sleep(this.environment.random.upTo(4))
    await this.environment.pause()
    this.#held.delete(permit)
    // A release that had to wait for a connection may come after the end of the lease.
    await inTime('release()', permit.release().catch(ignoreLostLease))
  }
}

/** A queue: an item is given once, and none whose put() was answered is lost. */
export class FaultyQueue implements FaultyProgram {
  readonly #hots: Hot[]
  readonly #key: string
  readonly #stored = new Set<string>()
  readonly #uncertain = new Set<string>()
  readonly #got: string[] = []
  #lost = 0

  constructor(private readonly environment: FaultyEnvironment) {
    this.#hots = [1, 2].map(() => environment.createHot())
    this.#key = environment.newKey('queue')
  }

  async run(): Promise<void> {
    await Promise.all(
      this.#hots.flatMap((hot, at) => [this.#put(hot, `producer ${at}`), this.#take(hot), this.#take(hot)])
    )
  }

  async check(): Promise<void> {
    // What failed calls were given comes back as soon as their process can say so, or else when its lease ends.
    await until('no more items are missing than calls of get() have an unknown outcome', async () => {
      return (await this.#missing()).length <= this.#lost
    })
    await closeAll(this.#hots)
  }

  async #put(hot: Hot, name: string): Promise<void> {
    const queue = hot.queue<string>(this.#key)
    for (let count = 0; count < 15; count++) {
      const item = `${name}:${count}`
      const onFault = (error: unknown) => {
        ignoreFault(error)
        if (isUnknown(error)) this.#uncertain.add(item)
      }
      await inTime(
        'put()',
        queue.put(item).then(() => this.#stored.add(item), onFault)
      )
      await this.environment.pause()
    }
  }

  async #take(hot: Hot): Promise<void> {
    const queue = hot.queue<string>(this.#key)
    const onFault = (error: unknown) => {
      if (error instanceof QueueEmptyError) return
      ignoreFault(error)
      if (isUnknown(error)) this.#lost++
    }
    for (let count = 0; count < 12; count++) {
      await inTime(
        'get()',
        queue.get({ timeout: 300 }).then(item => this.#got.push(item), onFault)
      )
      await this.environment.pause()
    }
  }

  /** The items that were put for sure, and are neither taken nor in the queue. */
  async #missing(): Promise<string[]> {
    const rest = this.#hots[0]!.queue<string>(this.#key)
    const seen = [...this.#got, ...(await readAfterFaults('toJS()', () => rest.toJS()))]
    assert.equal(new Set(seen).size, seen.length, 'an item came twice')
    for (const item of seen) assert.ok(this.#stored.has(item) || this.#uncertain.has(item), `nobody put ${item}`)
    return [...this.#stored].filter(item => !seen.includes(item))
  }
}

/** Loops over consume(): they are given every item whose put() was answered. */
export class FaultyConsumers implements FaultyProgram {
  readonly #hots: Hot[]
  readonly #key: string
  readonly #stored = new Set<string>()
  readonly #done = new Set<string>()
  readonly #stop = new AbortController()
  readonly #consuming: Promise<unknown>

  constructor(private readonly environment: FaultyEnvironment) {
    this.#hots = [1, 2].map(() => environment.createHot())
    this.#key = environment.newKey('consumed')
    this.#consuming = started(Promise.all(this.#hots.map(async hot => this.#consume(hot))))
  }

  async run(): Promise<void> {
    await Promise.all(this.#hots.map(async (hot, at) => this.#put(hot, `producer ${at}`)))
  }

  async check(): Promise<void> {
    await inTime('consume()', Promise.race([this.#everything(), this.#consuming]))
    this.#stop.abort()
    await inTime('the consumers', this.#consuming)
    await closeAll(this.#hots)
  }

  async #put(hot: Hot, name: string): Promise<void> {
    const queue = hot.queue<string>(this.#key)
    for (let count = 0; count < 12; count++) {
      const item = `${name}:${count}`
      await inTime(
        'put()',
        queue.put(item).then(() => this.#stored.add(item), ignoreFault)
      )
      await this.environment.pause()
    }
  }

  async #consume(hot: Hot): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        for await (const item of hot.queue<string>(this.#key).consume({ lease: LEASE, signal })) {
          await sleep(this.environment.random.upTo(3))
          this.#done.add(item)
        }
      } catch (error) {
        if (!signal.aborted) ignoreLostLease(error)
      }
    }
  }

  async #everything(): Promise<void> {
    while ([...this.#stored].some(item => !this.#done.has(item))) await sleep(5)
  }
}

function ignoreLostLease(error: unknown): void {
  if (!(error instanceof LeaseLostError)) ignoreFault(error)
}

function ignoreTimeout(error: unknown): undefined {
  if (!(error instanceof LockTimeoutError)) throw error
}
