import type { CallInfo } from '../core/command.js'
import { TransactionError, type HotError } from '../core/errors.js'

/** What a transaction tells its user, and the way out. */

export function late({ operation, key }: Pick<CallInfo, 'operation' | 'key'>): TransactionError {
  return new TransactionError(
    `key '${key}': the transaction that this work was started in has ended, so nothing was sent: await the work inside of it, or start it with hot.detached(fn)`,
    { key, operation }
  )
}

export function existsLater({ operation, key }: CallInfo): TransactionError {
  return new TransactionError(
    `the result of a command without a handle exists only after the transaction: return it ([result] = await hot.transaction(() => [hot.command(…)])), or give a handle for each key`,
    { key, operation }
  )
}

export function nothingRead(): TransactionError {
  return new TransactionError(
    'the transaction has read nothing, so nothing that it waits for could change: read what retry() depends on first',
    { operation: 'retry' }
  )
}

export function unmarkedKeys(key: string | undefined): TransactionError {
  return new TransactionError(
    'a command whose result is needed before the commit names keys as text: give a handle for each key',
    { key, operation: 'command' }
  )
}

export function readByOthers(key: string | undefined): TransactionError {
  return new TransactionError(
    'a nested transaction failed after code beside it had read what it wrote: await a nested transaction before going on',
    { key, operation: 'transaction' }
  )
}

export function tooLargeAt(key: string): TransactionError {
  return new TransactionError(
    `key '${key}' is larger than maxShadow, so what the transaction has written to it can't be read before the commit: read first, return the results of writes instead of awaiting them, or raise maxShadow`,
    { key, operation: 'transaction' }
  )
}

export function notAFunction(): TypeError {
  return new TypeError('transaction: give a function: hot.transaction(() => { … })')
}

export function failedInside(
  results: readonly PromiseSettledResult<unknown>[],
  failures: readonly PromiseRejectedResult[]
): TransactionError {
  const reasons = failures.map(({ reason }) => (reason instanceof Error ? reason.message : String(reason)))
  const first = failures[0]?.reason as HotError
  return new TransactionError(
    `${failures.length} of ${results.length} writes failed, and the others have taken effect, for Redis does not roll back: ${reasons.join('; ')}`,
    { operation: 'transaction', key: first.key, cause: first, results }
  )
}
