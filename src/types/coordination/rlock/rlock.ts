import { AsyncLocalStorage } from 'node:async_hooks'
import { callable, leaseOf, waitLimits } from '../../../core/arguments.js'
import { Deadline } from '../../../core/deadline.js'
import type { TypeDefinition } from '../../../handles/define-type.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import { lockTimeout } from '../semaphore/permit-source.js'
import { runHoldingPermit, type HeldPermit, type Permit } from '../semaphore/permit.js'
import {
  Lock,
  acquireOptions,
  heldByHandle,
  hold,
  lockType,
  ownedHere,
  permitFor,
  tryToHold,
  type AcquireOptions,
  type LeaseOptions
} from '../semaphore/semaphore.js'

/** A lock in Redis that its holder can enter again. */
export type HotRLock = RLock

/**
 * A lock that its holder can enter again. See {@link HotRLock}.
 *
 * @throws TypeError, RangeError when the key is empty or not a string, or the lease is shorter than 100 ms
 * @example const lock = hot.rlock('account:1', { lease: 10_000 })
 */
export type RLockFactory = (key?: string, options?: LeaseOptions) => HotRLock

/** What an asynchronous call chain holds inside of run(): a chain of locks, innermost first. */
interface Scope {
  /** The Hot the lock belongs to, and its key. */
  readonly owner: object
  readonly key: string
  readonly held: HeldPermit
  readonly outer: Scope | undefined
  /** Calls of run() that have not ended: what goes on after the last one is outside again. */
  runs: number
}

const scopes = new AsyncLocalStorage<Scope>()

/**
 * A Lock that can be entered again by whoever holds it: inside of run() that is the asynchronous call chain, which may
 * call run() and acquire() of this key again; outside of it, the handle by which it was acquired. It is free when it has
 * been released as often as it was acquired.
 */
class RLock extends Lock {
  static override readonly descriptor: TypeDescriptor = { name: 'RLock', redisType: 'zset', indexedBy: 'nothing' }

  /** An acquire() or tryAcquire() of this handle that is under way: another one may enter again when it has ended. */
  #attempt: Promise<unknown> | undefined
  /** The scope in which a permit was acquired: until the scope ends, the permit belongs to its call chain. */
  readonly #scopeOf = new WeakMap<Permit, Scope>()
  /** The last of the chains that take turns while the handle holds the lock. */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Takes the lock, at once if this call chain or this handle holds it already; else as Lock does.
   *
   * @throws whatever acquire() of a Lock throws
   * @example await using permit = await lock.acquire()
   */
  override async acquire(how: AcquireOptions = {}): Promise<Permit> {
    const op = this.context.op('acquire')
    const deadline = this.#deadline(op, how)
    for (;;) {
      const held = this.#held()
      if (held) return this[permitFor](held)
      if (!this.#attempt) return (await this.#noted(this[hold](op, { ...how, ...deadline.limits }))) as Permit
      await deadline.wait(this.#attempt, ms => lockTimeout(op, ms))
    }
  }

  /**
   * Takes the lock if this call chain or this handle holds it already, or nobody does; undefined if somebody else does.
   *
   * @throws whatever tryAcquire() of a Lock throws
   * @example const permit = await lock.tryAcquire()
   */
  override async tryAcquire(how: LeaseOptions = {}): Promise<Permit | undefined> {
    const op = this.context.op('tryAcquire')
    this.#deadline(op, how)
    const held = this.#held()
    if (held) return this[permitFor](held)
    const permit = await this.#noted(this[tryToHold](op, how))
    // Another call of the handle may have been quicker.
    const meanwhile = permit ? undefined : this.#held()
    return meanwhile ? this[permitFor](meanwhile) : permit
  }

  /**
   * Runs `fn` while this call chain holds the lock: what `fn` calls may run with it again. Other chains, in this process
   * too, wait.
   *
   * @throws whatever run() of a Lock throws
   * @example await lock.run(() => lock.run(() => 'twice'))
   */
  override async run<R>(fn: (permit: Permit) => R, how: AcquireOptions = {}): Promise<Awaited<R>> {
    const op = this.context.op('run')
    callable(op.operation, 'the argument', fn)
    const deadline = this.#deadline(op, how)
    const scope = this.#scope(isHeld)
    if (scope) return this.#runIn(scope, fn)
    const enter = (): Promise<Awaited<R>> => this.#enter(op, fn, { ...how, ...deadline.limits })
    return this[heldByHandle]() ? this.#inTurn(op, deadline, enter) : enter()
  }

  /** @internal */
  override [permitFor](held: HeldPermit): Permit {
    const permit = super[permitFor](held)
    const scope = this.#scope(({ runs }) => runs > 0)
    if (scope) this.#scopeOf.set(permit, scope)
    return permit
  }

  /** @internal */
  override [ownedHere](permit: Permit): boolean {
    const scope = this.#scopeOf.get(permit)
    return !scope || scope.runs === 0 || this.#scope(one => one === scope) !== undefined
  }

  async #enter<R>(op: Op, fn: (permit: Permit) => R, how: AcquireOptions): Promise<Awaited<R>> {
    const { key, owner } = this.context
    const held = (this[heldByHandle]() ?? (await this[hold](op, how))) as HeldPermit
    const scope: Scope = { owner, key: key.name, held, outer: scopes.getStore(), runs: 0 }
    return scopes.run(scope, () => this.#runIn(scope, fn))
  }

  async #runIn<R>(scope: Scope, fn: (permit: Permit) => R): Promise<Awaited<R>> {
    scope.runs++
    try {
      return await runHoldingPermit(scope.held, this.context.op('run').operation, fn)
    } finally {
      scope.runs--
    }
  }

  /** Checks the options, too: also where there is nothing to wait for. */
  #deadline(op: Op, how: AcquireOptions): Deadline {
    leaseOf(op.operation, acquireOptions(op, how).lease)
    const { timeout, signal } = waitLimits(op.operation, how)
    signal?.throwIfAborted()
    return new Deadline(timeout, signal)
  }

  /** Takes note of an attempt until it has ended. */
  async #noted(attempt: Promise<HeldPermit | undefined>): Promise<Permit | undefined> {
    const permit = attempt.then(held => held && this[permitFor](held))
    const ended = permit.then(
      () => undefined,
      () => undefined
    )
    this.#attempt ??= ended
    try {
      return await permit
    } finally {
      if (this.#attempt === ended) this.#attempt = undefined
    }
  }

  #held(): HeldPermit | undefined {
    return this.#scope(isHeld)?.held ?? this[heldByHandle]()
  }

  /** The innermost scope of the running call chain for this key that `fits`. */
  #scope(fits: (scope: Scope) => boolean): Scope | undefined {
    const { key, owner } = this.context
    let scope = scopes.getStore()
    while (scope && !(scope.owner === owner && scope.key === key.name && fits(scope))) scope = scope.outer
    return scope
  }

  async #inTurn<R>(op: Op, deadline: Deadline, act: () => Promise<Awaited<R>>): Promise<Awaited<R>> {
    const before = this.#turn
    let end = (): void => {}
    this.#turn = Promise.all([before, new Promise<void>(resolve => (end = resolve))])
    try {
      await deadline.wait(before, ms => lockTimeout(op, ms))
      return await act()
    } finally {
      end()
    }
  }
}

function isHeld({ runs, held }: Scope): boolean {
  return runs > 0 && held.uses > 0 && !held.lost
}

export const rlock: TypeDefinition<RLockFactory> = lockType(RLock)
