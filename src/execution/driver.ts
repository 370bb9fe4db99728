import type { Command, Read, Reply, Request, Update, Write } from '../core/command.js'
import { ConnectionError, HotError } from '../core/errors.js'
import type { Call } from './call.js'
import type { Generation } from './in-flight.js'
import { explain } from './reply-error.js'

/** Executes requests for the driver: the shared pipeline, or an open transaction. */
export interface Executor {
  read(call: Call): void
  /** `assumed` is what a transaction, whose writes wait for the commit, replies at once. */
  write(call: Call, assumed?: Reply): void
  /** Whether writes are replied to before the next request is made. */
  readonly repliesToWrites: boolean
  /** What a key holds, for an error message; does not fail. */
  typeOf(key: string): Promise<string>
}

export type Resolve<R> = (result: R) => void
export type Reject = (error: unknown) => void

/** Runs a command: the only place that knows how the three kinds of commands are executed. */
export function execute<R>(
  command: Command<R>,
  executor: Executor,
  resolve: Resolve<R>,
  reject: Reject,
  inFlight?: Generation
): void {
  if (command.kind === 'update') {
    new UpdateRun(command, executor, resolve, reject).start()
    return
  }
  const call = new CommandCall(command, executor, resolve, reject, inFlight)
  if (command.kind === 'read') executor.read(call)
  else executor.write(call)
}

/** A Read or a Write as a call. */
class CommandCall<R> implements Call {
  losses = 0

  constructor(
    private readonly command: Read<R> | Write<R>,
    private readonly executor: Executor,
    private readonly resolve: Resolve<R>,
    private readonly reject: Reject,
    private readonly inFlight: Generation | undefined
  ) {}

  get requests(): readonly Request[] {
    return this.command.requests
  }

  get ignoresReply(): boolean {
    return this.command.decode === undefined
  }

  get resend(): boolean {
    return this.command.kind === 'read' || this.command.idempotent
  }

  replied(replies: readonly Reply[], epoch: number): void {
    const { command, executor } = this
    // What a refused call is refused for is asked of Redis: until then it is in flight.
    if (refused(replies, command, command.requests, executor, error => this.#end(this.#afterLosses(error)))) return
    let result: R
    try {
      result = command.decode?.(replies, epoch) as R
    } catch (error) {
      this.#end(error)
      return
    }
    this.inFlight?.ended()
    this.resolve(result)
  }

  failed(error: unknown): void {
    this.#end(notAnswered(this.command, error))
  }

  /** That Redis refuses a write which was sent before, on a connection that was lost, does not tell what became of it. */
  #afterLosses(error: unknown): unknown {
    const { kind, info } = this.command
    if (this.losses === 0 || kind === 'read' || !(error instanceof HotError)) return error
    const message = `${error.message} (it had been sent before, on a connection that was lost: it may have been applied)`
    return new ConnectionError(message, { ...info, cause: error.cause, outcome: 'unknown' })
  }

  #end(error: unknown): void {
    this.inFlight?.ended()
    this.reject(error)
  }
}

/** The reply to a write that was executed. */
const DONE: Reply = ['done']

/** A running Update: reads, computes and writes, again until the stored value was not changed in between. */
class UpdateRun<R> {
  constructor(
    private readonly command: Update<R>,
    private readonly executor: Executor,
    private readonly resolve: Resolve<R>,
    private readonly reject: Reject
  ) {}

  start(): void {
    const { read, tryFirst } = this.command
    if (tryFirst && this.executor.repliesToWrites) this.#write(tryFirst, undefined as R)
    else this.executor.read(this.#call(read, true, stored => this.#attempt(stored)))
  }

  #attempt(stored: Reply): void {
    const { result, write } = this.command.compute(stored)
    if (write) this.#write(write, result)
    else this.resolve(result)
  }

  #write(request: Request, result: R): void {
    const call = this.#call(request, false, reply => {
      if (Array.isArray(reply) && reply[0] === null) this.#attempt(reply[1] ?? null)
      else this.resolve(result)
    })
    this.executor.write(call, DONE)
  }

  #call(request: Request, resend: boolean, next: (reply: Reply) => void): Call {
    const { command, executor, reject } = this
    return {
      requests: [request],
      resend,
      losses: 0,
      replied: replies => {
        if (refused(replies, command, [request], executor, reject)) return
        try {
          next(replies[0] ?? null)
        } catch (error) {
          reject(error)
        }
      },
      failed: error => reject(notAnswered(command, error))
    }
  }
}

/** Whether Redis refused a request; then rejects with the explained error. */
function refused(
  replies: readonly Reply[],
  { info }: Command<unknown>,
  requests: readonly Request[],
  executor: Executor,
  reject: Reject
): boolean {
  for (const reply of replies) {
    if (!(reply instanceof Error)) continue
    explain(reply, info, requests, key => executor.typeOf(key)).then(reject, reject)
    return true
  }
  return false
}

/** The connection failure of a call, with its key and operation. */
function notAnswered({ info: { key, operation }, kind }: Command<unknown>, error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  const { outcome, cause } = error
  const hint =
    outcome === 'unknown' && kind !== 'read'
      ? ', so the write may or may not have been applied; read to find out, it is not sent again'
      : ''
  return new ConnectionError(`key '${key}': ${error.message}${hint}`, { key, operation, cause, outcome })
}
