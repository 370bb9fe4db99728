import { LONGEST_TIMER, clearTimer, now, setImmediateTask, setTimer } from '../core/clock.js'
import type { Command, Reply, Runner } from '../core/command.js'
import type { HandOver, Lease, LeaseSpec } from '../core/wait-spec.js'

/**
 * A lease that is renewed every third of its length while this process lives. Its end is measured locally, from before the
 * last renewal was sent, so it counts as lost here no later than in Redis.
 */
export class RenewedLease implements Lease {
  #ends: number
  #renewAt: number
  #renewing = false
  /** When the last renewal was sent. */
  #asked = -Infinity
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

  /** Whether the lease has been lost, given up or stopped. */
  get over(): boolean {
    return this.#over
  }

  get #ended(): boolean {
    return !this.#over && now() >= this.#ends
  }

  /** When to call act(). */
  get due(): number {
    return this.#renewing ? this.#ends : Math.min(this.#renewAt, this.#ends)
  }

  /** Stops renewing; the holder gives the lease up. */
  stop(): void {
    this.#over = true
    this.leases.remove(this)
  }

  end<R>(command: Command<R>): Promise<R> {
    this.stop()
    return this.leases.run(command)
  }

  /** Gives the lease up and tells its holder why. */
  async giveUp(why: string): Promise<void> {
    this.stop()
    this.spec.lose?.(why)
    await this.leases.run(this.spec.surrender()).catch(() => {})
  }

  /** Renews or expires the lease if that is due. */
  act(): void {
    // After a blocked event loop the reply may have arrived already: let it be read first.
    if (this.#ended && this.#renewing) setImmediateTask(() => this.#ended && this.#expire())
    else if (this.#ended) this.#expire()
    else if (!this.#renewing && now() >= this.#renewAt) void this.#renew()
  }

  /** Expires the lease if it has ended: timers may be late. */
  check(): void {
    const renewedEnd = this.#renewing ? this.#asked + this.spec.length : -Infinity
    if (this.#ended && now() >= renewedEnd) this.#expire()
  }

  #expire(): void {
    void this.giveUp(`it was not renewed within ${this.spec.length} ms`)
  }

  /** Extends the first lease to its whole length. Sent out of band, because the holder waits for it to be flushed. */
  async #confirm({ time }: HandOver): Promise<void> {
    const { leases, ticket, length, since } = this.spec
    this.#renewing = true
    this.#asked = since
    const words = ['ZADD', leases.name, 'XX', 'CH', String(time + length), ticket]
    const changed = await this.leases.sendOutOfBand(leases.name, words)?.catch(() => undefined)
    this.#renewing = false
    if (this.#over) return
    if (changed === 1) this.#extended(since)
    else void this.#renew()
  }

  async #renew(): Promise<void> {
    this.#renewing = true
    const asked = (this.#asked = now())
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

  /** The lease ends its length after `asked`. */
  #extended(asked: number): void {
    this.#ends = asked + this.spec.length
    this.#renewAt = asked + this.spec.length / 3
    this.leases.plan(this.due)
  }
}

/** All leases of one Hot, renewed by one timer. */
export class Leases {
  readonly #leases = new Set<RenewedLease>()
  #timer: NodeJS.Timeout | undefined
  #planned = Infinity

  constructor(
    private readonly runner: Runner,
    /** Sends a Redis command ahead of all calls; undefined without a connection to the key's server. */
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

  /** Schedules act() for all leases, no later than `due`. */
  plan(due: number): void {
    if (due >= this.#planned) return
    this.#planned = due
    clearTimer(this.#timer)
    const wait = Math.min(Math.max(due - now(), 0), LONGEST_TIMER)
    this.#timer = setTimer(this.#act, wait).unref()
  }

  /** Gives up all leases when the Hot closes. */
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
