import { AsyncLocalStorage } from 'node:async_hooks'
import { callable } from '../arguments.js'
import type { TypeShape } from './issuer.js'
import { runHolding, type Holding, type Permit } from './permit.js'
import { Lock, hold, permitFor, type AcquireOptions, type LeaseOptions } from './semaphore.js'

/** What an asynchronous call chain holds inside of run(): a chain of locks, innermost first. */
interface Scope {
  /** The Hot the lock belongs to, and its key. */
  readonly owner: object
  readonly key: string
  readonly holding: Holding
  readonly outer: Scope | undefined
}

const scopes = new AsyncLocalStorage<Scope>()

/**
 * A Lock that can be entered again by whoever holds it: inside of run() that is the asynchronous call chain, which may
 * call run() and acquire() of this key again; outside of it, the handle by which it was acquired. It is free when it has
 * been released as often as it was acquired.
 */
export class RLock extends Lock {
  static override readonly shape: TypeShape = { name: 'RLock', holds: 'zset', indexedBy: 'nothing' }

  /** What this handle holds by acquire(). */
  #own: Holding | undefined
  #acquiring: Promise<unknown> | undefined
  /** The last of the chains that take turns while the handle holds the lock. */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Takes the lock, at once if this call chain or this handle holds it already; else as Lock does.
   *
   * @throws whatever acquire() of a Lock throws
   * @example await using permit = await lock.acquire()
   */
  override async acquire(how: AcquireOptions = {}): Promise<Permit> {
    for (;;) {
      const held = this.#inChain() ?? this.#byHandle()
      if (held) return this[permitFor](held)
      if (!this.#acquiring) break
      await this.#acquiring
    }
    const acquired = this[hold]('acquire', how) as Promise<Holding>
    this.#acquiring = acquired.then(
      () => undefined,
      () => undefined
    )
    try {
      this.#own = await acquired
      return this[permitFor](this.#own)
    } finally {
      this.#acquiring = undefined
    }
  }

  /**
   * Takes the lock if this call chain or this handle holds it already, or nobody does; undefined if somebody else does.
   *
   * @throws whatever tryAcquire() of a Lock throws
   * @example const permit = await lock.tryAcquire()
   */
  override async tryAcquire(how: LeaseOptions = {}): Promise<Permit | undefined> {
    const held = this.#inChain() ?? this.#byHandle() ?? (await this[hold]('tryAcquire', how))
    if (!held) return undefined
    if (!this.#inChain()) this.#own = held
    return this[permitFor](held)
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
    const held = this.#inChain()
    if (held) return runHolding(held, operation, fn)
    if (this.#byHandle()) return this.#inTurn(() => this.#enterHeld(fn, how))
    return this.#enter(await this.#hold(how), fn)
  }

  async #enterHeld<R>(fn: (permit: Permit) => R, how: AcquireOptions): Promise<Awaited<R>> {
    return this.#enter(this.#byHandle() ?? (await this.#hold(how)), fn)
  }

  #hold(how: AcquireOptions): Promise<Holding> {
    return this[hold]('run', how) as Promise<Holding>
  }

  #enter<R>(holding: Holding, fn: (permit: Permit) => R): Promise<Awaited<R>> {
    const { key, home } = this.issue
    const scope = { owner: home.dispatcher, key, holding, outer: scopes.getStore() }
    return scopes.run(scope, () => runHolding(holding, this.issue.operation('run'), fn))
  }

  /** What the running call chain holds of this key. */
  #inChain(): Holding | undefined {
    const { key, home } = this.issue
    for (let scope = scopes.getStore(); scope; scope = scope.outer) {
      if (scope.owner === home.dispatcher && scope.key === key && isHeld(scope.holding)) return scope.holding
    }
    return undefined
  }

  #byHandle(): Holding | undefined {
    return isHeld(this.#own) ? this.#own : undefined
  }

  async #inTurn<R>(act: () => Promise<Awaited<R>>): Promise<Awaited<R>> {
    const acting = this.#turn.then(act)
    this.#turn = acting.catch(() => undefined)
    return acting
  }
}

function isHeld(holding: Holding | undefined): holding is Holding {
  return holding !== undefined && holding.uses > 0 && !holding.signal.aborted
}
