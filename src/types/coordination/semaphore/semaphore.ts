import { callable, leaseOf, positive, waitLimits } from '../../../core/arguments.js'
import type { Reply, Request } from '../../../core/command.js'
import { NotHeldError } from '../../../core/errors.js'
import type { Pending } from '../../../core/pending.js'
import type { WaitOptions } from '../../../core/wait-spec.js'
import { defineType, givenOptions, type TypeDefinition } from '../../../handles/define-type.js'
import { Handle, afterTiming, fromPlain, fromReply, readAll, serveWaits, writeAll } from '../../../handles/handle.js'
import type { HandleContext, Op, TypeDescriptor } from '../../../handles/operation.js'
import { Acquiring, PermitSource, TryingToAcquire } from './permit-source.js'
import { Permit, runHoldingPermit, type HeldPermit } from './permit.js'

/** Permits in Redis, of which there are never more than at first. */
export type HotBoundedSemaphore = BoundedSemaphore

/** Permits in Redis, to which releases can add. */
export type HotSemaphore = Semaphore

/** A lock in Redis. */
export type HotLock = Lock

/** Options of the semaphores. */
interface Permits extends LeaseOptions {
  /** How many permits there are; 1 unless given. The same for all handles of a key. */
  readonly value?: number
}

/**
 * A semaphore: so many permits, held by one each. See {@link HotBoundedSemaphore}.
 *
 * @throws TypeError, RangeError when the key is empty or not a string, or the value is not a whole number of at least 1
 * @example const slots = hot.boundedSemaphore('api', { value: 5 })
 */
export type BoundedSemaphoreFactory = (key?: string, options?: Permits) => HotBoundedSemaphore

/**
 * A semaphore to which releases may add permits. See {@link HotSemaphore}.
 *
 * @throws TypeError, RangeError when the key is empty or not a string, or the value is not a whole number of at least 1
 * @example const ready = hot.semaphore('ready', { value: 1 })
 */
export type SemaphoreFactory = (key?: string, options?: Permits) => HotSemaphore

/**
 * A lock: one holder at a time, of all processes. See {@link HotLock}.
 *
 * @throws TypeError, RangeError when the key is empty or not a string, or the lease is shorter than 100 ms
 * @example await hot.lock('invoices', { lease: 10_000 }).run(() => writeInvoices())
 */
export type LockFactory = (key?: string, options?: LeaseOptions) => HotLock

/** How long something is held without being renewed: of one call, or as an option of a factory of all calls of the handle. */
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
export function acquireOptions(op: Op, how: AcquireOptions): AcquireOptions {
  return op.options(how, op.method === 'tryAcquire' ? ['lease'] : ['timeout', 'signal', 'lease'])
}

/** Steps that the kinds of semaphores share; behind symbols, for they are no members. */
export const hold = Symbol('hold')
export const tryToHold = Symbol('tryToHold')
export const permitFor = Symbol('permitFor')
export const heldByHandle = Symbol('heldByHandle')
export const ownedHere = Symbol('ownedHere')
const releaseUnheld = Symbol('releaseUnheld')
const addPermit = Symbol('addPermit')

/**
 * What all semaphores and locks share: a number of permits, each held by one holder at a time, in any process. A call that
 * finds none is enqueued, and a release hands its permit over to the first waiter. The permit of a dead holder is free when
 * its lease ends.
 */
abstract class BaseSemaphore extends Handle<number, never> {
  readonly #source: PermitSource
  /** The lease of calls that give none. */
  readonly #lease: number
  /** The permits by acquire() and tryAcquire() of this handle that have not been released, oldest first. */
  #permits: Map<Permit, HeldPermit> | undefined

  /** @internal */
  constructor(context: HandleContext, value: number, lease: number) {
    super(context)
    this.#lease = lease
    this.#source = new PermitSource(context, value)
  }

  /** @internal */
  [readAll](): Request {
    return this.#source.available()
  }

  /** @internal */
  [fromReply](reply: Reply): number {
    return Number(reply)
  }

  /** @internal */
  [fromPlain](_operation: string, value: unknown): number {
    return this.context.op('equals').integer('the value', value)
  }

  /** @internal */
  [writeAll](): readonly Request[] {
    const { descriptor, name } = this.context
    throw new TypeError(
      `${descriptor.name} '${name}' can't be replaced: it is acquired and released, and clear() frees it`
    )
  }

  /** @internal */
  override get [serveWaits](): Request {
    return this.#source.expire()
  }

  /** @internal Waits recheck when the holders' key expires. */
  override get [afterTiming](): readonly Request[] {
    return [this.#source.expire()]
  }

  /**
   * Whether anybody holds a permit. A script around `ZCOUNT`, O(log n) in the holders.
   *
   * @example await lock.exists() // false
   */
  override exists(): Pending<boolean> {
    return this.context.untypedOp('exists').read(this.#source.held(), held => held === 1)
  }

  /**
   * Takes a permit; waits for one if none is free, first come, first served. A script, O(log n) in the holders and waits;
   * one round trip when one is free.
   *
   * @throws LockTimeoutError when none was free within `timeout` milliseconds; the signal's reason when it aborts;
   * RangeError when the lease is shorter than 100 ms; MismatchError when another handle has another number of permits
   * @example await using permit = await lock.acquire({ timeout: 5_000, lease: 10_000 })
   */
  async acquire(how: AcquireOptions = {}): Promise<Permit> {
    return this[permitFor]((await this[hold](this.context.op('acquire'), how)) as HeldPermit)
  }

  /**
   * Takes a permit if one is free; undefined if not. A script, O(log n) in the holders and waits.
   *
   * @throws RangeError when the lease is shorter than 100 ms; MismatchError when another handle has another number of
   * permits
   * @example const permit = await lock.tryAcquire()
   */
  async tryAcquire(how: LeaseOptions = {}): Promise<Permit | undefined> {
    const held = await this[tryToHold](this.context.op('tryAcquire'), how)
    return held && this[permitFor](held)
  }

  /**
   * Runs `fn` with a permit, and releases it when `fn` has ended, however it ends. Two round trips when one is free.
   *
   * @throws whatever acquire() or `fn` throws; LeaseLostError when `fn` ended well but the lease had been lost
   * @example await lock.run(async permit => { await write(file, permit.token) })
   */
  async run<R>(fn: (permit: Permit) => R, how: AcquireOptions = {}): Promise<Awaited<R>> {
    const op = this.context.op('run')
    callable(op.operation, 'the argument', fn)
    return runHoldingPermit((await this[hold](op, how)) as HeldPermit, op.operation, fn)
  }

  /**
   * Gives back the permit that this handle acquired last. A script, O(log n) in the holders and waits.
   *
   * @throws NotHeldError when this handle holds none; LeaseLostError when its lease was lost before
   * @example await lock.release()
   */
  async release(): Promise<void> {
    const permit = [...(this.#permits?.keys() ?? [])].findLast(each => this[ownedHere](each))
    await (permit ? permit.release() : this[releaseUnheld]())
  }

  /**
   * How many permits are free. A script, O(log n) in the holders.
   *
   * @throws MismatchError when another handle has another number of permits
   * @example await semaphore.available() // 4
   */
  available(): Pending<number> {
    return this.context.op('available').read(this[readAll](), Number)
  }

  /**
   * Frees all permits: holders find their signal aborted at the next renewal, and waits are served. The
   * number of permits can be another from then on; fencing tokens go on. A MULTI of `DEL` and a script, O(n) in those who
   * hold.
   *
   * @example await lock.clear()
   */
  override clear(): Pending<void> {
    const op = this.context.untypedOp('clear')
    return op.run(op.writeCommand(this.#source.clear(), undefined, { serve: this[serveWaits] }))
  }

  /** @internal Waits for a permit, which is held by lease from then on. */
  [hold](op: Op, how: AcquireOptions): Pending<HeldPermit | undefined> {
    const { lease = this.#lease } = acquireOptions(op, how)
    const limits = waitLimits(op.operation, how)
    return this.context.dispatcher.wait(new Acquiring(this.#source, op, leaseOf(op.operation, lease)), limits)
  }

  /** @internal The same without waiting. */
  [tryToHold](op: Op, how: LeaseOptions): Pending<HeldPermit | undefined> {
    const { lease = this.#lease } = acquireOptions(op, how)
    return op.wait(new TryingToAcquire(this.#source, op, leaseOf(op.operation, lease)), {})
  }

  /** @internal A permit that release() of this handle gives back. */
  [permitFor](held: HeldPermit): Permit {
    const permit = new Permit(held, this.context.op('release').operation, released => this.#permits?.delete(released))
    this.#permits ??= new Map()
    this.#permits.set(permit, held)
    return permit
  }

  /** @internal What the permits of this handle stand for, the last one first, if it has not been lost. */
  [heldByHandle](): HeldPermit | undefined {
    const [, held] = [...(this.#permits ?? [])].findLast(([permit, { lost }]) => !lost && this[ownedHere](permit)) ?? []
    return held
  }

  /** @internal Whether the running code may release or enter again by this permit of the handle. */
  [ownedHere](_permit: Permit): boolean {
    return true
  }

  /** @internal */
  [releaseUnheld](): Promise<void> {
    const { key, operation } = this.context.op('release')
    const message = `this handle of '${this.context.name}' holds no permit: only what acquired one can release it`
    return Promise.reject(new NotHeldError(message, { key, operation }))
  }

  /** @internal */
  [addPermit](): Pending<void> {
    const op = this.context.op('release')
    return op.run(op.writeCommand(this.#source.add(), undefined, { serve: this[serveWaits] }))
  }
}

/** So many permits, and never more: releasing what is not held is an error. */
class BoundedSemaphore extends BaseSemaphore {
  static readonly descriptor: TypeDescriptor = { name: 'BoundedSemaphore', redisType: 'zset', indexedBy: 'nothing' }
}

/** So many permits to begin with: releasing more than was acquired adds to them, as Python's threading.Semaphore does. */
class Semaphore extends BaseSemaphore {
  static readonly descriptor: TypeDescriptor = { name: 'Semaphore', redisType: 'zset', indexedBy: 'nothing' }

  /** @internal */
  override async [releaseUnheld](): Promise<void> {
    await this[addPermit]()
  }
}

/** One permit: one holder at a time, of all processes. */
export class Lock extends BaseSemaphore {
  static readonly descriptor: TypeDescriptor = { name: 'Lock', redisType: 'zset', indexedBy: 'nothing' }

  /** @internal */
  constructor(context: HandleContext, lease: number) {
    super(context, 1, lease)
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

interface SemaphoreClass {
  readonly descriptor: TypeDescriptor
  new (context: HandleContext, value: number, lease: number): object
}

function semaphoreType<Factory>(Class: SemaphoreClass): TypeDefinition<Factory> {
  return defineType(Class.descriptor, (operation, [key, given]) => {
    const { value = 1, lease } = givenOptions<Permits>(operation, given, ['value', 'lease'])
    const permits = positive(operation, 'value', value)
    const length = leaseOf(operation, lease)
    return { key, options: {}, create: context => new Class(context, permits, length) }
  })
}

/** A type of locks: its factory takes a key and a lease. */
export function lockType<Factory>(Class: LockClass): TypeDefinition<Factory> {
  return defineType(Class.descriptor, (operation, [key, given]) => {
    const length = leaseOf(operation, givenOptions<LeaseOptions>(operation, given, ['lease']).lease)
    return { key, options: {}, create: context => new Class(context, length) }
  })
}

interface LockClass {
  readonly descriptor: TypeDescriptor
  new (context: HandleContext, lease: number): object
}

export const boundedSemaphore: TypeDefinition<BoundedSemaphoreFactory> = semaphoreType(BoundedSemaphore)
export const semaphore: TypeDefinition<SemaphoreFactory> = semaphoreType(Semaphore)
export const lock: TypeDefinition<LockFactory> = lockType(Lock)
