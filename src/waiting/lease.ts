import { LONGEST_TIMER, clearTimer, now, setImmediateTask, setTimer } from '../core/clock.js'
import type { Command, Reply, Runner } from '../core/command.js'
import type { HandOver, Lease, LeaseSpec } from '../core/wait-spec.js'

/**
 * Something held by lease: renewed every third of its length, as long as this process lives. By the time that has passed
 * here since it was last asked for, it is lost no later than by the server's clock.
 */
export class RenewedLease implements Lease {
  #ends: number
  #renewAt: number
  #renewing = false
  #over = false

  constructor(
    private readonly spec: LeaseSpec,
    private readonly leases: Leases
  ) {
    const { since, length, handedOver } = spec
    this.#ends = since + (handedOver?.firstLease ?? length)
    this.#renewAt = since + length / 3
    if (handedOver && handedOver.firstLease < length) void this.#confirm(handedOver)
  }

  /** Whether it has been lost, given up or stopped. */
  get over(): boolean {
    return this.#over
  }

  get #ended(): boolean {
    return !this.#over && now() >= this.#ends
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
    this.spec.lose?.(why)
    await this.leases.run(this.spec.surrender()).catch(() => {})
  }

  /** Does what is due. */
  act(): void {
    // Where the event loop was blocked, the answer may be there already.
    if (this.#ended && this.#renewing) setImmediateTask(() => this.#ended && this.#expire())
    else if (this.#ended) this.#expire()
    else if (!this.#renewing && now() >= this.#renewAt) void this.#renew()
  }

  /** Finds out by itself that it has ended: timers may be late. */
  check(): void {
    if (this.#ended && !this.#renewing) this.#expire()
  }

  #expire(): void {
    void this.giveUp(`it was not renewed within ${this.spec.length} ms`)
  }

  /** Has it end its length after it was handed over. The holder is waiting for that to be written: it goes past all calls. */
  async #confirm({ time }: HandOver): Promise<void> {
    const { leases, ticket, length, since } = this.spec
    this.#renewing = true
    const words = ['ZADD', leases.name, 'XX', 'CH', String(time + length), ticket]
    const changed = await this.leases.sendOutOfBand(leases.name, words)?.catch(() => undefined)
    this.#renewing = false
    if (this.#over) return
    if (changed === 1) this.#extended(since)
    else void this.#renew()
  }

  async #renew(): Promise<void> {
    this.#renewing = true
    const asked = now()
    const renewed = await this.leases.run(this.spec.renewal()).catch((error: unknown) => error)
    this.#renewing = false
    if (this.#over) return
    if (renewed === false) {
      this.stop()
      this.spec.lose?.('it had ended when it was to be renewed, or clear() took it away')
    } else if (renewed === true) {
      this.#extended(asked)
    } else {
      const current = now()
      this.#renewAt = current + Math.min(this.spec.length / 10, (this.#ends - current) / 3)
      this.leases.plan(this.due)
    }
  }

  /** It ends its length after `asked`. */
  #extended(asked: number): void {
    this.#ends = asked + this.spec.length
    this.#renewAt = asked + this.spec.length / 3
    this.leases.plan(this.due)
  }
}

/** All leases of one Hot, kept by one timer. */
export class Leases {
  readonly #leases = new Set<RenewedLease>()
  #timer: NodeJS.Timeout | undefined
  #planned = Infinity

  constructor(
    private readonly runner: Runner,
    /** Sends a Redis command past all calls; undefined when there is no connection to the key's server. */
    readonly sendOutOfBand: (key: string, words: readonly string[]) => Promise<Reply> | undefined
  ) {}

  autoRenew(spec: LeaseSpec): Lease {
    const lease = new RenewedLease(spec, this)
    this.#leases.add(lease)
    this.plan(lease.due)
    return lease
  }

  remove(lease: RenewedLease): void {
    this.#leases.delete(lease)
  }

  run<R>(command: Command<R>): Promise<R> {
    return this.runner.run(command)
  }

  /** Has the leases looked at no later than that. */
  plan(due: number): void {
    if (due >= this.#planned) return
    this.#planned = due
    clearTimer(this.#timer)
    const wait = Math.min(Math.max(due - now(), 0), LONGEST_TIMER)
    this.#timer = setTimer(this.#act, wait).unref()
  }

  /** Gives all of them up, as their Hot is being closed. */
  async close(): Promise<void> {
    clearTimer(this.#timer)
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
