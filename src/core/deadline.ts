import { LONGEST_TIMER, clearTimer, now, setTimer } from './clock.js'

/** A point in time by which something must be done, and a signal that ends it earlier. */
export class Deadline {
  #end: number

  constructor(
    readonly timeout = Infinity,
    private readonly signal?: AbortSignal
  ) {
    this.#end = now() + timeout
  }

  /** Milliseconds left. */
  get left(): number {
    return Math.max(0, this.#end - now())
  }

  /** The time left, as the options of a wait. */
  get limits(): { readonly timeout?: number; readonly signal?: AbortSignal } {
    return {
      ...(this.timeout !== Infinity && { timeout: this.left }),
      ...(this.signal && { signal: this.signal })
    }
  }

  /** Settles with the promise; rejects with `timeoutError` at the deadline, with the signal's reason when it aborts. */
  async wait<T>(promise: Promise<T>, timeoutError: (milliseconds: number) => Error = noAnswer): Promise<T> {
    const { signal } = this
    signal?.throwIfAborted()
    let stop = (): void => {}
    const end = new Promise<never>((_, reject) => {
      const aborted = (): void => reject(signal?.reason as Error)
      const timer =
        this.left > LONGEST_TIMER
          ? undefined
          : setTimer(() => {
              // A timer may fire up to a millisecond early: what has been told to be over is.
              this.#end = Math.min(this.#end, now())
              reject(timeoutError(this.timeout))
            }, this.left)
      signal?.addEventListener('abort', aborted)
      stop = () => {
        clearTimer(timer)
        signal?.removeEventListener('abort', aborted)
      }
    })
    try {
      return await Promise.race([promise, end])
    } finally {
      stop()
    }
  }

  /** Resolves after some milliseconds; rejects when the signal aborts. */
  async sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await this.wait(new Promise<void>(resolve => (timer = setTimer(resolve, Math.min(milliseconds, this.left)))))
    } finally {
      clearTimer(timer)
    }
  }
}

function noAnswer(timeout: number): Error {
  return new Error(`no answer within ${timeout} ms`)
}
