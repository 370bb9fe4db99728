import type { Command, Runner } from '../command.js'

/** What is held for a limited time, and how to hold it for longer. */
export interface Terms {
  /** Milliseconds for which it is held each time. */
  readonly length: number
  /** When it was asked for, by performance.now(). */
  readonly since: number
  /** Whether it has to be renewed at once, for it may end sooner at first. */
  readonly renewAtOnce: boolean
  /** Has it end later; false when it has ended. */
  readonly renew: Command<boolean>
  /** Gives it up. */
  readonly giveUp: Command<unknown>
  /** It could not be renewed before it ran out, or was taken away. */
  readonly lost: (why: string) => void
}

const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Something held by lease: renewed every third of its length, as long as this process lives. By the time that has passed
 * here since it was last asked for, it is lost no later than by the server's clock.
 */
export class Lease {
  #ends: number
  #timer: NodeJS.Timeout | undefined
  #renewing = false
  #over = false

  constructor(
    private readonly runner: Runner,
    private readonly terms: Terms,
    private readonly leases: Set<Lease>
  ) {
    this.#ends = terms.since + terms.length
    leases.add(this)
    if (terms.renewAtOnce) void this.#renew()
    else this.#check(terms.since + terms.length / 3)
  }

  /** Whether it has been lost, given up or stopped. */
  get over(): boolean {
    return this.#over
  }

  /** Renews it no more; whoever holds it gives it up. */
  stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.leases.delete(this)
  }

  /** Gives it up for its holder, who has to be told why. */
  async giveUp(why: string): Promise<void> {
    this.stop()
    this.terms.lost(why)
    await this.runner.run(this.terms.giveUp).catch(() => {})
  }

  /** Renews it at that time; and once more when it ends, to see whether that was done. */
  #check(renewAt: number): void {
    const wait = Math.min(renewAt, this.#ends) - performance.now()
    this.#timer = setTimeout(() => this.#act(renewAt), Math.min(Math.max(wait, 0), LONGEST_TIMER)).unref()
  }

  #act(renewAt: number): void {
    const now = performance.now()
    if (now >= this.#ends) {
      void this.giveUp(`it was not renewed within ${this.terms.length} ms`)
      return
    }
    if (now >= renewAt && !this.#renewing) void this.#renew()
    else this.#check(renewAt)
  }

  async #renew(): Promise<void> {
    this.#renewing = true
    const asked = performance.now()
    const renewing = this.runner.run(this.terms.renew)
    this.#check(Infinity)
    const renewed = await renewing.catch((error: unknown) => error)
    this.#renewing = false
    if (this.#over) return
    clearTimeout(this.#timer)
    if (renewed === false) {
      this.stop()
      this.terms.lost('it had ended when it was to be renewed, or clear() took it away')
    } else if (renewed === true) {
      this.#ends = asked + this.terms.length
      this.#check(asked + this.terms.length / 3)
    } else {
      this.#check(performance.now() + this.terms.length / 10)
    }
  }
}

/** All leases of one Hot. */
export class Leases {
  readonly #leases = new Set<Lease>()

  constructor(private readonly runner: Runner) {}

  keep(terms: Terms): Lease {
    return new Lease(this.runner, terms, this.#leases)
  }

  /** Gives all of them up, as their Hot is being closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#leases].map(lease => lease.giveUp('its Hot was closed')))
  }
}
