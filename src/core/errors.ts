/** Every error this library throws about what happened in Redis or on the way there. */

export interface HotErrorDetails {
  /** The key in Redis, prefix included. */
  readonly key?: string | undefined
  /** The call that failed, such as `List.push`. */
  readonly operation?: string | undefined
  readonly cause?: unknown
}

/**
 * The base of all errors of this library: `code` tells them apart, `key` and `operation` say where it happened.
 *
 * @example
 * try { await todo.push('x') } catch (error) { if (error instanceof HotError) console.error(error.code, error.key) }
 */
export class HotError extends Error {
  /** Which error it is, for programs: `KEY_TYPE`, `CODEC`, `CONNECTION`, … */
  readonly code: string = 'HOT'
  readonly key: string | undefined
  readonly operation: string | undefined

  constructor(message: string, details: HotErrorDetails = {}) {
    super(details.operation ? `${details.operation}: ${message}` : message, {
      ...(details.cause === undefined ? {} : { cause: details.cause })
    })
    this.key = details.key
    this.operation = details.operation
  }

  static {
    this.prototype.name = 'HotError'
  }
}

/** The key holds another Redis type than the handle expects. Nothing was changed. */
export class KeyTypeError extends HotError {
  override readonly code: string = 'KEY_TYPE'
  static {
    this.prototype.name = 'KeyTypeError'
  }
}

/** A value can't be stored and read back (refused before anything is sent), or what is stored can't be read. */
export class CodecError extends HotError {
  override readonly code: string = 'CODEC'
  static {
    this.prototype.name = 'CodecError'
  }
}

/** A write to a position that the list or string does not have. */
export class IndexError extends HotError {
  override readonly code: string = 'INDEX'
  static {
    this.prototype.name = 'IndexError'
  }
}

/** What adds to a value, for a write past its end. */
const adding: Readonly<Record<string, string>> = {
  list: 'push, unshift and insert add items',
  string: 'append, prepend and splice add text'
}

export function noSuchIndex(operation: string, key: string, holds = 'list', cause?: unknown): IndexError {
  return new IndexError(`key '${key}' has no such index: ${adding[holds] ?? ''}`, { key, operation, cause })
}

/** The result would be past what a number holds exactly (or at all), or longer than Redis can hold. Nothing was changed. */
export class OverflowError extends HotError {
  override readonly code: string = 'OVERFLOW'
  static {
    this.prototype.name = 'OverflowError'
  }
}

/** What became of the call: `not-sent`, or `unknown` when the connection was lost after it had been sent. */
export type Outcome = 'not-sent' | 'unknown'

/**
 * Redis could not be reached, refused us, or was lost on the way. A write with `outcome: 'unknown'` may or may not have
 * been applied and is never sent again by the library; one with `outcome: 'not-sent'` never will be applied.
 */
export class ConnectionError extends HotError {
  override readonly code: string = 'CONNECTION'
  readonly outcome: Outcome

  constructor(message: string, details: HotErrorDetails & { readonly outcome: Outcome }) {
    super(message, details)
    this.outcome = details.outcome
  }

  static {
    this.prototype.name = 'ConnectionError'
  }
}

/** For a call on a Hot that has been closed. */
export function closed({ operation, key }: { operation: string; key: string | undefined }): ConnectionError {
  const place = key === undefined ? '' : `key '${key}': `
  return new ConnectionError(`${place}this Hot has been closed; make a new one with createHot()`, {
    key,
    operation,
    outcome: 'not-sent'
  })
}

/**
 * A transaction that was used in a way that can't work (nothing was sent then), that took too long, or in which commands
 * failed: Redis does not roll back, so the others have taken effect, and `results` lists them all.
 */
export class TransactionError extends HotError {
  override readonly code: string = 'TRANSACTION'
  /** What became of each write, in order, once Redis has executed them; empty when it has not. */
  readonly results: readonly PromiseSettledResult<unknown>[]

  constructor(
    message: string,
    details: HotErrorDetails & { readonly results?: readonly PromiseSettledResult<unknown>[] } = {}
  ) {
    super(message, details)
    this.results = details.results ?? []
  }

  static {
    this.prototype.name = 'TransactionError'
  }
}

/** The keys a transaction had read changed before it could commit, each time it was run. Nothing was written. */
export class TransactionConflictError extends TransactionError {
  override readonly code: string = 'TRANSACTION_CONFLICT'
  static {
    this.prototype.name = 'TransactionConflictError'
  }
}

/** Nothing in the queue: at once for `getNowait`, or not within the timeout. */
export class QueueEmptyError extends HotError {
  override readonly code: string = 'QUEUE_EMPTY'
  static {
    this.prototype.name = 'QueueEmptyError'
  }
}

/** No space in a bounded queue: at once for `putNowait`, or not within the timeout. The item was not put. */
export class QueueFullError extends HotError {
  override readonly code: string = 'QUEUE_FULL'
  static {
    this.prototype.name = 'QueueFullError'
  }
}

/** What join() waits for did not come within the timeout. */
export class WaitTimeoutError extends HotError {
  override readonly code: string = 'WAIT_TIMEOUT'
  static {
    this.prototype.name = 'WaitTimeoutError'
  }
}

/** Nobody gave a permit back within the timeout. */
export class LockTimeoutError extends HotError {
  override readonly code: string = 'LOCK_TIMEOUT'
  static {
    this.prototype.name = 'LockTimeoutError'
  }
}

/** The lease of a permit ended before it was renewed or released: somebody else may hold it by now. */
export class LeaseLostError extends HotError {
  override readonly code: string = 'LEASE_LOST'
  static {
    this.prototype.name = 'LeaseLostError'
  }
}

/** A release of what is not held: never acquired by this handle, or released before. */
export class NotHeldError extends HotError {
  override readonly code: string = 'NOT_HELD'
  static {
    this.prototype.name = 'NotHeldError'
  }
}

/** Another handle of the same key was made with another `maxsize` or `value`. Nothing was changed. */
export class MismatchError extends HotError {
  override readonly code: string = 'MISMATCH'
  static {
    this.prototype.name = 'MismatchError'
  }
}

/** A call on several keys that live in different slots of a cluster. Nothing was sent. */
export class CrossSlotError extends HotError {
  override readonly code: string = 'CROSS_SLOT'
  static {
    this.prototype.name = 'CrossSlotError'
  }
}

/** Redis answered with an error that none of the others covers. */
export class ReplyError extends HotError {
  override readonly code: string = 'REPLY'
  static {
    this.prototype.name = 'ReplyError'
  }
}
