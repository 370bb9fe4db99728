import type { Assignments } from './assignments.js'
import type { Command, Runner } from './command.js'
import type { WaitOptions } from './arguments.js'
import type { Connection } from './connection/connection.js'
import { closed } from './errors.js'
import type { Pending } from './pending.js'
import { perform, type TransactionOptions } from './transaction/perform.js'
import { QueuedResult } from './transaction/queued-result.js'
import { currentTransaction, runWithin } from './transaction/scope.js'
import type { Lease, Terms } from './waiting/lease.js'
import type { Wait } from './waiting/wait.js'

/**
 * Where every command of a Hot passes: the open transaction that the running code is part of takes it, or else the shared
 * connection does.
 */
export class Dispatcher implements Runner {
  /** Transactions under way. */
  readonly #transactions = new Set<Promise<unknown>>()
  #closing = false

  constructor(
    private readonly connection: Connection,
    private readonly assignments: Assignments
  ) {}

  run<Result>(command: Command<Result>): Pending<Result> {
    return (currentTransaction(this) ?? this.connection).run(command)
  }

  /** A transaction can't wait: it runs something else instead, or refuses. */
  wait<Result>(wait: Wait<Result>, limits: WaitOptions): Pending<Result> {
    const transaction = currentTransaction(this)
    if (!transaction) return this.connection.wait(wait, limits)
    return wait.inTransaction ? transaction.run(wait.inTransaction()) : transaction.refuseWait(wait)
  }

  /** Runs a command that has nothing to do with the code that is running: no transaction takes it. */
  runOutside<Result>(command: Command<Result>): Pending<Result> {
    return this.connection.run(command)
  }

  keep(terms: Terms): Lease {
    return this.connection.keep(terms)
  }

  /** For what can't be awaited. A transaction tells by itself what failed in it. */
  assign(result: Promise<unknown>): void {
    if (!(result instanceof QueuedResult)) this.assignments.track(result)
  }

  /** Runs fn as a transaction; inside of one it becomes a part of that. */
  async transaction(fn: () => unknown, options: TransactionOptions): Promise<unknown> {
    const outer = currentTransaction(this)
    if (outer) return outer.join(fn)
    if (this.#closing) throw closed({ operation: 'transaction', keys: [] })
    const transaction = perform(this, this.connection, fn, options)
    this.#transactions.add(transaction)
    try {
      return await transaction
    } finally {
      this.#transactions.delete(transaction)
    }
  }

  detached<R>(fn: () => R): R {
    return runWithin(this, undefined, fn)
  }

  /** Waits for all that is under way, transactions included, and lets go of the connection. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.allSettled(this.#transactions)
    await this.connection.close()
  }
}
