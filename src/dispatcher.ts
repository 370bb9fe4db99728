import type { SharedRunner } from './connection/shared-runner.js'
import type { Command } from './core/command.js'
import { TransactionError, closed } from './core/errors.js'
import { Pending } from './core/pending.js'
import type { Lease, LeaseSpec, WaitOptions, WaitSpec } from './core/wait-spec.js'
import type { Assignments } from './execution/assignments.js'
import type { Dispatcher as HandleDispatcher } from './handles/operation.js'
import { runTransaction, type TransactionOptions } from './transactions/run-transaction.js'
import { currentTransaction, runWithin } from './transactions/scope.js'
import type { Transaction, TransactionHost } from './transactions/transaction.js'
import { RefusedResult, WriteResult } from './transactions/write-result.js'
import type { Leases } from './waiting/lease.js'
import type { WaitRegistry } from './waiting/wait-registry.js'

type AnyMethod = (one?: unknown, other?: unknown) => Promise<unknown>

/** What an assignment's method returns. */
const TRACKED = new Pending<unknown>(resolve => resolve(undefined))

/**
 * Where every call of a Hot passes: the open transaction that the running code is part of takes it, or else the shared
 * connection does.
 */
export class Dispatcher implements HandleDispatcher {
  /** Transactions in progress. */
  readonly #transactions = new Set<Promise<unknown>>()
  #closing = false
  /** The next command is an assignment. */
  #assigning = false
  /** Ends the transactions in progress. */
  readonly #abort = new AbortController()
  /** Ends those of them that only wait for a change. */
  readonly #waiting = new AbortController()

  constructor(
    private readonly runner: SharedRunner,
    private readonly host: TransactionHost,
    private readonly waits: WaitRegistry,
    private readonly leases: Leases,
    private readonly assignments: Assignments
  ) {}

  run<R>(command: Command<R>, limits?: WaitOptions): Pending<R> {
    const transaction = this.#current()
    if (transaction) return transaction.run(command)
    // A codec that reads while a value is assigned gets its own answer.
    if (!this.#assigning || command.kind === 'read') return this.runner.run(command, limits)
    this.#assigning = false
    const { succeeded, failed } = this.assignments.begin()
    this.runner.submit(command, succeeded, failed, limits)
    return TRACKED as Pending<R>
  }

  /** A transaction does not wait: it tries, and is run again when that can have another end. */
  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    const transaction = this.#current()
    if (!transaction) return this.waits.wait(spec, limits)
    return spec.asWrite ? transaction.run(spec.asWrite()) : transaction.wait(spec, limits)
  }

  autoRenew(spec: LeaseSpec): Lease {
    return this.leases.autoRenew(spec)
  }

  /** Runs a method as an assignment: what it sends is tracked, without a promise. A transaction tells what failed in it. */
  assign<Target extends object>(target: Target, method: keyof Target, one?: unknown, other?: unknown): void {
    this.#assigning = true
    let result: Promise<unknown>
    try {
      const methods = target as Record<keyof Target, AnyMethod>
      // Methods may count their arguments.
      result = other === undefined ? methods[method](one) : methods[method](one, other)
    } finally {
      this.#assigning = false
    }
    if (result !== TRACKED && !(result instanceof WriteResult || result instanceof RefusedResult)) {
      this.assignments.track(result)
    }
  }

  /** Runs fn as a transaction; inside of one it becomes a part of that. */
  async transaction(fn: () => unknown, options: TransactionOptions): Promise<unknown> {
    const outer = this.#current()
    if (outer) return outer.join(fn)
    if (this.#closing) throw closed({ operation: 'transaction', key: undefined })
    const ends = { abort: this.#abort.signal, closing: this.#waiting.signal }
    const transaction = runTransaction(this, this.host, fn, options, ends)
    this.#transactions.add(transaction)
    try {
      return await transaction
    } finally {
      this.#transactions.delete(transaction)
    }
  }

  /** Has the transaction that the running code is part of run again when something it has read has changed. */
  retry(): never {
    const transaction = this.#current()
    if (transaction) return transaction.retry()
    throw new TransactionError(
      'there is no transaction to run again here: call it inside hot.transaction(() => { … }) or hot.when(() => …)',
      { operation: 'retry' }
    )
  }

  /** The first branch that does not retry; outside of a transaction it is one of its own. */
  async orElse(branches: readonly (() => unknown)[]): Promise<unknown> {
    const transaction = this.#current()
    return transaction ? transaction.orElse(branches) : this.transaction(() => this.orElse(branches), {})
  }

  detached<R>(fn: () => R): R {
    return runWithin(this, undefined, fn)
  }

  /** Refuses what can't be a part of a transaction. */
  refuseInside(operation: string, why: string): void {
    this.#current()?.refuseCall(operation, why)
  }

  /** Takes no more transactions, and waits for those in progress. */
  async close(): Promise<void> {
    this.#closing = true
    this.#waiting.abort(closed({ operation: 'transaction', key: undefined }))
    await Promise.allSettled(this.#transactions)
  }

  /** Ends the transactions in progress that have not begun to commit. */
  abort(): void {
    this.#abort.abort(closed({ operation: 'transaction', key: undefined }))
  }

  #current(): Transaction | undefined {
    return currentTransaction(this) as Transaction | undefined
  }
}

/** Runs the calls of handles whose calls have limits; everything else is as the Hot's own dispatcher has it. */
export class LimitedDispatcher implements HandleDispatcher {
  constructor(
    private readonly base: Dispatcher,
    private readonly limits: WaitOptions
  ) {}

  run<R>(command: Command<R>): Pending<R> {
    return this.base.run(command, this.limits)
  }

  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    return this.base.wait(spec, tighter(this.limits, limits))
  }

  autoRenew(spec: LeaseSpec): Lease {
    return this.base.autoRenew(spec)
  }

  assign<Target extends object>(target: Target, method: keyof Target, one?: unknown, other?: unknown): void {
    this.base.assign(target, method, one, other)
  }
}

/** Limits that end as soon as either of two does. */
export function tighter(one: WaitOptions, other: WaitOptions): WaitOptions {
  const timeout = Math.min(one.timeout ?? Infinity, other.timeout ?? Infinity)
  const signals = [one.signal, other.signal].filter(signal => signal !== undefined)
  const [signal] = signals.length > 1 ? [AbortSignal.any(signals)] : signals
  return { ...(timeout < Infinity && { timeout }), ...(signal && { signal }) }
}
