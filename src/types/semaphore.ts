import { callable, integer, leaseOf, options, waitLimits, type WaitOptions } from '../arguments.js'
import { script, words, type Reply, type Request } from '../command.js'
import { LockTimeoutError, NotHeldError } from '../errors.js'
import { companion, neverThere } from '../keys.js'
import {
  semaphoreAcquire,
  semaphoreAdd,
  semaphoreAvailable,
  semaphoreClear,
  semaphoreRelease
} from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { Handle, fromPlain, fromReply, readAll, readKeys, writeAll } from './handle.js'
import type { Issuer, TypeShape } from './issuer.js'
import { Holding, Permit, runHolding, type Grantor } from './permit.js'

/** How long something is held without being renewed. */
export interface LeaseOptions {
  /**
   * Milliseconds after which the permit of a holder that died goes to the next; 30,000 unless given, at least 100. It is
   * renewed every third of it while the holder lives.
   */
  readonly lease?: number
}

/** How to acquire a permit. */
export interface AcquireOptions extends WaitOptions, LeaseOptions {}

/** The options of a call that acquires: without a wait there is nothing to limit. */
export function acquireOptions(operation: string, method: string, how: AcquireOptions): AcquireOptions {
  return options(operation, how, method === 'tryAcquire' ? ['lease'] : ['timeout', 'signal', 'lease'])
}

/** Steps that the kinds of semaphores share; behind symbols, for they are no members. */
export const hold = Symbol('hold')
export const permitFor = Symbol('permitFor')
export const heldByHandle = Symbol('heldByHandle')
export const tooLate = Symbol('tooLate')
const releaseUnheld = Symbol('releaseUnheld')
const addPermit = Symbol('addPermit')

/**
 * What all semaphores and locks do: so many permits, each held by one at a time, in any process. Who finds none waits in
 * line, and is handed the next by whoever releases it; the permit of a holder that died goes on when its lease ends.
 */
abstract class BaseSemaphore extends Handle<number, never> {
  readonly #value: number
  readonly #keys: readonly string[]
  readonly #grantor: Grantor
  /** The permits by acquire() and tryAcquire() of this handle that have not been released, oldest first. */
  readonly #permits = new Map<Permit, Holding>()

  /** @internal */
  constructor(issue: Issuer, value: number) {
    super(issue)
    this.#value = value
    this.#keys = [
      issue.key,
      ...['waiters', 'state', 'told'].map(name => companion(issue.key, name)),
      neverThere(issue.key)
    ]
    const { key, home } = issue
    const keys = this.#keys
    this.#grantor = {
      key,
      dispatcher: home.dispatcher,
      renewing: (ticket, length) => issue.renewal('renew', key, ticket, length),
      releasing: ticket =>
        issue.command('write', 'release', script(semaphoreRelease, keys, value, ticket), released => released === 1, {
          keys
        })
    }
  }

  /** @internal */
  [readAll](): Request {
    return script(semaphoreAvailable, [this.issue.key, companion(this.issue.key, 'state')], this.#value)
  }

  /** @internal */
  override get [readKeys](): readonly string[] {
    return this.#keys
  }

  /** @internal */
  [fromReply](reply: Reply): number {
    return Number(reply)
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown): number {
    return integer(operation, 'the value', value)
  }

  /** @internal */
  [writeAll](): readonly Request[] {
    const { shape, name } = this.issue
    throw new TypeError(`${shape.name} '${name}' can't be replaced: it is acquired and released, and clear() frees it`)
  }

  /**
   * Takes a permit, and waits in line for one if none is free: who came first is served first. A script, O(log n) in those
   * who hold or wait; one round trip when one is free.
   *
   * @throws LockTimeoutError when none was free within `timeout` milliseconds; the signal's reason when it aborts;
   * RangeError when the lease is shorter than 100 ms; MismatchError when another handle has another number of permits;
   * TransactionError inside of a transaction
   * @example await using permit = await lock.acquire({ timeout: 5_000, lease: 10_000 })
   */
  async acquire(how: AcquireOptions = {}): Promise<Permit> {
    return this[permitFor]((await this[hold]('acquire', how)) as Holding)
  }

  /**
   * Takes a permit if one is free; undefined if not. A script, O(log n) in those who hold or wait.
   *
   * @throws RangeError when the lease is shorter than 100 ms; MismatchError when another handle has another number of
   * permits; TransactionError inside of a transaction
   * @example const permit = await lock.tryAcquire()
   */
  async tryAcquire(how: LeaseOptions = {}): Promise<Permit | undefined> {
    const holding = await this[hold]('tryAcquire', how)
    return holding && this[permitFor](holding)
  }

  /**
   * Runs `fn` with a permit, and releases it when `fn` has ended, however it ends. Two round trips when one is free.
   *
   * @throws whatever acquire() or `fn` throws; LeaseLostError when `fn` ended well but the lease had been lost
   * @example await lock.run(async permit => { await write(file, permit.token) })
   */
  async run<R>(fn: (permit: Permit) => R, how: AcquireOptions = {}): Promise<Awaited<R>> {
    const operation = this.issue.operation('run')
    callable(operation, 'the argument', fn)
    return runHolding((await this[hold]('run', how)) as Holding, operation, fn)
  }

  /**
   * Gives back the permit that this handle acquired last. A script, O(log n) in those who hold or wait.
   *
   * @throws NotHeldError when this handle holds none; LeaseLostError when its lease was lost before
   * @example await lock.release()
   */
  async release(): Promise<void> {
    const permit = [...this.#permits.keys()].at(-1)
    await (permit ? permit.release() : this[releaseUnheld]())
  }

  /**
   * How many permits are free. A script, O(log n) in those who hold.
   *
   * @throws MismatchError when another handle has another number of permits
   * @example await semaphore.available() // 4
   */
  available(): Pending<number> {
    return this.issue.read('available', this[readAll](), Number, { keys: this[readKeys] })
  }

  /**
   * Frees it for everyone: who holds a permit finds its signal aborted at the next renewal, and who waits is served. The
   * number of permits can be another from then on; fencing tokens go on. A MULTI of `DEL` and a script, O(n) in those who
   * hold.
   *
   * @example await lock.clear()
   */
  override clear(): Pending<void> {
    const requests = [words('DEL', this.issue.key), script(semaphoreClear, this.#keys, this.#value)]
    return this.issue.write('clear', requests, undefined, { typed: false })
  }

  /** @internal Waits for a permit, which is held by lease from then on; tryAcquire does not wait. */
  [hold](method: 'acquire' | 'tryAcquire' | 'run', how: AcquireOptions): Pending<Holding | undefined> {
    const operation = this.issue.operation(method)
    const length = leaseOf(operation, acquireOptions(operation, method, how).lease)
    return this.issue.wait<Holding | undefined>(
      {
        operation,
        holds: this.issue.shape.holds,
        keys: this.#keys,
        line: this.#keys[1] as string,
        ask: ({ mode, ticket, arrival }) =>
          script(semaphoreAcquire, this.#keys, this.#value, mode, ticket, arrival, length),
        leases: length,
        decode: (token, grant) => new Holding(this.#grantor, Number(token), grant, length),
        late: this[tooLate](method),
        ...(method === 'tryAcquire' && { otherwise: () => undefined })
      },
      waitLimits(operation, method === 'tryAcquire' ? {} : how)
    )
  }

  /** @internal A permit that release() of this handle gives back. */
  [permitFor](holding: Holding): Permit {
    const permit = new Permit(holding, this.issue.operation('release'), released => this.#permits.delete(released))
    this.#permits.set(permit, holding)
    return permit
  }

  /** @internal What the permits of this handle stand for, the last one first, if it has not been lost. */
  [heldByHandle](): Holding | undefined {
    return [...this.#permits.values()].findLast(({ lost }) => !lost)
  }

  /** @internal */
  [tooLate](method: string): (milliseconds: number) => Error {
    const { key } = this.issue
    const operation = this.issue.operation(method)
    return milliseconds =>
      new LockTimeoutError(`key '${key}' had no permit free within ${Math.ceil(milliseconds)} ms`, { key, operation })
  }

  /** @internal */
  [releaseUnheld](): Promise<void> {
    const { name, key } = this.issue
    const operation = this.issue.operation('release')
    const message = `this handle of '${name}' holds no permit: only what acquired one can release it`
    return Promise.reject(new NotHeldError(message, { key, operation }))
  }

  /** @internal */
  [addPermit](): Pending<void> {
    return this.issue.write('release', script(semaphoreAdd, this.#keys, this.#value))
  }
}

/** So many permits, and never more: releasing what is not held is an error. */
export class BoundedSemaphore extends BaseSemaphore {
  static readonly shape: TypeShape = { name: 'BoundedSemaphore', holds: 'zset', indexedBy: 'nothing' }
}

/** So many permits to begin with: releasing more than was acquired adds to them, as Python's threading.Semaphore does. */
export class Semaphore extends BaseSemaphore {
  static readonly shape: TypeShape = { name: 'Semaphore', holds: 'zset', indexedBy: 'nothing' }

  /** @internal */
  override async [releaseUnheld](): Promise<void> {
    await this[addPermit]()
  }
}

/** One permit: one holder at a time, of all processes. */
export class Lock extends BaseSemaphore {
  static readonly shape: TypeShape = { name: 'Lock', holds: 'zset', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer) {
    super(issue, 1)
  }

  /**
   * Whether somebody holds it now. A script, O(1).
   *
   * @example await lock.locked()
   */
  async locked(): Promise<boolean> {
    return (await this.available()) === 0
  }
}
