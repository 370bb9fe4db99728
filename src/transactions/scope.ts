import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Which transaction the code that is running belongs to, for each Hot it may use: a chain, innermost first. `owner`
 * tells the Hots apart.
 */
interface Scope {
  readonly owner: object
  /** None inside of detached(). */
  readonly transaction: object | undefined
  readonly outer: Scope | undefined
}

const storage = new AsyncLocalStorage<Scope>()

/** The transaction of this owner that the running code is part of. */
export function currentTransaction(owner: object): object | undefined {
  for (let scope = storage.getStore(); scope; scope = scope.outer) {
    if (scope.owner === owner) return scope.transaction
  }
  return undefined
}

/** Runs `fn`, and everything it starts, as part of a transaction (or of none). */
export function runWithin<R>(owner: object, transaction: object | undefined, fn: () => R): R {
  return storage.run({ owner, transaction, outer: storage.getStore() }, fn)
}
