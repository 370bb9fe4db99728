import { AsyncLocalStorage } from 'node:async_hooks'
import { callable, leaseOf, waitLimits } from '../arguments.js'
import { Patience } from '../waiting/patience.js'
import type { TypeShape } from './issuer.js'
import { runHolding, type Holding, type Permit } from './permit.js'
import {
  Lock,
  acquireOptions,
  heldByHandle,
  hold,
  permitFor,
  tooLate,
  type AcquireOptions,
  type LeaseOptions
} from './semaphore.js'

/** What an asynchronous call chain holds inside of run(): a chain of locks, innermost first. */
interface Scope {
  /** The Hot the lock belongs to, and its key. */
  readonly owner: object
  readonly key: string
  readonly holding: Holding
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
export class RLock extends Lock {
  static override readonly shape: TypeShape = { name: 'RLock', holds: 'zset', indexedBy: 'nothing' }

  /** An acquire() or tryAcquire() of this handle that is under way: another one may enter again when it has ended. */
  #attempt: Promise<unknown> | undefined
  /** The last of the chains that take turns while the handle holds the lock. */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Takes the lock, at once if this call chain or this handle holds it already; else as Lock does.
   *
   * @throws whatever acquire() of a Lock throws
   * @example await using permit = await lock.acquire()
   */
  override async acquire(how: AcquireOptions = {}): Promise<Permit> {
    const patience = this.#patience('acquire', how)
    for (;;) {
      const held = this.#held()
      if (held) return this[permitFor](held)
      if (!this.#attempt) return (await this.#tryTo('acquire', { ...how, ...patience.left })) as Permit
      await patience.until(this.#attempt)
    }
  }

  /**
   * Takes the lock if this call chain or this handle holds it already, or nobody does; undefined if somebody else does.
   *
   * @throws whatever tryAcquire() of a Lock throws
   * @example const permit = await lock.tryAcquire()
   */
  override async tryAcquire(how: LeaseOptions = {}): Promise<Permit | undefined> {
    this.#patience('tryAcquire', how)
    const held = this.#held()
    if (held) return this[permitFor](held)
    const permit = await this.#tryTo('tryAcquire', how)
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
    const operation = this.issue.operation('run')
    callable(operation, 'the argument', fn)
    const patience = this.#patience('run', how)
    const scope = this.#scope()
    if (scope) return this.#runIn(scope, fn)
    if (this[heldByHandle]()) return this.#inTurn(patience, () => this.#enter(fn, how, patience))
    return this.#enter(fn, how, patience)
  }

  async #enter<R>(fn: (permit: Permit) => R, how: AcquireOptions, patience: Patience): Promise<Awaited<R>> {
    const { key, home } = this.issue
    const held = this[heldByHandle]() ?? (await this[hold]('run', { ...how, ...patience.left }))
    const scope: Scope = {
      owner: home.dispatcher,
      key,
      holding: held as Holding,
      outer: scopes.getStore(),
      runs: 0
    }
    return scopes.run(scope, () => this.#runIn(scope, fn))
  }

  async #runIn<R>(scope: Scope, fn: (permit: Permit) => R): Promise<Awaited<R>> {
    scope.runs++
    try {
      return await runHolding(scope.holding, this.issue.operation('run'), fn)
    } finally {
      scope.runs--
    }
  }

  /** Checks the options, too: also where there is nothing to wait for. */
  #patience(method: string, how: AcquireOptions): Patience {
    const operation = this.issue.operation(method)
    leaseOf(operation, acquireOptions(operation, method, how).lease)
    const limits = waitLimits(operation, how)
    limits.signal?.throwIfAborted()
    return new Patience(limits, this[tooLate](method))
  }

  async #tryTo(method: 'acquire' | 'tryAcquire', how: AcquireOptions): Promise<Permit | undefined> {
    const attempt = this[hold](method, how).then(holding => holding && this[permitFor](holding))
    const ended = attempt.then(
      () => undefined,
      () => undefined
    )
    this.#attempt ??= ended
    try {
      return await attempt
    } finally {
      if (this.#attempt === ended) this.#attempt = undefined
    }
  }

  #held(): Holding | undefined {
    return this.#scope()?.holding ?? this[heldByHandle]()
  }

  /** The scope in which the running call chain holds this key. */
  #scope(): Scope | undefined {
    const { key, home } = this.issue
    let scope = scopes.getStore()
    while (scope && !(scope.owner === home.dispatcher && scope.key === key && isHeld(scope))) scope = scope.outer
    return scope
  }

  async #inTurn<R>(patience: Patience, act: () => Promise<Awaited<R>>): Promise<Awaited<R>> {
    const before = this.#turn
    let end = (): void => {}
    this.#turn = Promise.all([before, new Promise<void>(resolve => (end = resolve))])
    try {
      await patience.until(before)
      return await act()
    } finally {
      end()
    }
  }
}

function isHeld({ runs, holding }: Scope): boolean {
  return runs > 0 && holding.uses > 0 && !holding.lost
}
