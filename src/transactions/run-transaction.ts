import { options as optionsOf } from '../core/arguments.js'
import { LONGEST_TIMER, clearTimer, now, setTimer, sleep } from '../core/clock.js'
import { TransactionConflictError, TransactionError } from '../core/errors.js'
import { Transaction, notAFunction, type Attempt, type TransactionHost } from './transaction.js'

export interface TransactionOptions {
  /** How often it is run again when what it has read has changed. Default: 100. */
  readonly retries?: number
  /** How long it may take until it commits, all runs and waiting for a connection included, in milliseconds. Default: 30,000. */
  readonly timeout?: number
  /**
   * The most elements that a key may have whose writes are read, or awaited, before the commit: it is copied then. Default:
   * any number.
   */
  readonly maxShadow?: number
}

/** How much longer shadows live than their transaction may take, and how long at most, in milliseconds. */
const SHADOW_GRACE = 10_000
const LONGEST_SHADOW = 3_600_000

const OPTIONS = ['retries', 'timeout', 'maxShadow'] as const

const LONGEST_BACKOFF = 100

/** Runs fn as a transaction, again until nothing it has read changes before the commit. */
export async function runTransaction(
  owner: object,
  host: TransactionHost,
  fn: () => unknown,
  options: TransactionOptions,
  closing: AbortSignal
): Promise<unknown> {
  const { retries = 100, timeout = 30_000, maxShadow } = optionsOf('transaction', options, OPTIONS)
  check(fn, retries, timeout, maxShadow)
  const earlier = host.runner.settled()
  const end = now() + timeout
  for (let run = 0; run <= retries; run++) {
    closing.throwIfAborted()
    const lifetime = Math.min(end - now(), LONGEST_SHADOW) + SHADOW_GRACE
    const transaction = new Transaction(owner, host, earlier, { lifetime, maxShadow })
    const attempt = await withinTime(transaction, fn, end - now(), timeout, closing)
    if (attempt !== 'conflict') return attempt.value
    // Longer each time, and by chance, so that those who collided do not meet again.
    await sleep(Math.random() * Math.min(LONGEST_BACKOFF, 2 ** run, Math.max(0, end - now())))
  }
  throw new TransactionConflictError(
    `what it had read changed before it could commit, ${retries + 1} times in a row: make it shorter, or give it more retries`,
    { operation: 'transaction' }
  )
}

/** One attempt, unless time runs out or its Hot drops everything before it commits. */
async function withinTime(
  transaction: Transaction,
  fn: () => unknown,
  left: number,
  timeout: number,
  closing: AbortSignal
): Promise<Attempt> {
  let stop = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    const end = (error: unknown): void => {
      transaction.giveUp()
      reject(error)
    }
    const closed = (): void => end(closing.reason)
    const timer = setTimer(() => end(tooLate(timeout, transaction)), Math.min(left, LONGEST_TIMER))
    closing.addEventListener('abort', closed)
    stop = () => {
      clearTimer(timer)
      closing.removeEventListener('abort', closed)
    }
  })
  try {
    return await Promise.race([transaction.attempt(fn, stop), ended])
  } finally {
    stop()
  }
}

function tooLate(timeout: number, { waitingFor }: Transaction): TransactionError {
  const message = `not done after ${timeout} ms, nothing was written: it was waiting for ${waitingFor}`
  return new TransactionError(message, { operation: 'transaction' })
}

function check(fn: unknown, retries: unknown, timeout: unknown, maxShadow: unknown): void {
  if (typeof fn !== 'function') throw notAFunction()
  if (!Number.isSafeInteger(retries) || (retries as number) < 0) {
    throw new TypeError(`transaction: retries must be a whole number, 0 or more, not ${String(retries)}`)
  }
  if (maxShadow !== undefined && (!Number.isSafeInteger(maxShadow) || (maxShadow as number) < 0)) {
    throw new TypeError(`transaction: maxShadow must be a whole number, 0 or more, not ${String(maxShadow)}`)
  }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new TypeError(`transaction: timeout must be a number of milliseconds above 0, not ${String(timeout)}`)
  }
}
