import { offAbort, onAbort } from '../core/aborts.js'
import { clearTimer, now, runMicrotask, setImmediateTask, setTimer } from '../core/clock.js'
import type { Command, Reply, Request, ScriptRequest } from '../core/command.js'
import { ConnectionError, LeaseLostError, ReplyError } from '../core/errors.js'
import type { Grant, Mode, WaitOptions, WaitSpec } from '../core/wait-spec.js'
import { isTransient } from '../execution/reply-error.js'

/** Maximum replies in a row that arrive after the end of the lease they grant. */
const MAX_STALE_REPLIES = 5

/** Milliseconds before a call that Redis refused for now is repeated: at first, and at most. */
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 250

/** Milliseconds for which a cancelled wait still waits for Redis, which may have served it. */
export const CANCEL_GRACE = 250

/** The command that asks for what a call waits for. */
export function asking(
  { operation, key, redisType }: WaitSpec<unknown>,
  request: Request,
  idempotent: boolean
): Command<readonly Reply[]> {
  const info = { operation, key, redisType }
  const decode = ([reply]: readonly Reply[]): Reply[] => reply as Reply[]
  return { kind: 'write', info, requests: [request], decode, returnsNothing: false, idempotent }
}

/** Runs a command and reports its result. */
export type Submit = <R>(command: Command<R>, resolve: (result: R) => void, reject: (error: unknown) => void) => void

/** How a wait ends; an abandoned one has a call in flight that may serve it. */
export type WaitEnd = 'served' | 'left' | 'failed' | 'abandoned'

/** What a wait needs from the registry of all waits. */
export interface WaitHost {
  readonly submit: Submit
  /** Milliseconds for which a call is repeated while Redis refuses it for now. */
  readonly connectTimeout: number
  /** Whether this process receives the messages for a wait at this key. */
  reachable(key: string): boolean
  /** Subscribes. */
  becomeReachable(key: string): Promise<void>
  /** The wait is enqueued; recheck in `due` milliseconds. `lost`: Redis had lost its position. `isFirst`: it is the first in the wait queue. */
  enqueued(wait: PendingWait, due: number, lost: boolean, isFirst: boolean): void
  /** Takes the tickets whose cached replies Redis can delete. */
  received(key: string): readonly string[]
  /** The reply has been received: Redis need not cache it any longer. */
  replyReceived(wait: PendingWait): void
  /** `rechecking`: the wait was to recheck its key, and has not. */
  ended(wait: PendingWait, end: WaitEnd, rechecking: boolean): void
}

/** One wait: asks the script, is enqueued, is notified, asks again, until it is served, cancelled or fails. */
export class PendingWait {
  /** The position in the wait queue, as the script replied. */
  position: string
  #asking = false
  #again = false
  #rechecking = false
  #enqueued = false
  #over = false
  #servedMeanwhile = false
  /** Replies in a row that came after the end of their lease. */
  #staleReplies = 0
  /** The outcome of a call is unknown, whatever became of later ones. */
  #outcomeUnknown = false
  /** Since when Redis refuses the call for now, by now(). */
  #refusedSince: number | undefined
  /** When the call in flight was last sent, by now(). */
  #sent = 0
  #cancelReason: (() => unknown) | undefined
  /** A moment by now(), and the server's time then or later. */
  #clocks = { here: -Infinity, there: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(
    readonly name: string,
    readonly ticket: string,
    readonly spec: WaitSpec<unknown>,
    private readonly host: WaitHost,
    private readonly limits: WaitOptions,
    position: string,
    private readonly resolve: (result: unknown) => void,
    private readonly reject: (error: unknown) => void
  ) {
    this.position = position
  }

  get key(): string {
    return this.spec.key
  }

  /** Whether the ticket of a failed wait may be enqueued, or may have been served. */
  get mayBeServed(): boolean {
    return this.#enqueued || this.#outcomeUnknown
  }

  /** The timeout counts from `called`. */
  start(called: number): void {
    const { timeout, signal } = this.limits
    if (timeout !== undefined) {
      const left = Math.max(0, timeout - (now() - called))
      this.#timer = setTimer(() => this.leave(() => this.spec.timeoutError(timeout)), left)
    }
    if (signal) onAbort(signal, this.#aborted)
    this.ask()
  }

  /** Asks the script. `recheck`: something may have changed for all waits at the key. */
  ask(recheck = false): void {
    if (this.#over) return
    this.#rechecking ||= recheck
    if (this.#asking) {
      this.#again = true
      return
    }
    this.#asking = true
    this.#again = false
    if (this.spec.fallback) return this.#send('try')
    const mode = this.#cancelReason ? 'leave' : this.host.reachable(this.key) ? 'wait' : 'try'
    this.#send(mode)
  }

  /** A message hands over what the wait is for. */
  serve(message: string): void {
    if (this.spec.lease === undefined) {
      this.#end('served', () => this.resolve(this.#decode(message, { since: now() })))
      return
    }
    const [, granted = '', firstLease = '', result = ''] = /^(\d+) (\d+) (.*)$/s.exec(message) ?? []
    const since = this.#earliest(Number(granted))
    // The lease may have ended: ask.
    if (now() - since > Number(firstLease) / 2) return this.ask()
    this.#end('served', () => {
      const got = this.#decode(result, { since, handedOver: { firstLease: Number(firstLease), time: Number(granted) } })
      // Resolve one turn later: the ZADD that confirms the lease must be flushed before user code can block the event loop.
      runMicrotask(() => setImmediateTask(() => this.resolve(got)))
    })
  }

  /** Cancels the wait, unless it turns out to have been served. */
  leave(reason: () => unknown): void {
    if (this.#over || this.#cancelReason) return
    this.#cancelReason = reason
    if (!this.#asking && !this.#enqueued) return this.#end('left', () => this.reject(reason()))
    clearTimer(this.#timer)
    this.#timer = setTimer(() => this.#abandon(reason), CANCEL_GRACE)
    if (!this.#asking) this.ask()
  }

  /** Rejects without a reply. What the ticket was given goes back; what was put stays, so its outcome is unknown. */
  #abandon(reason: () => unknown): void {
    this.#end('abandoned', () => this.reject(this.spec.tryFirst ? notAnswered(this.spec) : reason()))
  }

  /** The request that removes the ticket of a failed wait and gives back what it was given. */
  refusal(): Request {
    return this.spec.ask({ mode: 'refuse', ticket: this.ticket, position: this.position, received: [] })
  }

  readonly #aborted = (): void => this.leave(() => this.limits.signal?.reason)

  #send(mode: Mode): void {
    this.host.submit(
      asking(this.spec, this.#request(mode), true),
      reply => this.#settled(() => this.#answered(mode, reply, this.#sent)),
      error => {
        this.#outcomeUnknown ||= error instanceof ConnectionError && error.outcome === 'unknown'
        if (this.#repeatsAfter(error)) return
        this.#settled(() => this.#fail(error))
      }
    )
  }

  /**
   * The arguments are made at the time of sending, which may be later, and may be repeated: leases count from then, and a
   * wait that is over by then only withdraws its ticket.
   */
  #request(mode: Mode): ScriptRequest {
    const { ticket, position, spec } = this
    const received = spec.cachesReply ? this.host.received(this.key) : []
    const ask = { mode, ticket, position, received }
    const { script, keys, args } = spec.ask(ask)
    const argsNow = (): readonly string[] => {
      this.#sent = now()
      return this.#over ? spec.ask({ ...ask, mode: 'withdraw' }).args : args
    }
    return {
      script,
      keys,
      get args() {
        return argsNow()
      }
    }
  }

  /** Repeats the call after a pause when Redis refused it for now, up to the connect timeout. */
  #repeatsAfter(error: unknown): boolean {
    if (this.#over || !isTransient(error)) return false
    const elapsed = now() - (this.#refusedSince ??= now())
    const left = this.host.connectTimeout - elapsed
    if (left <= 0) return false
    setTimer(
      () => {
        this.#asking = false
        this.ask()
      },
      Math.min(Math.max(elapsed, FIRST_PAUSE), LONGEST_PAUSE, left)
    )
    return true
  }

  #settled(act: () => void): void {
    this.#asking = false
    if (!this.#over) act()
    else if (this.#servedMeanwhile) this.host.replyReceived(this)
  }

  #answered(mode: Mode, [served, ...rest]: readonly Reply[], since: number): void {
    this.#refusedSince = undefined
    if (served === 1) return this.#granted(rest[0] ?? null, since)
    if (this.spec.fallback) return this.#end('left', () => this.resolve(this.spec.fallback?.()))
    if (mode === 'wait') this.#joined(rest, since)
    const reachable = mode !== 'wait' || this.host.reachable(this.key)
    if (this.#cancelReason) {
      const reason = this.#cancelReason
      if (mode === 'leave' || !this.#enqueued) this.#end('left', () => this.reject(reason()))
      else this.ask()
    } else if (this.#again) {
      this.ask()
    } else if (mode === 'try' || !reachable) {
      // Either not enqueued yet, or the key's slot has moved to a node that this process is not subscribed at yet.
      this.#askWhenReachable()
    }
  }

  /** A lease that has ended by now is asked for again: the same ticket gets the same lease, or a new one. */
  #granted(result: Reply, since: number): void {
    const { lease = Infinity, operation, key } = this.spec
    if (now() - since < lease) return this.#end('served', () => this.resolve(this.#decode(result, { since })))
    if (this.#staleReplies++ < MAX_STALE_REPLIES) return this.ask()
    this.#outcomeUnknown = true
    const message = `key '${key}': the reply takes longer than the lease of ${lease} ms: give a longer one`
    this.#fail(new LeaseLostError(message, { key, operation }))
  }

  /** The earliest local time of a moment by the server's clock; clock rates may differ by 0.1 %. */
  #earliest(time: number): number {
    const { here, there } = this.#clocks
    return Math.min(here + (time - there) * 0.999 - 1, now())
  }

  #joined([position, due, isNew, time, isFirst]: Reply[], asked: number): void {
    const lost = this.#enqueued && this.#rechecking && isNew === 1
    this.#clocks = { here: asked, there: Number(time) }
    this.#rechecking = false
    this.#enqueued = true
    this.position = String(position)
    this.host.enqueued(this, Number(due), lost, isFirst === 1)
  }

  #askWhenReachable(): void {
    this.host.becomeReachable(this.key).then(
      () => this.ask(),
      (error: unknown) => this.#fail(error)
    )
  }

  #decode(reply: Reply, grant: Omit<Grant, 'ticket'>): unknown {
    return this.spec.decode(reply, { ticket: this.ticket, ...grant })
  }

  #fail(error: unknown): void {
    this.#end('failed', () => this.reject(this.mayBeServed ? perhapsServed(error) : error))
  }

  #end(how: WaitEnd, tell: () => void): void {
    if (this.#over) return
    this.#over = true
    clearTimer(this.#timer)
    if (this.limits.signal) offAbort(this.limits.signal, this.#aborted)
    this.host.ended(this, how, this.#rechecking)
    // The call in flight may be sent again: until its reply Redis must cache what was given.
    if (how === 'served' && this.#asking) this.#servedMeanwhile = true
    else if (how === 'served') this.host.replyReceived(this)
    try {
      tell()
    } catch (error) {
      this.reject(error)
    }
  }
}

/** For a write whose time is over before Redis has answered. */
export function notAnswered({ operation, key }: WaitSpec<unknown>): ConnectionError {
  const message = `key '${key}': Redis did not answer in time, so the write may or may not have been applied`
  return new ConnectionError(message, { operation, key, outcome: 'unknown' })
}

/**
 * The failure of a wait that may have been served, or may be served later: that Redis refused the last call does not tell
 * what became of those before.
 */
function perhapsServed(error: unknown): unknown {
  if (!(error instanceof ConnectionError || error instanceof ReplyError)) return error
  if (error instanceof ConnectionError && error.outcome === 'unknown') return error
  const { key, operation, cause } = error
  const message = `${error.message} (the call was waiting, and may have been served)`
  return Object.assign(new ConnectionError(message, { key, cause, outcome: 'unknown' }), { operation })
}
