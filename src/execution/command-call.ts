import type { CallInfo, Command, Read, Reply, Request, Write } from '../core/command.js'
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

/**
 * A Read or a Write on its way. The commands that most calls make are calls themselves, so that one object is all that a
 * call allocates here; what they keep until they are answered counts more than anything else when thousands are made together.
 */
export abstract class CommandCall<R> implements Call {
  losses = 0
  /** Set by begin(). */
  private executor: Executor | undefined = undefined
  private resolve: Resolve<R> | undefined = undefined
  private reject: Reject | undefined = undefined
  private inFlight: Generation | undefined = undefined

  abstract readonly info: CallInfo
  abstract readonly requests: readonly Request[]
  abstract readonly request: Request | undefined
  abstract readonly ignoresReply: boolean
  abstract readonly resend: boolean
  protected abstract readonly isRead: boolean

  /** The result from the replies. */
  protected abstract result(replies: readonly Reply[], epoch: number): R

  /** Whether it has been executed: it can be only once. */
  get begun(): boolean {
    return this.executor !== undefined
  }

  begin(executor: Executor, resolve: Resolve<R>, reject: Reject, inFlight: Generation | undefined): void {
    this.executor = executor
    this.resolve = resolve
    this.reject = reject
    this.inFlight = inFlight
    if (this.isRead) executor.read(this)
    else executor.write(this)
  }

  replied(replies: readonly Reply[], epoch: number): void {
    const refusal = refusalIn(replies)
    // What a refused call is refused for is asked of Redis: until then it is in flight.
    if (refusal) return this.#explain(refusal)
    let result: R
    try {
      result = this.result(replies, epoch)
    } catch (error) {
      this.#end(error)
      return
    }
    this.inFlight?.ended()
    this.resolve?.(result)
  }

  failed(error: unknown): void {
    this.#end(notAnswered(this.info, this.isRead, error))
  }

  #explain(refusal: Error): void {
    const ended = (error: unknown): void => this.#end(this.#afterLosses(error))
    explainRefusal(refusal, this.info, this.requests, this.executor as Executor, ended)
  }

  /** That Redis refuses a write which was sent before, on a connection that was lost, does not tell what became of it. */
  #afterLosses(error: unknown): unknown {
    if (this.losses === 0 || this.isRead || !(error instanceof HotError)) return error
    const { key, operation } = this.info
    const message = `${error.message} (it had been sent before, on a connection that was lost: it may have been applied)`
    return new ConnectionError(message, { key, operation, cause: error.cause, outcome: 'unknown' })
  }

  #end(error: unknown): void {
    this.inFlight?.ended()
    this.reject?.(error)
  }
}

/** The call of a command that is none itself, or that has been executed before. */
class CallOf<R> extends CommandCall<R> {
  constructor(private readonly command: Read<R> | Write<R>) {
    super()
  }

  get info(): CallInfo {
    return this.command.info
  }

  get requests(): readonly Request[] {
    return this.command.requests
  }

  get request(): Request | undefined {
    return this.command.requests.length === 1 ? this.command.requests[0] : undefined
  }

  get ignoresReply(): boolean {
    return this.command.decode === undefined
  }

  get resend(): boolean {
    return this.command.kind === 'read' || this.command.idempotent
  }

  protected get isRead(): boolean {
    return this.command.kind === 'read'
  }

  protected result(replies: readonly Reply[], epoch: number): R {
    return this.command.decode?.(replies, epoch) as R
  }
}

/** A Read of one request. */
export abstract class ReadCall<R> extends CommandCall<R> implements Read<R> {
  constructor(
    readonly info: CallInfo,
    readonly request: Request
  ) {
    super()
  }

  abstract decode(replies: readonly Reply[]): R

  get kind(): 'read' {
    return 'read'
  }

  get requests(): readonly Request[] {
    return [this.request]
  }

  get ignoresReply(): boolean {
    return false
  }

  get resend(): boolean {
    return true
  }

  protected get isRead(): boolean {
    return true
  }

  protected result(replies: readonly Reply[]): R {
    return this.decode(replies)
  }
}

/** A Read of one request, with a function that decodes its reply. */
export class SingleRead<R> extends ReadCall<R> {
  constructor(
    info: CallInfo,
    request: Request,
    private readonly decodeReply: (reply: Reply) => R
  ) {
    super(info, request)
  }

  override decode(replies: readonly Reply[]): R {
    return this.decodeReply(replies[0] ?? null)
  }
}

/** A Write of one request that may not be sent twice. */
export class SingleWrite<R> extends CommandCall<R> implements Write<R> {
  constructor(
    readonly info: CallInfo,
    readonly request: Request,
    private readonly decodeReply: ((reply: Reply) => R) | undefined
  ) {
    super()
  }

  get kind(): 'write' {
    return 'write'
  }

  get requests(): readonly Request[] {
    return [this.request]
  }

  get decode(): ((replies: readonly Reply[]) => R) | undefined {
    const { decodeReply } = this
    return decodeReply && (replies => decodeReply(replies[0] ?? null))
  }

  get returnsNothing(): boolean {
    return this.decodeReply === undefined
  }

  get idempotent(): boolean {
    return false
  }

  get ignoresReply(): boolean {
    return this.decodeReply === undefined
  }

  get resend(): boolean {
    return false
  }

  protected get isRead(): boolean {
    return false
  }

  protected result(replies: readonly Reply[]): R {
    return this.decodeReply?.(replies[0] ?? null) as R
  }
}

/** The first reply by which Redis refuses a request. */
export function refusalIn(replies: readonly Reply[]): Error | undefined {
  for (const reply of replies) if (reply instanceof Error) return reply
  return undefined
}

/** Rejects with the error that explains a refusal. */
export function explainRefusal(
  refusal: Error,
  info: CallInfo,
  requests: readonly Request[],
  executor: Executor,
  reject: Reject
): void {
  explain(refusal, info, requests, key => executor.typeOf(key)).then(reject, reject)
}

/** The connection failure of a call, with its key and operation. */
export function notAnswered({ key, operation }: CallInfo, isRead: boolean, error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  const { outcome, cause } = error
  const hint =
    outcome === 'unknown' && !isRead
      ? ', so the write may or may not have been applied; read to find out, it is not sent again'
      : ''
  return new ConnectionError(`key '${key}': ${error.message}${hint}`, { key, operation, cause, outcome })
}

/** The call for a command: itself where it can be. */
export function callOf<R>(command: Exclude<Command<R>, { kind: 'update' }>): CommandCall<R> {
  const own = command instanceof CommandCall && !command.begun ? (command as CommandCall<R>) : undefined
  return own ?? new CallOf(command)
}
