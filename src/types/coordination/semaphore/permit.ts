import type { Command } from '../../../core/command.js'
import { ConnectionError, LeaseLostError, NotHeldError } from '../../../core/errors.js'
import type { Key } from '../../../core/keys.js'
import type { Grant, HandOver, Lease, LeaseSpec } from '../../../core/wait-spec.js'
import type { HandleContext } from '../../../handles/operation.js'

/** What permits come from. */
interface Source {
  readonly context: HandleContext
  release(ticket: string, idempotent?: boolean): Command<boolean>
  renew(ticket: string, length: number): Command<boolean>
}

/** What was acquired, as Redis knows it: one ticket among the holders. It is released when the last use of it ends. */
export class HeldPermit implements LeaseSpec {
  /** How many permits stand for it; more than one only where a lock is entered again. */
  uses = 0
  /** Set when the lease is lost. */
  lost: LeaseLostError | undefined
  readonly ticket: string
  readonly since: number
  readonly handedOver: HandOver | undefined
  readonly #lease: Lease
  #controller: AbortController | undefined

  constructor(
    private readonly source: Source,
    readonly token: number,
    { ticket, since, handedOver, leases }: Grant,
    readonly length: number
  ) {
    this.since = since
    this.handedOver = handedOver
    this.ticket = ticket
    this.#lease = (leases ?? source.context.dispatcher).autoRenew(this)
  }

  get leases(): Key {
    return this.source.context.key
  }

  get key(): string {
    return this.leases.name
  }

  /** Made when somebody asks for it: an AbortController costs more than all the rest of a permit. */
  get signal(): AbortSignal {
    this.#controller ??= checkedController(() => this.#lease.check())
    if (this.lost) this.#controller.abort(this.lost)
    return this.#controller.signal
  }

  /** Gives it back; fails with LeaseLostError when its lease had ended. */
  async release(operation: string): Promise<void> {
    this.#lease.check()
    if (this.lost) throw leaseLost(this.key, operation, this.lost)
    try {
      if (await this.#lease.end(this.source.release(this.ticket))) return
    } catch (error) {
      if (!(error instanceof ConnectionError && error.outcome === 'unknown')) throw error
      await this.#lease.end(this.surrender())
      return
    }
    throw leaseLost(this.key, operation)
  }

  renewal(): Command<boolean> {
    return this.source.renew(this.ticket, this.length)
  }

  surrender(): Command<boolean> {
    return this.source.release(this.ticket, true)
  }

  lose(why: string): void {
    this.lost = new LeaseLostError(`key '${this.key}': the lease of this permit is lost: ${why}`, { key: this.key })
    this.#controller?.abort(this.lost)
  }
}

/**
 * A permit that is held: until it is released, or its lease can't be renewed in time. With `await using` it is released at
 * the end of the block.
 *
 * @example
 * await using permit = await lock.acquire()
 * await write(file, { fencingToken: permit.token, signal: permit.signal })
 */
export class Permit {
  /** A fencing token: greater than that of every permit of this key before. What is guarded can refuse lower ones. */
  readonly token: number
  readonly #held: HeldPermit
  readonly #operation: string
  readonly #onRelease: ((permit: Permit) => void) | undefined
  #released = false

  /** @internal */
  constructor(held: HeldPermit, operation: string, onRelease?: (permit: Permit) => void) {
    this.#held = held
    this.#operation = operation
    this.#onRelease = onRelease
    this.token = held.token
    held.uses++
  }

  /** Aborts with a LeaseLostError as soon as the lease is lost: somebody else may hold the permit from then on. */
  get signal(): AbortSignal {
    return this.#held.signal
  }

  /**
   * Releases the permit and hands it over to the first waiter. A script, O(log n) in the holders and waits.
   *
   * @throws LeaseLostError when the lease was lost before; NotHeldError when it has been released already
   * @example await permit.release()
   */
  async release(): Promise<void> {
    const held = this.#held
    const operation = this.#operation
    const { key } = held
    if (this.#released)
      throw new NotHeldError(`key '${key}': this permit has been released already`, { key, operation })
    this.#released = true
    this.#onRelease?.(this)
    if (--held.uses === 0) await held.release(operation)
    else if (held.lost) throw leaseLost(key, operation, held.lost)
  }

  /** The same as release(), for `await using`: does nothing when it has been released. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) await this.release()
  }
}

/** A controller whose signal checks the lease when it is looked at: after a blocked event loop, timers are late. */
function checkedController(check: () => void): AbortController {
  const controller = new AbortController()
  const { signal } = controller
  const { prototype } = AbortSignal
  Object.defineProperties(signal, {
    aborted: {
      get: () => {
        check()
        return Reflect.get(prototype, 'aborted', signal)
      }
    },
    throwIfAborted: {
      value: () => {
        check()
        prototype.throwIfAborted.call(signal)
      }
    }
  })
  return controller
}

/** Runs `fn` with a permit for what is held, and releases it; what `fn` throws comes before what the release throws. */
export async function runHoldingPermit<R>(
  held: HeldPermit,
  operation: string,
  fn: (permit: Permit) => R
): Promise<Awaited<R>> {
  const permit = new Permit(held, operation)
  let result: Awaited<R>
  try {
    result = await fn(permit)
  } catch (error) {
    await permit[Symbol.asyncDispose]().catch(() => {})
    throw error
  }
  await permit[Symbol.asyncDispose]()
  return result
}

/** For a release of what was lost meanwhile: `why` is the error that its signal aborted with. */
function leaseLost(key: string, operation: string, why?: unknown): LeaseLostError {
  const reason =
    why instanceof LeaseLostError ? why.message : `key '${key}': its lease had ended, or clear() took it away`
  return new LeaseLostError(
    `${reason}; somebody else may have held the permit since: permit.signal tells as soon as it is lost`,
    { key, operation, cause: why }
  )
}
