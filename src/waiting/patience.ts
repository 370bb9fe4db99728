import type { WaitOptions } from '../arguments.js'

/** How long a call waits for things in this process, before or instead of waiting in Redis. */
export class Patience {
  readonly #end: number

  constructor(
    private readonly limits: WaitOptions,
    /** The error when there is no time left. */
    private readonly late: (milliseconds: number) => Error
  ) {
    this.#end = performance.now() + (limits.timeout ?? Infinity)
  }

  /** The limits for what comes next. */
  get left(): WaitOptions {
    const { timeout, signal } = this.limits
    return {
      ...(timeout !== undefined && { timeout: Math.max(0, this.#end - performance.now()) }),
      ...(signal && { signal })
    }
  }

  /** Resolves with the promise, or rejects when patience ends before. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const { timeout = 0, signal } = this.limits
    signal?.throwIfAborted()
    const { timeout: left } = this.left
    let stop = (): void => {}
    const end = new Promise<never>((_, reject) => {
      const aborted = (): void => reject(signal?.reason as Error)
      const timer = left === undefined ? undefined : setTimeout(() => reject(this.late(timeout)), left)
      signal?.addEventListener('abort', aborted)
      stop = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
      }
    })
    try {
      return await Promise.race([promise, end])
    } finally {
      stop()
    }
  }
}
