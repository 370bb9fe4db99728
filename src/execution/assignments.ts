import { HotError } from '../core/errors.js'
import { InFlight, type Generation } from './in-flight.js'

const MOST_KEPT = 100

interface Callbacks {
  readonly generation: Generation
  readonly succeeded: () => void
  readonly failed: (error: unknown) => void
}

/**
 * What can't be awaited: `user.name = 'Ada'`, `delete todo[0]`, `initial`. Waits for all of them on flush(), and keeps
 * what failed until somebody has been told.
 */
export class Assignments {
  readonly #inFlight = new InFlight()
  #callbacks: Callbacks | undefined
  #failures: unknown[] = []
  #failed = 0

  constructor(private readonly onError: ((error: unknown) => void) | undefined) {}

  track(result: Promise<unknown>): void {
    const { succeeded, failed } = this.begin()
    result.then(succeeded, failed)
  }

  /** The callbacks of an assignment, which it shares with others that are in flight. */
  begin(): Callbacks {
    const generation = this.#inFlight.begin()
    if (this.#callbacks?.generation === generation) return this.#callbacks
    return (this.#callbacks = this.#callbacksOf(generation))
  }

  #callbacksOf(generation: Generation): Callbacks {
    const succeeded = (): void => generation.ended()
    const failed = (error: unknown): void => {
      this.#fail(error)
      generation.ended()
    }
    return { generation, succeeded, failed }
  }

  /** Waits for all assignments made so far and throws what failed since the last time. */
  async flush(): Promise<void> {
    await this.#inFlight.settled()
    const failures = this.#failures
    const failed = this.#failed
    this.#failures = []
    this.#failed = 0
    if (failed === 1) throw failures[0]
    if (failed > 1) {
      const kept = failed > failures.length ? `, the newest ${failures.length} of them in errors` : ''
      throw new AggregateError(failures, `${failed} assignments failed${kept}`)
    }
  }

  #fail(error: unknown): void {
    if (this.onError) {
      try {
        this.onError(error)
      } catch (thrown) {
        process.emitWarning(`onError threw: ${String(thrown)}`, 'HotAssignmentWarning')
      }
      return
    }
    this.#failed++
    this.#failures.push(error)
    if (this.#failures.length > MOST_KEPT) this.#failures.shift()
    const key = error instanceof HotError && error.key !== undefined ? ` to key '${error.key}'` : ''
    const cause = error instanceof Error ? error.message : String(error)
    process.emitWarning(`an assignment${key} failed, hot.flush() will throw it: ${cause}`, 'HotAssignmentWarning')
  }
}
