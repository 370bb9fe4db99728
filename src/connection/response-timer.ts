import type { ClientConnection } from '../clients/port.js'
import { clearTimer, setTimer } from '../core/clock.js'

/** Several checks per timeout: one late check, after a blocked event loop, does not drop a connection whose reply has arrived. */
const CHECKS_PER_TIMEOUT = 4

/** How much longer than the response timeout a slow script may take. */
const SLOW_FACTOR = 12

/** Closes a connection on which no reply arrives within the response timeout while commands are in flight. */
export class ResponseTimer {
  #inFlight = 0
  #slowInFlight = 0
  #replies = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly connection: ClientConnection,
    private readonly responseTimeout: number
  ) {}

  /** A command was sent; a slow one may take longer than the response timeout. */
  sent(slow: boolean): void {
    this.#inFlight++
    if (slow) this.#slowInFlight++
    if (!this.#timer) this.#check(this.#replies, 0)
  }

  /** A command has its reply, or its connection was lost. */
  settled(slow: boolean): void {
    this.#inFlight--
    if (slow) this.#slowInFlight--
    this.#replies++
  }

  /** Counts a command as in flight until its reply settles. */
  async track<R>(reply: Promise<R>, slow = false): Promise<R> {
    this.sent(slow)
    try {
      return await reply
    } finally {
      this.settled(slow)
    }
  }

  stop(): void {
    clearTimer(this.#timer)
  }

  #check(repliesBefore: number, silentChecks: number): void {
    const check = (): void => {
      this.#timer = undefined
      if (this.#inFlight === 0) return
      const silent = repliesBefore === this.#replies ? silentChecks + 1 : 0
      const allowed = this.#slowInFlight > 0 ? CHECKS_PER_TIMEOUT * SLOW_FACTOR : CHECKS_PER_TIMEOUT
      if (silent < allowed) this.#check(this.#replies, silent)
      else this.connection.close()
    }
    this.#timer = setTimer(check, this.responseTimeout / CHECKS_PER_TIMEOUT).unref()
  }
}
