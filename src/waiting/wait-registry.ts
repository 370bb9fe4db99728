import { nanoid } from 'nanoid'
import type { Timeouts } from '../connection/pipeline.js'
import type { Topology } from '../connection/topology.js'
import { offAbort, onAbort } from '../core/aborts.js'
import { LONGEST_TIMER, clearTimer, now, setTimer } from '../core/clock.js'
import { script, type Reply } from '../core/command.js'
import { ConnectionError, closed } from '../core/errors.js'
import { Pending } from '../core/pending.js'
import { AT_ONCE, type WaitOptions, type WaitSpec } from '../core/wait-spec.js'
import { isTransient } from '../execution/reply-error.js'
import { waitPass } from '../scripts.generated.js'
import { ChangeTracker, type Change } from './change-tracker.js'
import { handOver } from './hand-over.js'
import { KeyWatcher } from './key-watcher.js'
import {
  CANCEL_GRACE,
  PendingWait,
  asking,
  notAnswered,
  type WaitEnd,
  type Submit,
  type WaitHost
} from './pending-wait.js'
import { Refusals } from './refusals.js'
import { ReservedPositions } from './reserved-positions.js'
import { Subscriber, type Recipient } from './subscriber.js'

/** Maximum received tickets reported by one call, and keys for which they are kept: the oldest are dropped. */
const MAX_RECEIVED = 100
const MAX_RECEIVED_KEYS = 1_000

/** The waits at one key, in the order in which they were made. */
interface KeyWaits {
  readonly waits: Set<PendingWait>
  recheck?: { readonly at: number; readonly timer: NodeJS.Timeout }
}

interface Settle {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** All waits of one Hot. Receives the messages for them. */
export class WaitRegistry implements WaitHost, Recipient {
  readonly #channel = `hot-redis:${nanoid()}`
  readonly #byName = new Map<string, PendingWait>()
  readonly #byKey = new Map<string, KeyWaits>()
  readonly #watcher: KeyWatcher
  readonly #changes = new ChangeTracker()
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #received = new Map<string, string[]>()
  readonly #refusals: Refusals
  readonly #reservedPositions = new ReservedPositions()
  #last = 0
  #closed = false
  #allEnded: (() => void) | undefined

  constructor(
    readonly submit: Submit,
    private readonly topology: Topology,
    private readonly timeouts: Timeouts
  ) {
    this.#refusals = new Refusals(submit)
    this.#watcher = new KeyWatcher({
      isCluster: topology.isCluster,
      read: (key, name, request) => this.#subscriberOf(key)?.watch(name, request),
      recheck: key => this.#recheck(key),
      recheckIn: (key, milliseconds) => this.#recheckIn(key, milliseconds),
      pass: spec => this.#pass(spec)
    })
  }

  get connectTimeout(): number {
    return this.timeouts.connectTimeout
  }

  /** Waits until the script of `spec` has a result. */
  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    return new Pending<R>((resolve, reject) => {
      const settle = { resolve: resolve as (result: unknown) => void, reject }
      if (spec.tryFirst) this.#tryFirst(spec, limits, settle)
      else this.#start(spec, limits, settle)
    })
  }

  /** Sends a plain write first; waits only if that has no result. */
  #tryFirst(spec: WaitSpec<unknown>, limits: WaitOptions, { resolve, reject }: Settle): void {
    const refusal = this.#refusal(spec, limits)
    if (refusal) return reject(refusal.reason)
    const since = now()
    const start = (): void => this.#start(spec, limits, { resolve, reject }, since)
    const settledInTime = this.#limit(limits, () => reject(notAnswered(spec)))
    const answered = ([served, result = null]: readonly Reply[]): void => {
      if (!settledInTime()) return
      if (served === 1) resolve(spec.decode(result, { ticket: '', since }))
      else start()
    }
    const failed = (error: unknown): void => {
      if (!settledInTime()) return
      if (isTransient(error)) start()
      else reject(error)
    }
    this.submit(asking(spec, spec.ask(AT_ONCE), false), answered, failed)
  }

  /** Calls `end` a grace period after the limits, unless the function it returns is called before: that tells whether it was. */
  #limit({ timeout, signal }: WaitOptions, end: () => void): () => boolean {
    let pending = true
    let timer: NodeJS.Timeout | undefined
    const settle = (): boolean => {
      const inTime = pending
      pending = false
      clearTimer(timer)
      if (signal) offAbort(signal, aborted)
      return inTime
    }
    const endIn = (milliseconds: number): void => {
      clearTimer(timer)
      timer = setTimer(() => settle() && end(), milliseconds)
    }
    const aborted = (): void => endIn(CANCEL_GRACE)
    if (timeout !== undefined) endIn(Math.min(timeout + CANCEL_GRACE, LONGEST_TIMER))
    if (signal) onAbort(signal, aborted)
    return settle
  }

  #start(spec: WaitSpec<unknown>, limits: WaitOptions, { resolve, reject }: Settle, called = now()): void {
    const refusal = this.#refusal(spec, limits)
    if (refusal) return reject(refusal.reason)
    const cluster = this.topology.isCluster ? 'C' : ''
    const lease = spec.lease === undefined ? '' : `L${Math.min(spec.lease, handOver.lease)}`
    const name = `${++this.#last}${cluster}${lease}`
    const ticket = `${this.#channel}/${name}`
    const position = this.#reservedPositions.take(spec.waitQueue.name)
    const wait = new PendingWait(name, ticket, spec, this, limits, position, resolve, reject)
    this.#byName.set(name, wait)
    if (this.#byName.size === 1) this.#keepAlive()
    wait.start(called)
  }

  #refusal(spec: WaitSpec<unknown>, { signal }: WaitOptions): { readonly reason: unknown } | undefined {
    if (this.#closed) return { reason: closed(spec) }
    return signal?.aborted ? { reason: signal.reason } : undefined
  }

  /** Takes no more waits, cancels the pending ones, and tries a last time to give back what failed ones were given. */
  async close(): Promise<void> {
    this.#refusals.close()
    this.#closed = true
    for (const wait of this.#byName.values()) wait.leave(() => closed(wait.spec))
    while (this.#byName.size > 0) await new Promise<void>(resolve => (this.#allEnded = resolve))
  }

  /** Drops its connections, also those that are being opened. */
  drop(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.close()
  }

  /** The next change of keys of one server; resolves when it will be told. */
  async nextChange(keys: readonly string[]): Promise<Change> {
    const [key = ''] = keys
    await this.becomeReachable(key)
    const subscriber = this.#subscriberOf(key)
    if (!subscriber)
      throw new ConnectionError(`key '${key}': its server is not known any more`, { outcome: 'not-sent' })
    const change = await this.#changes.track(keys, subscriber)
    this.#keepAlive()
    return {
      happened: change.happened,
      cancel: () => {
        change.cancel()
        this.#keepAlive()
      }
    }
  }

  /** Subscribers keep the process alive while anything waits. */
  #keepAlive(): void {
    const busy = this.#byName.size > 0 || this.#changes.busy
    for (const subscriber of this.#subscribers.values()) subscriber.keepAlive(busy)
  }

  reachable(key: string): boolean {
    return this.#subscriberOf(key)?.ready === true
  }

  #subscriberOf(key: string): Subscriber | undefined {
    const node = this.topology.nodeOf(key)
    return node === undefined ? undefined : this.#subscribers.get(node)
  }

  async becomeReachable(key: string): Promise<void> {
    const connector = await this.topology.connectorFor(key)
    if (this.#closed) throw closed({ operation: 'wait', key })
    const { address } = connector.destination
    const known = this.#subscribers.get(address)
    const subscriber = known ?? new Subscriber(connector, this.timeouts, this.#channel, this)
    if (!known) this.#subscribers.set(address, subscriber)
    // The wait may have been cancelled meanwhile.
    subscriber.keepAlive(this.#byName.size > 0 || this.#changes.busy)
    try {
      await subscriber.open()
      this.#refusals.repeat()
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new ConnectionError(`key '${key}': ${error.message}`, { key, cause: error, outcome: 'not-sent' })
    }
  }

  received(key: string): readonly string[] {
    return this.#received.get(key)?.splice(0, MAX_RECEIVED) ?? []
  }

  replyReceived({ key, ticket, spec }: PendingWait): void {
    if (!spec.cachesReply) return
    const tickets = this.#received.get(key)
    if (tickets) tickets.push(ticket)
    else this.#received.set(key, [ticket])
    const [oldest] = this.#received.size > MAX_RECEIVED_KEYS ? this.#received.keys() : []
    if (oldest !== undefined) this.#received.delete(oldest)
  }

  enqueued(wait: PendingWait, due: number, lost: boolean, isFirst: boolean): void {
    const { key } = wait
    const keyWaits = this.#byKey.get(key)
    if (keyWaits) keyWaits.waits.add(wait)
    else this.#byKey.set(key, { waits: new Set([wait]) })
    if (due >= 0) this.#recheckIn(key, due)
    if (lost) this.#askAll(key, wait)
    this.#watcher.enqueued(wait, isFirst)
  }

  ended(wait: PendingWait, how: WaitEnd, rechecking: boolean): void {
    const { key, name, spec, position } = wait
    this.#byName.delete(name)
    if (how === 'left' && position !== '') this.#reservedPositions.reserve(spec.waitQueue.name, position)
    if (how === 'failed' && wait.mayBeServed) this.#refusals.add(wait)
    // Its call is in flight: the refusal goes behind it.
    if (how === 'abandoned') this.#refusals.add(wait)
    const keyWaits = this.#byKey.get(key)
    if (keyWaits) this.#remove(wait, keyWaits, how === 'failed', rechecking)
    if (this.#byName.size > 0) return
    this.#keepAlive()
    this.#allEnded?.()
  }

  /** The next wait at the key takes over what this one did for all of them: rechecks and watches. */
  #remove(wait: PendingWait, keyWaits: KeyWaits, failed: boolean, rechecking: boolean): void {
    const { key } = wait
    keyWaits.waits.delete(wait)
    const [next] = keyWaits.waits
    if (next) {
      if (failed) this.#askAll(key)
      else if (rechecking) next.ask(true)
    } else {
      clearTimer(keyWaits.recheck?.timer)
      this.#byKey.delete(key)
    }
    this.#watcher.left(wait)
  }

  /**
   * `<name> <result>`: the result of a wait; with a lease, `<name> <server time> <milliseconds> <result>`. `<name>`: the
   * wait has to ask. `recheck <milliseconds> <key>`: when to recheck the key, because a lease ends. `watch <wait queue>`:
   * this process has to watch it.
   */
  message(text: string): void {
    const [, name = '', result] = /^(\S+)(?: (.*))?$/s.exec(text) ?? []
    const due = name === 'recheck' ? /^(\d+) (.*)$/s.exec(result ?? '') : null
    if (due) this.#recheckIn(due[2] ?? '', Number(due[1]))
    else if (name === 'watch') this.#watcher.watch(result ?? '')
    else if (result === undefined) this.#byName.get(name)?.ask()
    else this.#byName.get(name)?.serve(result)
  }

  /** Reads the changed keys again, and rechecks where that is worth it. */
  keysChanged(names: readonly string[] | undefined): void {
    if (!names) for (const key of this.#byKey.keys()) this.#recheck(key)
    for (const name of names ?? []) this.#watcher.changed(name)
    this.#changes.changed(names)
  }

  connectionLost(): void {
    for (const wait of this.#byName.values()) wait.ask()
    this.#changes.changed()
  }

  /** Has another process watch a wait queue. */
  #pass(spec: WaitSpec<unknown>): void {
    if (this.#closed || !this.reachable(spec.key)) return
    this.submit(
      asking(spec, script(waitPass, [spec.waitQueue]), true),
      () => {},
      () => {}
    )
  }

  /** One waiter polls for all waiters on the key: the script serves all it can. */
  #recheck(key: string): void {
    const [first] = this.#byKey.get(key)?.waits ?? []
    first?.ask(true)
  }

  #askAll(key: string, except?: PendingWait): void {
    for (const wait of this.#byKey.get(key)?.waits ?? []) if (wait !== except) wait.ask()
  }

  #recheckIn(key: string, milliseconds: number): void {
    const keyWaits = this.#byKey.get(key)
    const delay = Math.min(milliseconds + 1, LONGEST_TIMER)
    const at = now() + delay
    if (!keyWaits || (keyWaits.recheck && keyWaits.recheck.at <= at)) return
    clearTimer(keyWaits.recheck?.timer)
    const timer = setTimer(() => {
      delete keyWaits.recheck
      this.#recheck(key)
    }, delay)
    keyWaits.recheck = { at, timer }
  }
}
