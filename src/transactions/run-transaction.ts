import { options as optionsOf, waitLimits } from '../core/arguments.js'
import { LONGEST_TIMER, clearTimer, now, setTimer, sleep } from '../core/clock.js'
import { offAbort, onAbort } from '../core/aborts.js'
import { TransactionConflictError, TransactionError } from '../core/errors.js'
import { isAuxKey } from '../core/keys.js'
import { notAFunction } from './errors.js'
import { Transaction, type Attempt, type TransactionHost, type Waiting } from './transaction.js'

export interface TransactionOptions {
  /** How often it is run again when what it has read has changed before its commit. Default: 100. */
  readonly retries?: number
  /** How long it may take until it commits, all runs and waiting for a connection or a change included, in milliseconds. Default: 30,000. */
  readonly timeout?: number
  /**
   * The most elements that a key may have whose writes are read, or awaited, before the commit: it is copied then. Default:
   * any number.
   */
  readonly maxShadow?: number
  /** Ends it when it aborts, unless its commit has been sent: with the signal's reason. */
  readonly signal?: AbortSignal
}

/** How much longer shadows live than their transaction may take, and how long at most, in milliseconds. */
const SHADOW_GRACE = 10_000
const LONGEST_SHADOW = 3_600_000

const OPTIONS = ['retries', 'timeout', 'maxShadow', 'signal'] as const

/** How often a transaction collides before it waits for its turn. */
const CONFLICTS_BEFORE_TURN = 3

const LONGEST_BACKOFF = 100

/** What ends a transaction early. */
export interface Ends {
  /** Drops it, whatever it does. */
  readonly abort: AbortSignal
  /** Ends it if it only waits for a change. */
  readonly closing: AbortSignal
}

/** Runs fn as a transaction, again until nothing it has read changes before the commit. */
export function runTransaction(
  owner: object,
  host: TransactionHost,
  fn: () => unknown,
  options: TransactionOptions,
  ends: Ends
): Promise<unknown> {
  const { retries = 100, timeout = 30_000, maxShadow, signal } = optionsOf('transaction', options, OPTIONS)
  check(fn, retries, timeout, maxShadow)
  waitLimits('transaction', { signal })
  const abort = signal ? AbortSignal.any([ends.abort, signal]) : ends.abort
  return new Attempts(owner, host, fn, { retries, timeout, maxShadow }, { ...ends, abort }).run()
}

/** The attempts at one transaction. */
class Attempts {
  readonly #started = now()
  readonly #earlier: Promise<void> | undefined
  #turn: { release(): Promise<void> } | undefined

  constructor(
    private readonly owner: object,
    private readonly host: TransactionHost,
    private readonly fn: () => unknown,
    private readonly options: Required<Pick<TransactionOptions, 'retries' | 'timeout'>> & {
      readonly maxShadow: number | undefined
    },
    private readonly ends: Ends
  ) {
    this.#earlier = host.runner.settled()
  }

  get #left(): number {
    return this.#started + this.options.timeout - now()
  }

  async run(): Promise<unknown> {
    try {
      return await this.#untilCommitted()
    } finally {
      void this.#turn?.release().catch(() => {})
    }
  }

  async #untilCommitted(): Promise<unknown> {
    const { retries } = this.options
    for (let conflicts = 0; conflicts <= retries;) {
      this.ends.abort.throwIfAborted()
      const transaction = this.#newAttempt()
      const attempt = await this.#inTime(transaction)
      if (attempt === 'conflict') {
        if (!transaction.yielded) conflicts++
        if (transaction.yielded || conflicts >= CONFLICTS_BEFORE_TURN) await this.#takeTurn(transaction.turn)
        // Longer each time, and by chance, so that those who collided do not meet again.
        if (!this.#turn) await sleep(Math.random() * Math.min(LONGEST_BACKOFF, 2 ** conflicts, Math.max(0, this.#left)))
      } else if (attempt !== 'changed') {
        if (!('change' in attempt)) return attempt.value
        // Who waits for a change keeps nobody else waiting.
        await this.#turn?.release().catch(() => {})
        this.#turn = undefined
        await this.#untilChange(attempt)
      }
    }
    throw new TransactionConflictError(
      `what it had read changed before it could commit, ${retries + 1} times in a row: make it shorter, or give it more retries`,
      { operation: 'transaction' }
    )
  }

  /** Waits for its turn: then those that come later make way. */
  async #takeTurn(key: string | undefined): Promise<void> {
    if (this.#turn || key === undefined) return
    const limits = { timeout: Math.max(0, Math.min(this.#left, LONGEST_TIMER)), signal: this.ends.abort }
    // Without the right to wait, chance has to do.
    this.#turn = await this.host.takeTurn(key, limits).catch(() => undefined)
  }

  #newAttempt(): Transaction {
    const { maxShadow } = this.options
    const lifetime = Math.min(this.#left, LONGEST_SHADOW) + SHADOW_GRACE
    const limits = { started: this.#started, lifetime, maxShadow, hasTurn: this.#turn !== undefined }
    return new Transaction(this.owner, this.host, this.#earlier, limits)
  }

  /** One attempt, unless time runs out or its Hot drops everything before it commits. */
  async #inTime(transaction: Transaction): Promise<Attempt> {
    const giveUp = (): void => transaction.giveUp()
    const limit = new Limit(this.#left, [this.ends.abort], () => this.#tooLate(transaction.waitingFor), giveUp)
    try {
      return await Promise.race([transaction.attempt(this.fn, () => limit.stop()), limit.reached])
    } finally {
      limit.stop()
    }
  }

  /** Waits until something has changed that the attempt has read, or until what it waited for has no more time. */
  async #untilChange({ change, keys, retries }: Waiting): Promise<void> {
    const names = keys.filter(key => !isAuxKey(key)).map(key => `'${key}'`)
    const tooLate = (): TransactionError => this.#tooLate(`a change of ${names.join(', ')}, which it had read`)
    const limit = new Limit(this.#left, [this.ends.abort, this.ends.closing], tooLate)
    const woken = new Limit(retries.at - now(), retries.signals, () => undefined)
    try {
      await Promise.race([change.happened, limit.reached, woken.reached.catch(() => {})])
    } finally {
      change.cancel()
      limit.stop()
      woken.stop()
    }
  }

  #tooLate(waitingFor: string): TransactionError {
    const message = `not done after ${this.options.timeout} ms, nothing was written: it was waiting for ${waitingFor}`
    return new TransactionError(message, { operation: 'transaction' })
  }
}

/** Time that runs out, or signals that abort. */
class Limit {
  /** Rejects then. */
  readonly reached: Promise<never>
  #stop = (): void => {}

  constructor(left: number, signals: readonly AbortSignal[], tooLate: () => unknown, ended = (): void => {}) {
    this.reached = new Promise((_, reject) => {
      const end = (error: unknown): void => {
        ended()
        reject(error)
      }
      const timer = setTimer(() => end(tooLate()), Math.min(Math.max(left, 0), LONGEST_TIMER))
      const stops = signals.map(signal => {
        const aborted = (): void => end(signal.reason)
        if (signal.aborted) aborted()
        onAbort(signal, aborted)
        return () => offAbort(signal, aborted)
      })
      this.#stop = () => {
        clearTimer(timer)
        for (const stop of stops) stop()
      }
    })
    this.reached.catch(() => {})
  }

  stop(): void {
    this.#stop()
  }
}

function check(fn: unknown, retries: unknown, timeout: unknown, maxShadow: unknown): void {
  if (typeof fn !== 'function') throw notAFunction()
  if (!Number.isSafeInteger(retries) || (retries as number) < 0) {
    throw new TypeError(`transaction: retries must be a whole number, 0 or more, not ${String(retries)}`)
  }
  if (maxShadow !== undefined && (!Number.isSafeInteger(maxShadow) || (maxShadow as number) < 0)) {
    throw new TypeError(`transaction: maxShadow must be a whole number, 0 or more, not ${JSON.stringify(maxShadow)}`)
  }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new TypeError(`transaction: timeout must be a number of milliseconds above 0, not ${String(timeout)}`)
  }
}
