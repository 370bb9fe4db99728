import { TransactionError } from '../core/errors.js'
import type { WaitOptions } from '../core/wait-spec.js'
import { isWithin, type Scope } from './scope.js'

/** What `hot.retry()` throws: it ends the code that can't go on. Catching it changes nothing. */
export class Retry extends TransactionError {
  static {
    this.prototype.name = 'Retry'
  }

  constructor() {
    super('the transaction runs again when something that it has read has changed', { operation: 'retry' })
  }
}

/** Who has given up in an attempt, and what else than a change ends the waiting. */
export class Retries {
  readonly #scopes = new Set<Scope | undefined>()
  /** When to run again in any case, by the local clock. */
  at = Infinity
  readonly signals: AbortSignal[] = []

  get any(): boolean {
    return this.#scopes.size > 0
  }

  add(scope: Scope | undefined): Retry {
    this.#scopes.add(scope)
    return new Retry()
  }

  /** Whether code within a scope has given up; forgets it. */
  take(within: Scope): boolean {
    const found = [...this.#scopes].filter(scope => isWithin(scope, within))
    for (const scope of found) this.#scopes.delete(scope)
    return found.length > 0
  }

  /** A call that waits has limits of its own: they count from the start of the transaction. */
  limit(started: number, { timeout, signal }: WaitOptions): void {
    if (timeout !== undefined) this.at = Math.min(this.at, started + timeout)
    if (signal) this.signals.push(signal)
  }
}
