import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Which transaction the code that is running belongs to, for each Hot it may use: a chain, innermost first. `owner`
 * tells the Hots apart.
 */
export interface Scope {
  readonly owner: object
  /** None inside of detached(). */
  readonly transaction: object | undefined
  readonly outer: Scope | undefined
}

const storage = new AsyncLocalStorage<Scope>()
/** Asking for the store costs as much as the rest of a call: until a scope has been entered, there is none. */
let entered = false

/** The transaction of this owner that the running code is part of. */
export function currentTransaction(owner: object): object | undefined {
  if (!entered) return undefined
  for (let scope = storage.getStore(); scope; scope = scope.outer) {
    if (scope.owner === owner) return scope.transaction
  }
  return undefined
}

/** The innermost scope of the running code. */
export function currentScope(): Scope | undefined {
  return storage.getStore()
}

/** Whether a scope is another one, or lies within it. */
export function isWithin(scope: Scope | undefined, other: Scope): boolean {
  for (let at = scope; at; at = at.outer) if (at === other) return true
  return false
}

/** A new scope within that of the running code. */
export function newScope(owner: object, transaction: object | undefined): Scope {
  return { owner, transaction, outer: storage.getStore() }
}

/** Runs `fn`, and everything it starts, within a scope. */
export function runIn<R>(scope: Scope, fn: () => R): R {
  entered = true
  return storage.run(scope, fn)
}

/** Runs `fn`, and everything it starts, as part of a transaction (or of none). */
export function runWithin<R>(owner: object, transaction: object | undefined, fn: () => R): R {
  return runIn(newScope(owner, transaction), fn)
}
