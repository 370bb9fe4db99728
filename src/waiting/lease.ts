import { LONGEST_TIMER } from '../arguments.js'
import type { Command, Reply, Runner } from '../command.js'
import type { Handed } from './wait.js'

/** What is held for a limited time, and how to hold it for longer. */
export interface Terms {
  /** The key of the sorted set where it stands, among others, by the end of its lease. */
  readonly leases: string
  readonly ticket: string
  /** Milliseconds for which it is held each time. */
  readonly length: number
  /** When it was asked for, by performance.now(). */
  readonly since: number
  readonly handed?: Handed | undefined
  /** Has it end its length from now; false when it has ended. */
  renewal(): Command<boolean>
  /** Gives it up. */
  surrender(): Command<unknown>
  /** It could not be renewed before it ran out, or was taken away. */
  lose?(why: string): void
}

/**
 * Something held by lease: renewed every third of its length, as long as this process lives. By the time that has passed
 * here since it was last asked for, it is lost no later than by the server's clock.
 */
export class Lease {
  #ends: number
  #renewAt: number
  #renewing = false
  #over = false

  constructor(
    private readonly terms: Terms,
    private readonly leases: Leases
  ) {
    const { since, length, handed } = terms
    this.#ends = since + (handed?.first ?? length)
    this.#renewAt = since + length / 3
    if (handed && handed.first < length) void this.#confirm(handed)
  }

  /** Whether it has been lost, given up or stopped. */
  get over(): boolean {
    return this.#over
  }

  get #ended(): boolean {
    return !this.#over && performance.now() >= this.#ends
  }

  /** When there is something to do for it. */
  get due(): number {
    return this.#renewing ? this.#ends : Math.min(this.#renewAt, this.#ends)
  }

  /** Renews it no more; whoever holds it gives it up. */
  stop(): void {
    this.#over = true
    this.leases.remove(this)
  }

  /** Gives it up for its holder, who has to be told why. */
  async giveUp(why: string): Promise<void> {
    this.stop()
    this.terms.lose?.(why)
    await this.leases.run(this.terms.surrender()).catch(() => {})
  }

  /** Does what is due. */
  act(): void {
    // Where the event loop was blocked, the answer may be there already.
    if (this.#ended && this.#renewing) setImmediate(() => this.#ended && this.#expire())
    else if (this.#ended) this.#expire()
    else if (!this.#renewing && performance.now() >= this.#renewAt) void this.#renew()
  }

  /** Finds out by itself that it has ended: timers may be late. */
  check(): void {
    if (this.#ended && !this.#renewing) this.#expire()
  }

  #expire(): void {
    void this.giveUp(`it was not renewed within ${this.terms.length} ms`)
  }

  /** Has it end its length after it was handed over. The holder is waiting for that to be written: it goes past all calls. */
  async #confirm({ time }: Handed): Promise<void> {
    const { leases, ticket, length, since } = this.terms
    this.#renewing = true
    const words = ['ZADD', leases, 'XX', 'CH', String(time + length), ticket]
    const changed = await this.leases.sendAtOnce(leases, words)?.catch(() => undefined)
    this.#renewing = false
    if (this.#over) return
    if (changed === 1) this.#extended(since)
    else void this.#renew()
  }

  async #renew(): Promise<void> {
    this.#renewing = true
    const asked = performance.now()
    const renewed = await this.leases.run(this.terms.renewal()).catch((error: unknown) => error)
    this.#renewing = false
    if (this.#over) return
    if (renewed === false) {
      this.stop()
      this.terms.lose?.('it had ended when it was to be renewed, or clear() took it away')
    } else if (renewed === true) {
      this.#extended(asked)
    } else {
      const now = performance.now()
      this.#renewAt = now + Math.min(this.terms.length / 10, (this.#ends - now) / 3)
      this.leases.plan(this.due)
    }
  }

  /** It ends its length after `asked`. */
  #extended(asked: number): void {
    this.#ends = asked + this.terms.length
    this.#renewAt = asked + this.terms.length / 3
    this.leases.plan(this.due)
  }
}

/** All leases of one Hot, kept by one timer. */
export class Leases {
  readonly #leases = new Set<Lease>()
  #timer: NodeJS.Timeout | undefined
  #planned = Infinity

  constructor(
    private readonly runner: Runner,
    /** Sends a Redis command past all calls; undefined when there is no connection to the key's server. */
    readonly sendAtOnce: (key: string, words: string[]) => Promise<Reply> | undefined
  ) {}

  keep(terms: Terms): Lease {
    const lease = new Lease(terms, this)
    this.#leases.add(lease)
    this.plan(lease.due)
    return lease
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease)
  }

  run<R>(command: Command<R>): Promise<R> {
    return this.runner.run(command)
  }

  /** Has the leases looked at no later than that. */
  plan(due: number): void {
    if (due >= this.#planned) return
    this.#planned = due
    clearTimeout(this.#timer)
    const wait = Math.min(Math.max(due - performance.now(), 0), LONGEST_TIMER)
    this.#timer = setTimeout(this.#act, wait).unref()
  }

  /** Gives all of them up, as their Hot is being closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#leases].map(lease => lease.giveUp('its Hot was closed')))
  }

  readonly #act = (): void => {
    this.#planned = Infinity
    for (const lease of this.#leases) lease.act()
    let due = Infinity
    for (const lease of this.#leases) due = Math.min(due, lease.due)
    if (due < Infinity) this.plan(due)
  }
}
