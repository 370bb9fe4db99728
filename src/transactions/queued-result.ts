import type { CallInfo } from '../core/command.js'
import { TransactionError } from '../core/errors.js'
import { Pending } from '../core/pending.js'

/** What a queued result asks its transaction. */
export interface Queue {
  /** Whether the running code is part of the transaction, and the transaction not over. */
  isInside(): boolean
  /** Notes that somebody outside waits for a result. */
  waitedFor(info: CallInfo): void
  /** Notes that the transaction was used in a way that can't work, so that it fails whatever fn does about it. */
  misused(error: TransactionError): void
}

/**
 * The result of a write inside a transaction: it exists after the commit, and not before. Waiting for it inside (await,
 * Promise.all, returning it from an async function: all of them call `then`) could never end, and so it rejects and fails
 * the transaction. Outside it is a promise like any other, except that nobody has to catch it: the transaction's own
 * promise tells what failed.
 */
export class QueuedResult<T> extends Pending<T> {
  #queue: Queue | undefined
  #info: CallInfo | undefined

  static of<T>(info: CallInfo, queue: Queue, outcome: Promise<T>): QueuedResult<T> {
    const result = new QueuedResult<T>((resolve, reject) => void outcome.then(resolve, reject))
    // Before it knows its transaction, for until then it is a promise like any other.
    result.then(undefined, () => {})
    result.#queue = queue
    result.#info = info
    return result
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null
  ): Promise<A | B> {
    if (!this.#queue?.isInside()) {
      this.#queue?.waitedFor(this.#info as CallInfo)
      return super.then(onFulfilled, onRejected)
    }
    const error = awaited(this.#info as CallInfo)
    this.#queue.misused(error)
    const refused = Promise.reject<T>(error).then(onFulfilled, onRejected)
    // The transaction's own promise rejects with it, so nobody has to catch it here too.
    refused.catch(() => {})
    return refused
  }
}

// Unlike Pending: with Promise as its constructor `await` would not ask for `then`, and wait for ever.
void Object.defineProperty(QueuedResult.prototype, 'constructor', { value: QueuedResult })

/**
 * The result of a call that its transaction refused. The transaction's own promise rejects with the same error, so nobody has
 * to catch it here too.
 */
export class RefusedResult<T> extends Pending<T> {
  static of<T>(error: unknown): RefusedResult<T> {
    const refused = new RefusedResult<T>((_, reject) => reject(error))
    refused.catch(() => {})
    return refused
  }
}

function awaited({ operation, key }: CallInfo): TransactionError {
  return new TransactionError(
    `key '${key}': the result of a write exists only after the transaction, so it can't be awaited inside: return it ` +
      `(const [result] = await hot.transaction(() => [handle.method()])), or do without it (void handle.method())`,
    { key, operation }
  )
}
