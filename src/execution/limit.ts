import { offAbort, onAbort } from '../core/aborts.js'
import type { WaitOptions } from '../core/arguments.js'
import { clearTimer, now, setTimer } from '../core/clock.js'
import type { Command, Reply } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import type { Call } from './call.js'
import type { Executor, Reject, Resolve } from './driver.js'

/** How long a call may take: by then its caller is told, whatever Redis does. */
export class CallLimit {
  #timer: NodeJS.Timeout | undefined
  #writeSent = false
  #over = false
  readonly #called = now()

  constructor(
    private readonly limits: WaitOptions,
    private readonly command: Command<unknown>,
    private readonly reject: Reject
  ) {
    const { timeout, signal } = limits
    if (timeout !== undefined) {
      this.#timer = setTimer(() => this.#expire(`took longer than ${timeout} ms`), timeout).unref()
    }
    if (signal) onAbort(signal, this.#aborted)
    if (signal?.aborted) this.#aborted()
  }

  /** Whether the caller has been told: nothing more is sent for it. */
  get over(): boolean {
    return this.#over
  }

  /** The error for a call that was not sent in time. */
  notSent(): ConnectionError {
    return this.#error(`was given up after ${Math.round(now() - this.#called)} ms`, 'not-sent')
  }

  /** A request is about to be sent; false when the caller has been told that it will not be. */
  sending(writes: boolean): boolean {
    this.#writeSent ||= writes && !this.#over
    return !this.#over
  }

  #release(): void {
    clearTimer(this.#timer)
    if (this.limits.signal) offAbort(this.limits.signal, this.#aborted)
  }

  /** Takes the outcome of a call, unless its caller has been told before. */
  ending<R>(take: Resolve<R>): Resolve<R> {
    return outcome => {
      if (this.#over) return
      this.#over = true
      this.#release()
      take(outcome)
    }
  }

  readonly #aborted = (): void => this.#expire('was aborted by its signal')

  #expire(what: string): void {
    if (this.#over) return
    this.#over = true
    this.#release()
    this.reject(this.#error(what, this.#writeSent ? 'unknown' : 'not-sent'))
  }

  #error(what: string, outcome: ConnectionError['outcome']): ConnectionError {
    const { key, operation } = this.command.info
    const hint =
      outcome === 'unknown' ? ': the write was sent, and may or may not be applied' : ': it takes no effect any more'
    const cause: unknown = this.limits.signal?.aborted ? this.limits.signal.reason : undefined
    return new ConnectionError(`key '${key}': the call ${what}${hint}`, { key, operation, outcome, cause })
  }
}

/** A call that is not sent once its caller has been told that it takes too long. */
class LimitedCall implements Call {
  losses = 0

  constructor(
    private readonly call: Call,
    private readonly limit: CallLimit,
    private readonly writes: boolean
  ) {}

  get requests(): Call['requests'] {
    return this.call.requests
  }

  get request(): Call['request'] {
    return this.call.request
  }

  get resend(): boolean {
    return this.call.resend
  }

  get ignoresReply(): boolean {
    return this.call.ignoresReply === true
  }

  /** Why it must not be sent any more. */
  givenUp(): Error | undefined {
    return this.limit.sending(this.writes) ? undefined : this.limit.notSent()
  }

  replied(replies: readonly Reply[], epoch: number): void {
    this.call.losses = this.losses
    this.call.replied(replies, epoch)
  }

  failed(error: unknown): void {
    this.call.failed(error)
  }
}

/** An executor whose calls have a limit. */
export function withLimit(executor: Executor, limit: CallLimit): Executor {
  return {
    repliesToWrites: executor.repliesToWrites,
    read: call => executor.read(new LimitedCall(call, limit, false)),
    write: call => executor.write(new LimitedCall(call, limit, true)),
    typeOf: key => executor.typeOf(key)
  }
}
