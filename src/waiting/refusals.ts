import { clearTimer, setTimer } from '../core/clock.js'
import { asking, type PendingWait, type Submit } from './pending-wait.js'

/** Maximum waits that are remembered: the oldest are dropped. */
const MAX_WAITS = 10_000

/** Milliseconds until the refusals are repeated that Redis did not execute. */
const INTERVAL = 250

/**
 * What ended waits refuse: they may be enqueued still, or may have been served. Removes their tickets and gives back what
 * these were given; again until Redis has done so. It is not sent again while it is on its way, and nothing is handed to a
 * ticket after Redis has executed it.
 */
export class Refusals {
  readonly #waits = new Set<PendingWait>()
  readonly #onTheirWay = new Set<PendingWait>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(private readonly submit: Submit) {}

  add(wait: PendingWait): void {
    this.#waits.add(wait)
    const [oldest] = this.#waits.size > MAX_WAITS ? this.#waits : []
    if (oldest) this.#waits.delete(oldest)
    this.#send(wait)
  }

  /** Sends again what Redis did not execute. */
  repeat(): void {
    if (this.#closed) return
    for (const wait of this.#waits) if (!this.#onTheirWay.has(wait)) this.#send(wait)
  }

  /** Sends a last time what Redis did not execute. */
  close(): void {
    clearTimer(this.#timer)
    this.repeat()
    this.#closed = true
  }

  #send(wait: PendingWait): void {
    this.#onTheirWay.add(wait)
    const executed = (): void => {
      this.#onTheirWay.delete(wait)
      this.#waits.delete(wait)
    }
    const failed = (): void => {
      this.#onTheirWay.delete(wait)
      this.#repeatLater()
    }
    this.submit(asking(wait.spec, wait.refusal(), true), executed, failed)
  }

  #repeatLater(): void {
    if (this.#closed || this.#timer) return
    this.#timer = setTimer(() => {
      this.#timer = undefined
      this.repeat()
    }, INTERVAL).unref()
  }
}
