import type { ClientConnection, ReplyReceiver } from '../clients/port.js'
import { clearTimer, nextTick, runMicrotask, setImmediateTask, setTimer } from '../core/clock.js'
import type { Reply } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import type { Call, CommandSink } from '../execution/call.js'
import { readOnly } from '../execution/reply-error.js'
import { plan, repliesOf, type Transmission } from '../execution/plan.js'
import { connectionClosed, openConnection, type Destination } from './connector.js'
import { FusionRights } from './fusion-rights.js'
import { ResponseTimer } from './response-timer.js'

/** Maximum connections on which a repeatable call is lost: the call itself may be the reason. */
const MAX_LOSSES = 5

/** Maximum calls that are sent before replies are read again: a few milliseconds. */
const MAX_FLUSH_CALLS = 4_000

/** Milliseconds after the last reply for which a connection counts as busy: ref() and unref() cost more than a call. */
const IDLE_AFTER = 10

export interface Timeouts {
  /** Whether calls are fused. */
  readonly fusion: boolean
  /** Milliseconds to connect. */
  readonly connectTimeout: number
  /** Milliseconds without a reply, while calls are in flight, after which a connection is dropped. */
  readonly responseTimeout: number
}

/** What a cluster does with calls that the node of a pipeline did not execute. */
export interface ClusterNode {
  /** The node redirects the call, or can't be reached. */
  redirect(call: Call, why: Error): void
  /** The call is no longer in flight. */
  completed(call: Call): void
}

/** Error replies of a cluster node that does not serve the key, or not now. */
export const redirection = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /

/**
 * Sends calls to one server in order. Calls of the same turn of the event loop are sent together, without waiting for each
 * other's replies.
 */
export class Pipeline implements CommandSink {
  #queue: Call[] = []
  /** Calls to be sent again, before the queue. */
  #resend: Call[] = []
  #inFlight = 0
  #epoch = 0
  /** Connections of all pipelines: an epoch is that of one of them only. */
  static #connections = 0
  #scheduled = false
  /** A lone EVALSHA is in flight: nothing may be sent before its reply. */
  #held = false
  #connecting = false
  /** The server has become a replica: the connection is reopened, perhaps to another server, when nothing is in flight. */
  #reopening = false
  readonly #closing = new AbortController()
  #keepsAlive = true
  #idleTimer: NodeJS.Timeout | undefined
  readonly #responseTimer: ResponseTimer
  readonly #rights: FusionRights

  constructor(
    private readonly connection: ClientConnection,
    private readonly destination: Destination,
    private readonly timeouts: Timeouts,
    private readonly node?: ClusterNode
  ) {
    this.#responseTimer = new ResponseTimer(connection, timeouts.responseTimeout)
    this.#rights = new FusionRights(connection, timeouts.fusion)
  }

  submit(call: Call): void {
    this.#queue.push(call)
    this.#schedule()
  }

  /** Sends a command at once and out of order; undefined when there is no connection. */
  sendOutOfBand(_key: string, words: readonly string[]): Promise<Reply> | undefined {
    return this.connection.ready ? this.connection.send(words) : undefined
  }

  /** Whether the connection is ready. */
  get usable(): boolean {
    return this.connection.ready
  }

  close(): void {
    this.#closing.abort(connectionClosed())
    clearTimer(this.#idleTimer)
    this.#responseTimer.stop()
    this.connection.close()
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted
  }

  get #pending(): number {
    return this.#queue.length + this.#resend.length
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // Flush after microtasks, so that follow-up calls share a batch: a tick would come before them where a reply is read.
    runMicrotask(this.#flushAfterMicrotasks)
  }

  readonly #flushAfterMicrotasks = (): void => nextTick(this.#flush)

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#held || this.#reopening || this.#pending === 0) return
    if (this.#closed) return this.#failAll(connectionClosed())
    if (!this.connection.ready || this.destination.closedByOwner) return this.#connect()
    this.#keepAlive()
    const idle = this.#inFlight === 0
    const transmissions = plan(this.#take(MAX_FLUSH_CALLS).filter(this.#isWanted), {
      idle,
      oneKeyPerBatch: this.node !== undefined,
      mayFuse: this.#rights.mayFuse
    })
    for (const transmission of transmissions) this.#transmit(transmission)
    if (this.#queue.length === 0) return
    this.#scheduled = true
    setImmediateTask(this.#flush)
  }

  /** Whether a call is still to be sent. */
  readonly #isWanted = (call: Call): boolean => {
    const error = call.givenUp?.()
    if (error === undefined) return true
    this.node?.completed(call)
    call.failed(error)
    return false
  }

  #began({ batch, slow }: Transmission): void {
    this.#inFlight += batch?.length ?? 1
    this.#responseTimer.sent(slow)
  }

  /** The next calls to be sent. */
  #take(most = Infinity): Call[] {
    const queue = this.#queue
    this.#queue = queue.length > most ? queue.splice(most) : []
    if (this.#resend.length === 0) return queue
    const calls = [...this.#resend, ...queue]
    this.#resend = []
    return calls
  }

  #connect(): void {
    if (this.#connecting) return
    this.#connecting = true
    const done = (): void => {
      this.#connecting = false
      if (this.#pending > 0) this.#schedule()
    }
    openConnection(this.connection, {
      to: this.destination,
      timeout: this.timeouts.connectTimeout,
      signal: this.#closing.signal,
      prepare: this.#rights.learn
    }).then(
      () => {
        this.#epoch = ++Pipeline.#connections
        this.connection.keepAlive(this.#keepsAlive)
        done()
      },
      (error: unknown) => {
        this.#failAll(error)
        done()
      }
    )
  }

  /** Fails the calls that can't be sent; a cluster redirects them, as another node may have replaced this one. */
  #failAll(error: unknown): void {
    for (const call of this.#take()) {
      this.node?.completed(call)
      if (this.node && !this.#closed && !this.destination.closedByOwner) this.node.redirect(call, error as Error)
      else call.failed(sentBefore(call, error))
    }
  }

  #transmit(transmission: Transmission): void {
    const { call, words, multi, evalFallback } = transmission
    this.#began(transmission)
    if (call.asking) this.connection.transmit(['ASKING'], UNASKED)
    if (multi) this.connection.transmitMulti(multi.commands, new InFlight(this, transmission))
    // Nothing is in flight before or behind it.
    else if (evalFallback) this.#sendAlone(transmission, evalFallback)
    else this.connection.transmit(words, new InFlight(this, transmission))
  }

  /** Sends a script by its digest, then with its source if Redis does not know it. Nothing is sent in between. */
  #sendAlone(transmission: Transmission, evalFallback: readonly string[]): void {
    this.#held = true
    const last = new InFlight(this, transmission)
    const settled: ReplyReceiver = {
      replied: reply => {
        this.#release()
        last.replied(reply)
      },
      lost: error => {
        this.#release()
        last.lost(error)
      }
    }
    this.connection.transmit(transmission.words, {
      lost: error => settled.lost(error),
      replied: reply => {
        const unknown = reply instanceof Error && reply.message.startsWith('NOSCRIPT ')
        if (unknown) this.connection.transmit(evalFallback, settled)
        else settled.replied(reply)
      }
    })
  }

  #release(): void {
    this.#held = false
    if (this.#pending > 0) this.#schedule()
  }

  /** @internal */
  replied(transmission: Transmission, reply: Reply): void {
    const { call, batch, slow, multi } = transmission
    this.#responseTimer.settled(slow)
    const executed = multi && reply === null ? discarded() : reply
    if (!batch) return this.#settle(call, multi && Array.isArray(executed) ? multi.repliesFrom(executed) : [executed])
    const parts = repliesOf(transmission, executed)
    for (let at = 0; at < batch.length; at++) this.#settle(batch[at] as Call, [parts[at] ?? null])
  }

  /** @internal */
  lost(transmission: Transmission, error: unknown): void {
    this.#responseTimer.settled(transmission.slow)
    for (const call of transmission.batch ?? [transmission.call]) {
      this.#answered()
      this.#lost(call, error)
    }
  }

  #settle(call: Call, replies: readonly Reply[]): void {
    const elsewhere = this.node ? redirection : readOnly
    const refusal = refusalOf(replies, elsewhere)
    // A read behind a refused write must see that write.
    const misplaced = refusal !== undefined || (this.#reopening && call.resend)
    if (misplaced && !this.node && !call.readOnly) return this.#reopen(call)
    this.#answered()
    this.node?.completed(call)
    if (refusal && this.node) this.node.redirect(call, refusal)
    else call.replied(replies, this.#epoch)
  }

  /** Sends a call that a replica has refused, or a read behind it, once more on a new connection. */
  #reopen(call: Call): void {
    call.readOnly = true
    this.#resend.push(call)
    this.#reopening = true
    this.#answered()
  }

  /** Repeatable calls are sent again; the outcome of other calls is unknown. */
  #lost(call: Call, cause: unknown): void {
    call.losses++
    if (call.resend && call.losses <= MAX_LOSSES && !this.#closed) {
      this.#resend.push(call)
      this.#schedule()
      return
    }
    this.node?.completed(call)
    const times = call.losses > 1 ? ` ${call.losses} times` : ''
    const message = `the connection was lost${times} before Redis answered`
    call.failed(new ConnectionError(message, { cause, outcome: 'unknown' }))
  }

  #answered(): void {
    this.#inFlight--
    if (this.#reopening && this.#inFlight === 0) {
      this.#reopening = false
      this.connection.close()
      this.#schedule()
    }
    if (this.#inFlight + this.#pending > 0 || this.#closed) return
    this.#idleTimer ??= setTimer(this.#rest, IDLE_AFTER)
  }

  #keepAlive(): void {
    if (this.#keepsAlive) return
    this.#keepsAlive = true
    this.connection.keepAlive(true)
  }

  /** Lets the process end while there is nothing to do. */
  readonly #rest = (): void => {
    this.#idleTimer = undefined
    if (this.#inFlight + this.#pending > 0 || this.#closed) return
    this.#keepsAlive = false
    this.connection.keepAlive(false)
  }
}

/** What a pipeline has sent, until it is answered. */
class InFlight implements ReplyReceiver {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly transmission: Transmission
  ) {}

  replied(reply: Reply): void {
    this.pipeline.replied(this.transmission, reply)
  }

  lost(error: unknown): void {
    this.pipeline.lost(this.transmission, error)
  }
}

/** For a command whose reply nobody asks for. */
const UNASKED: ReplyReceiver = { replied: () => {}, lost: () => {} }

/** The first error by which Redis refers a call to another server. */
function refusalOf(replies: readonly Reply[], elsewhere: RegExp): Error | undefined {
  for (const reply of replies) if (reply instanceof Error && elsewhere.test(reply.message)) return reply
  return undefined
}

/** The reply to a MULTI that Redis discarded without a WATCH: nothing was executed. */
function discarded(): Error {
  return new Error('EXECABORT the MULTI was discarded')
}

/** A failure to connect; its outcome is unknown if the call was sent on an earlier connection. */
export function sentBefore({ losses }: Call, error: unknown): unknown {
  if (!(error instanceof ConnectionError) || losses === 0) return error
  return new ConnectionError(`${error.message} (it had been sent before)`, { cause: error.cause, outcome: 'unknown' })
}
