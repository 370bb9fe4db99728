import { nanoid } from 'nanoid'
import type { Topology } from '../connection/topology.js'
import { LONGEST_TIMER, clearTimer, now, setTimer } from '../core/clock.js'
import { command, type Reply, type Request } from '../core/command.js'
import { ConnectionError, closed } from '../core/errors.js'
import { Pending } from '../core/pending.js'
import { AT_ONCE, type WaitOptions, type WaitSpec } from '../core/wait-spec.js'
import { Aborts } from './aborts.js'
import { handOver } from './hand-over.js'
import { PendingWait, asking, type Submit, type WaitHost } from './pending-wait.js'
import { Subscriber, type Recipient } from './subscriber.js'

/** So long the place in line of a wait that was given up is kept for the next one: one who comes and goes has its turn. */
const PLACE_KEPT = 10

/** With one ask so many answers can be told to have arrived; of more keys than that, the oldest are forgotten. */
const MOST_RECEIVED = 100
const MOST_RECEIVED_KEYS = 1_000

/** A key that could not be read is on its way to another node, or holds something else: milliseconds until the next look. */
const AFTER_ERROR = 20

const MOST_FAILED = 10_000

/** The waits at one key, in the order in which they were made. */
interface Waiting {
  readonly waits: Set<PendingWait>
  look?: { readonly at: number; readonly timer: NodeJS.Timeout }
}

interface Settle {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A place in line that was given up. */
interface Place {
  readonly line: string
  readonly position: string
  readonly until: number
}

/** All waits of one Hot: what Redis tells them arrives here. */
export class WaitRegistry implements WaitHost, Recipient {
  readonly aborts = new Aborts()
  readonly #channel = `hot-redis:${nanoid()}`
  readonly #byName = new Map<string, PendingWait>()
  readonly #byKey = new Map<string, Waiting>()
  /** The keys of lines that are watched. */
  readonly #lines = new Map<string, string>()
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #received = new Map<string, string[]>()
  /** Waits that failed while they were in line: what is handed over to them must go back. */
  readonly #failed = new Map<string, PendingWait>()
  #places: Place[] = []
  #last = 0
  #closed = false
  #allEnded: (() => void) | undefined

  constructor(
    readonly submit: Submit,
    private readonly topology: Topology,
    private readonly connectTimeout: number
  ) {}

  /** Has a call wait for what the script that it asks gives to those in its wait queue. */
  wait<R>(wait: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    return new Pending<R>((resolve, reject) => {
      const settle = { resolve: resolve as (result: unknown) => void, reject }
      if (wait.tryFirst) this.#tryFirst(wait, limits, settle)
      else this.#start(wait, limits, settle)
    })
  }

  /** Waits only if that could not be done at once. */
  #tryFirst(wait: WaitSpec<unknown>, limits: WaitOptions, { resolve, reject }: Settle): void {
    const refusal = this.#refusal(wait, limits)
    if (refusal) return reject(refusal.reason)
    const since = now()
    const answered = ([served, result = null]: readonly Reply[]): void => {
      if (served === 1) resolve(wait.decode(result, { ticket: '', since }))
      else this.#start(wait, limits, { resolve, reject }, since)
    }
    this.submit(asking(wait, wait.ask(AT_ONCE), false), answered, reject)
  }

  #start(wait: WaitSpec<unknown>, limits: WaitOptions, { resolve, reject }: Settle, called = now()): void {
    const refusal = this.#refusal(wait, limits)
    if (refusal) return reject(refusal.reason)
    const cluster = this.topology.isCluster ? 'C' : ''
    const lease = wait.lease === undefined ? '' : `L${Math.min(wait.lease, handOver.lease)}`
    const name = `${++this.#last}${cluster}${lease}`
    const ticket = `${this.#channel}/${name}`
    const open = new PendingWait(
      name,
      ticket,
      wait,
      this,
      limits,
      this.#takePlace(wait.waitQueue.name),
      resolve,
      reject
    )
    if (this.#byName.size === 0) for (const subscriber of this.#subscribers.values()) subscriber.keepAlive(true)
    this.#byName.set(name, open)
    open.start(called)
  }

  #refusal(wait: WaitSpec<unknown>, { signal }: WaitOptions): { readonly reason: unknown } | undefined {
    if (this.#closed) return { reason: closed(wait) }
    return signal?.aborted ? { reason: signal.reason } : undefined
  }

  /** Takes no more waits, and has the open ones leave. */
  async close(): Promise<void> {
    this.#closed = true
    for (const open of this.#byName.values()) open.leave(() => closed(open.wait))
    while (this.#byName.size > 0) await new Promise<void>(resolve => (this.#allEnded = resolve))
  }

  /** Drops its connections, also those that are being opened. */
  drop(): void {
    for (const subscriber of this.#subscribers.values()) subscriber.close()
  }

  reachable(key: string): boolean {
    const node = this.topology.nodeOf(key)
    return node !== undefined && this.#subscribers.get(node)?.ready === true
  }

  async becomeReachable(key: string): Promise<void> {
    const connector = await this.topology.connectorFor(key)
    if (this.#closed) throw closed({ operation: 'wait', key })
    const { address } = connector.destination
    const known = this.#subscribers.get(address)
    const subscriber = known ?? new Subscriber(connector, this.connectTimeout, this.#channel, this)
    if (!known) this.#subscribers.set(address, subscriber)
    // By now the wait may have been given up.
    subscriber.keepAlive(this.#byName.size > 0)
    try {
      await subscriber.open()
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new ConnectionError(`key '${key}': ${error.message}`, { key, cause: error, outcome: 'not-sent' })
    }
  }

  received(key: string): readonly string[] {
    return this.#received.get(key)?.splice(0, MOST_RECEIVED) ?? []
  }

  arrived({ key, ticket, wait }: PendingWait): void {
    if (!wait.cachesReply) return
    const tickets = this.#received.get(key)
    if (tickets) tickets.push(ticket)
    else addNewest(this.#received, key, [ticket], MOST_RECEIVED_KEYS)
  }

  enlisted(open: PendingWait, due: number, lost: boolean): void {
    const { key } = open
    const waiting = this.#byKey.get(key)
    if (waiting) waiting.waits.add(open)
    else this.#byKey.set(key, { waits: new Set([open]) })
    if (due >= 0) this.#lookIn(key, due)
    if (lost) this.#askAll(key, open)
    this.#watch(open)
  }

  ended(open: PendingWait, how: 'served' | 'left' | 'failed', looking: boolean): void {
    const { key, name, wait, position } = open
    this.#byName.delete(name)
    if (how === 'left' && position !== '') this.#keepPlace(wait.waitQueue.name, position)
    if (how === 'failed' && open.inLine) addNewest(this.#failed, name, open, MOST_FAILED)
    const waiting = this.#byKey.get(key)
    if (waiting) this.#leave(waiting, open, how === 'failed', looking)
    if (this.#byName.size > 0) return
    for (const subscriber of this.#subscribers.values()) subscriber.keepAlive(false)
    this.#allEnded?.()
  }

  /** The others at the key go on with what it did for them. */
  #leave(waiting: Waiting, open: PendingWait, failed: boolean, looking: boolean): void {
    const { key, wait } = open
    waiting.waits.delete(open)
    const [next] = waiting.waits
    if (next) {
      if (failed) this.#askAll(key)
      else if (looking) next.ask(true)
      this.#watch(next)
    } else {
      clearTimer(waiting.look?.timer)
      this.#byKey.delete(key)
      this.#lines.delete(wait.waitQueue.name)
    }
  }

  /**
   * `<name> <result>`: what that ticket waits for; if it is held by lease, `<name> <server's time> <milliseconds>
   * <result>`. `<name>`: it is time for that ticket to ask. `recheck <milliseconds> <key>`: when to recheck the key,
   * because a lease ends.
   */
  message(text: string): void {
    const [, name = '', result] = /^(\S+)(?: (.*))?$/s.exec(text) ?? []
    const due = name === 'recheck' ? /^(\d+) (.*)$/s.exec(result ?? '') : null
    if (due) this.#lookIn(due[2] ?? '', Number(due[1]))
    else if (this.#failed.has(name)) this.#refuse(name)
    else if (result === undefined) this.#byName.get(name)?.ask()
    else this.#byName.get(name)?.serve(result)
  }

  /** Reads again what has changed, and looks if that is worth it. */
  touched(names: readonly string[] | undefined): void {
    if (!names) for (const key of this.#byKey.keys()) this.#look(key)
    for (const name of names ?? []) {
      const [first] = this.#byKey.get(this.#lines.get(name) ?? name)?.waits ?? []
      if (first) this.#watch(first)
    }
  }

  dropped(): void {
    for (const open of this.#byName.values()) open.ask()
  }

  /** One who waits asks for all at the key: the script serves whom it can. */
  #look(key: string): void {
    const [first] = this.#byKey.get(key)?.waits ?? []
    first?.ask(true)
  }

  #askAll(key: string, except?: PendingWait): void {
    for (const open of this.#byKey.get(key)?.waits ?? []) if (open !== except) open.ask()
  }

  #refuse(name: string): void {
    const { ticket, wait } = this.#failed.get(name) as PendingWait
    this.#failed.delete(name)
    const ignore = (): void => {}
    if (wait.refuse) this.submit(asking(wait, wait.refuse(ticket), true), ignore, ignore)
  }

  #lookIn(key: string, milliseconds: number): void {
    const waiting = this.#byKey.get(key)
    const wait = Math.min(milliseconds + 1, LONGEST_TIMER)
    const at = now() + wait
    if (!waiting || (waiting.look && waiting.look.at <= at)) return
    clearTimer(waiting.look?.timer)
    const timer = setTimer(() => {
      delete waiting.look
      this.#look(key)
    }, wait)
    waiting.look = { at, timer }
  }

  #watch({ key, wait }: PendingWait): void {
    const node = this.topology.nodeOf(key)
    const subscriber = node === undefined ? undefined : this.#subscribers.get(node)
    const { watched, waitQueue } = wait
    if (!subscriber || !watched) return
    const watch = (name: string, request: Request, worthAsking: (reply: Reply) => boolean): void => {
      void subscriber.watch(name, request)?.then(reply => {
        if (reply instanceof Error) this.#lookIn(key, AFTER_ERROR)
        else if (worthAsking(reply)) this.#look(key)
      })
    }
    watch(key, watched.request, watched.worthAsking)
    if (!this.topology.isCluster) return
    // When the slot moves there may be no list to be missed, but the line goes.
    this.#lines.set(waitQueue.name, key)
    watch(waitQueue.name, command('EXISTS', waitQueue), reply => reply === 0)
  }

  #keepPlace(line: string, position: string): void {
    const current = now()
    this.#places = this.#places.filter(({ until }) => until > current)
    this.#places.push({ line, position, until: current + PLACE_KEPT })
  }

  #takePlace(line: string): string {
    if (this.#places.length === 0) return ''
    const current = now()
    this.#places = this.#places.filter(({ until }) => until > current)
    const index = this.#places.findIndex(place => place.line === line)
    return index === -1 ? '' : (this.#places.splice(index, 1)[0]?.position ?? '')
  }
}

/** Adds to a map that holds no more than so many: the oldest go. */
function addNewest<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.set(key, value)
  const [oldest] = map.size > most ? map.keys() : []
  if (oldest !== undefined) map.delete(oldest)
}
