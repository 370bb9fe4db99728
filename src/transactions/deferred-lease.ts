import type { Command, Runner } from '../core/command.js'
import type { Lease, LeaseSpec } from '../core/wait-spec.js'

/** A lease that was obtained in a transaction: it begins with the commit, and is lost without one. */
export class DeferredLease implements Lease {
  #lease: Lease | undefined
  #over = false

  constructor(
    private readonly spec: LeaseSpec,
    private readonly transaction: Runner
  ) {}

  get over(): boolean {
    return this.#lease?.over ?? this.#over
  }

  stop(): void {
    this.#over = true
    this.#lease?.stop()
  }

  /** What ends it is part of the transaction, until that is over. */
  end<R>(command: Command<R>): Promise<R> {
    this.#over = true
    return this.#lease ? this.#lease.end(command) : this.transaction.run(command)
  }

  async giveUp(why: string): Promise<void> {
    if (this.#lease) return this.#lease.giveUp(why)
    this.#over = true
    this.spec.lose?.(why)
    await this.transaction.run(this.spec.surrender()).catch(() => {})
  }

  check(): void {
    this.#lease?.check()
  }

  /** The transaction is committed. */
  begin(renewal: { autoRenew(spec: LeaseSpec): Lease }): void {
    if (!this.#over) this.#lease = renewal.autoRenew(this.spec)
  }

  /** The transaction has ended otherwise. */
  drop(): void {
    if (this.#over || this.#lease) return
    this.#over = true
    this.spec.lose?.('the transaction that acquired it was not committed')
  }
}
