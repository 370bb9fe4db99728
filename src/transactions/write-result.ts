import { Pending } from '../core/pending.js'

/**
 * The result of a write inside a transaction. Code of the transaction that waits for it (await, Promise.all, returning it from
 * an async function: all of them call `then`) has the write run on shadows, and gets what it will be. Everybody else
 * gets it after the commit. Nobody has to catch its error: the transaction's own promise tells what failed.
 */
export class WriteResult<T> extends Pending<T> {
  #inside: (() => Promise<T> | undefined) | undefined

  /** `inside` is the result for the running code, if that is part of the transaction. */
  static of<T>(outcome: Promise<unknown>, inside: () => Promise<T> | undefined): WriteResult<T> {
    const result = new WriteResult<T>((resolve, reject) => void (outcome as Promise<T>).then(resolve, reject))
    // Before it knows its transaction, for until then it is a promise like any other.
    result.then(undefined, () => {})
    result.#inside = inside
    return result
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null
  ): Promise<A | B> {
    const answer = this.#inside?.()
    if (!answer) return super.then(onFulfilled, onRejected)
    const result = answer.then(onFulfilled, onRejected)
    // The run it belongs to may be dropped.
    result.catch(() => {})
    return result
  }
}

// Unlike Pending: with Promise as its constructor `await` would not ask for `then`.
void Object.defineProperty(WriteResult.prototype, 'constructor', { value: WriteResult })

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
