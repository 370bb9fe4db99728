import { clearTimer, now, runMicrotask, setImmediateTask, setTimer } from '../core/clock.js'
import type { Command, Reply, Request } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import type { Grant, Mode, WaitOptions, WaitSpec } from '../core/wait-spec.js'
import type { Aborts } from './aborts.js'

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

/** Has a command run, and tells at once what came of it. */
export type Submit = <R>(command: Command<R>, resolve: (result: R) => void, reject: (error: unknown) => void) => void

/** What a wait needs of those who look after all of them. */
export interface WaitHost {
  readonly aborts: Aborts
  readonly submit: Submit
  /** Whether whoever is put in line at this key can be told of it. */
  reachable(key: string): boolean
  /** Makes it so. */
  becomeReachable(key: string): Promise<void>
  /** It is in line; `due` milliseconds on, it has to look again. `lost` when it had been in line before and was not now. */
  enlisted(wait: PendingWait, due: number, lost: boolean): void
  /** Its answers that nobody needs to remember any more. */
  received(key: string): readonly string[]
  /** Its answer is here, and need not be remembered. */
  arrived(wait: PendingWait): void
  /** `looking`: it was to look for all who wait at the key, and did not. */
  ended(wait: PendingWait, end: 'served' | 'left' | 'failed', looking: boolean): void
}

/** One wait: asks, is put in line, is told, asks again; until it has what it waits for, or is given up. */
export class PendingWait {
  /** Its place in line, as the script gave it. */
  position: string
  #asking = false
  #again = false
  #looking = false
  #inLine = false
  #over = false
  #servedMeanwhile = false
  #giveUp: (() => unknown) | undefined
  /** A moment by now(), and the server's time then or later. */
  #clocks = { here: -Infinity, there: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(
    readonly name: string,
    readonly ticket: string,
    readonly wait: WaitSpec<unknown>,
    private readonly host: WaitHost,
    private readonly limits: WaitOptions,
    position: string,
    private readonly resolve: (result: unknown) => void,
    private readonly reject: (error: unknown) => void
  ) {
    this.position = position
  }

  get key(): string {
    return this.wait.key
  }

  /** Whether it may be in line still when it has failed. */
  get inLine(): boolean {
    return this.#inLine
  }

  /** Its time runs since it was called. */
  start(called: number): void {
    const { timeout, signal } = this.limits
    if (timeout !== undefined) {
      const left = Math.max(0, timeout - (now() - called))
      this.#timer = setTimer(() => this.leave(() => this.wait.timeoutError(timeout)), left)
    }
    if (signal) this.host.aborts.listen(signal, this.#aborted)
    this.ask()
  }

  /** Asks what has become of it. `look`: something may have changed for all who wait at the key. */
  ask(look = false): void {
    if (this.#over) return
    this.#looking ||= look
    if (this.#asking) {
      this.#again = true
      return
    }
    this.#asking = true
    this.#again = false
    if (this.wait.fallback) return this.#send('try')
    const mode = this.#giveUp ? 'leave' : this.host.reachable(this.key) ? 'wait' : 'try'
    this.#send(mode)
  }

  /** What it waits for has been handed over. */
  serve(message: string): void {
    if (this.wait.lease === undefined) {
      this.#end('served', () => this.resolve(this.#decode(message, { since: now() })))
      return
    }
    const [, granted = '', firstLease = '', result = ''] = /^(\d+) (\d+) (.*)$/s.exec(message) ?? []
    const since = this.#earliest(Number(granted))
    // Who can't be sure that it still holds it asks.
    if (now() - since > Number(firstLease) / 2) return this.ask()
    this.#end('served', () => {
      const got = this.#decode(result, { since, handedOver: { firstLease: Number(firstLease), time: Number(granted) } })
      // Who goes on may keep the process busy for long: by then the lease is confirmed, which is written at the end of the turn.
      runMicrotask(() => setImmediateTask(() => this.resolve(got)))
    })
  }

  /** Gives it up, with the reason to be told: unless it turns out that it has been served. */
  leave(reason: () => unknown): void {
    if (this.#over || this.#giveUp) return
    this.#giveUp = reason
    if (this.#asking) return
    if (this.#inLine) this.ask()
    else this.#end('left', () => this.reject(reason()))
  }

  readonly #aborted = (): void => this.leave(() => this.limits.signal?.reason)

  #send(mode: Mode): void {
    const since = now()
    const { ticket, position } = this
    const received = this.wait.cachesReply ? this.host.received(this.key) : []
    const request = this.wait.ask({ mode, ticket, position, received })
    this.host.submit(
      asking(this.wait, request, true),
      reply => this.#settled(() => this.#answered(mode, reply, since)),
      error => this.#settled(() => this.#fail(error))
    )
  }

  #settled(act: () => void): void {
    this.#asking = false
    if (!this.#over) act()
    else if (this.#servedMeanwhile) this.host.arrived(this)
  }

  #answered(mode: Mode, [served, ...rest]: readonly Reply[], since: number): void {
    if (served === 1) return this.#end('served', () => this.resolve(this.#decode(rest[0] ?? null, { since })))
    if (this.wait.fallback) return this.#end('left', () => this.resolve(this.wait.fallback?.()))
    if (mode === 'wait') this.#enlisted(rest, since)
    const told = mode !== 'wait' || this.host.reachable(this.key)
    if (this.#giveUp) {
      const reason = this.#giveUp
      if (mode === 'leave' || !this.#inLine) this.#end('left', () => this.reject(reason()))
      else this.ask()
    } else if (this.#again) {
      this.ask()
    } else if (mode === 'try' || !told) {
      // In line, but the key's slot has moved to where this process can't be told of it yet.
      this.#askWhenReachable()
    }
  }

  /** When it was, by now(), no earlier than at that time of the server's; clocks may differ by 0.1 %. */
  #earliest(time: number): number {
    const { here, there } = this.#clocks
    return Math.min(here + (time - there) * 0.999 - 1, now())
  }

  #enlisted([position, due, isNew, time]: Reply[], asked: number): void {
    const lost = this.#inLine && this.#looking && isNew === 1
    this.#clocks = { here: asked, there: Number(time) }
    this.#looking = false
    this.#inLine = true
    this.position = String(position)
    this.host.enlisted(this, Number(due), lost)
  }

  #askWhenReachable(): void {
    this.host.becomeReachable(this.key).then(
      () => this.ask(),
      (error: unknown) => this.#fail(error)
    )
  }

  #decode(reply: Reply, grant: Omit<Grant, 'ticket'>): unknown {
    return this.wait.decode(reply, { ticket: this.ticket, ...grant })
  }

  #fail(error: unknown): void {
    this.#end('failed', () => this.reject(this.#inLine ? perhapsServed(error) : error))
  }

  #end(how: 'served' | 'left' | 'failed', tell: () => void): void {
    if (this.#over) return
    this.#over = true
    clearTimer(this.#timer)
    if (this.limits.signal) this.host.aborts.unlisten(this.limits.signal, this.#aborted)
    this.host.ended(this, how, this.#looking)
    // An ask that is under way may be sent again: until then its answer must be remembered.
    if (how === 'served' && this.#asking) this.#servedMeanwhile = true
    else if (how === 'served') this.host.arrived(this)
    try {
      tell()
    } catch (error) {
      this.reject(error)
    }
  }
}

/** The failure of a wait that was in line: it may have been served, or may be yet. */
function perhapsServed(error: unknown): unknown {
  if (!(error instanceof ConnectionError) || error.outcome === 'unknown') return error
  const { key, operation, cause } = error
  const message = `${error.message} (the call was in line, and may have been served)`
  return Object.assign(new ConnectionError(message, { key, cause, outcome: 'unknown' }), { operation })
}
