import { nanoid } from 'nanoid'
import type { WaitOptions } from '../arguments.js'
import type { Command } from '../command.js'
import { ConnectionError, closed } from '../errors.js'
import type { Route } from '../connection/route.js'
import { Pending } from '../pending.js'
import { Aborts } from './aborts.js'
import { Inbox, type Recipient } from './inbox.js'
import { OpenWait, type Office } from './open-wait.js'
import type { Wait } from './wait.js'

/** So long the place in line of a wait that was given up is kept for the next one: one who comes and goes has its turn. */
const PLACE_KEPT = 10

/** With one ask so many answers can be told to have arrived; of more keys than that, the oldest are forgotten. */
const MOST_RECEIVED = 100
const MOST_RECEIVED_KEYS = 1_000

/** The waits at one key, in the order in which they were made. */
interface Waiting {
  readonly waits: Set<OpenWait>
  look?: { readonly at: number; readonly timer: NodeJS.Timeout }
}

/** A place in line that was given up. */
interface Place {
  readonly line: string
  readonly arrival: string
  readonly until: number
}

/** All waits of one Hot: what Redis tells them arrives here. */
export class Waits implements Office, Recipient {
  readonly aborts = new Aborts()
  readonly #channel = `hot-redis:${nanoid()}`
  readonly #byNumber = new Map<string, OpenWait>()
  readonly #byKey = new Map<string, Waiting>()
  readonly #inboxes = new Map<string, Inbox>()
  readonly #received = new Map<string, string[]>()
  #places: Place[] = []
  #last = 0
  #closed = false
  #allEnded: (() => void) | undefined

  constructor(
    readonly run: <R>(command: Command<R>) => Promise<R>,
    private readonly route: Route
  ) {}

  open<R>(wait: Wait<R>, limits: WaitOptions): Pending<R> {
    return new Pending<R>((resolve, reject) => {
      if (this.#closed) return reject(closed(wait))
      if (limits.signal?.aborted) return reject(limits.signal.reason as Error)
      const number = String(++this.#last)
      const arrival = this.#takePlace(wait.line)
      const ticket = `${this.#channel}/${number}`
      const open = new OpenWait(ticket, wait, this, limits, arrival, resolve as (result: unknown) => void, reject)
      if (this.#byNumber.size === 0) for (const inbox of this.#inboxes.values()) inbox.keepAlive(true)
      this.#byNumber.set(number, open)
      const waiting = this.#byKey.get(open.key)
      if (waiting) waiting.waits.add(open)
      else this.#byKey.set(open.key, { waits: new Set([open]) })
      open.start()
    })
  }

  /** Takes no more waits, and has the open ones leave. */
  async close(): Promise<void> {
    this.#closed = true
    for (const open of this.#byNumber.values()) open.leave(() => closed(open.wait))
    while (this.#byNumber.size > 0) await new Promise<void>(resolve => (this.#allEnded = resolve))
    for (const inbox of this.#inboxes.values()) inbox.close()
  }

  reachable(key: string): boolean {
    const node = this.route.nodeOf(key)
    return node !== undefined && this.#inboxes.get(node)?.ready === true
  }

  async becomeReachable(key: string): Promise<void> {
    const { address, another } = await this.route.connectorFor(key)
    const known = this.#inboxes.get(address)
    const inbox = known ?? new Inbox(another, this.#channel, this)
    if (!known) this.#inboxes.set(address, inbox)
    try {
      await inbox.open()
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new ConnectionError(`key '${key}': ${error.message}`, { key, cause: error, outcome: 'not-sent' })
    }
  }

  received(key: string): readonly string[] {
    return this.#received.get(key)?.splice(0, MOST_RECEIVED) ?? []
  }

  enlisted(open: OpenWait, due: number, lost: boolean): void {
    const { key } = open
    if (due >= 0) this.#lookIn(key, due)
    if (lost) for (const other of this.#byKey.get(key)?.waits ?? []) if (other !== open) other.ask()
    this.#watch(open)
  }

  ended(open: OpenWait, how: 'served' | 'left' | 'failed'): void {
    const { key, ticket, wait, arrival } = open
    this.#byNumber.delete(ticket.slice(ticket.lastIndexOf('/') + 1))
    const waiting = this.#byKey.get(key)
    waiting?.waits.delete(open)
    if (how === 'left' && arrival !== '') this.#keepPlace(wait.line, arrival)
    if (how === 'served' && open.remembered) this.#tellReceived(key, ticket)
    const [next] = waiting?.waits ?? []
    if (next) {
      this.#watch(next)
    } else {
      clearTimeout(waiting?.look?.timer)
      this.#byKey.delete(key)
    }
    if (this.#byNumber.size > 0) return
    for (const inbox of this.#inboxes.values()) inbox.keepAlive(false)
    this.#allEnded?.()
  }

  /** `<number>`: something is there for that ticket. `due <milliseconds> <key>`: when to look after a lease at the key. */
  message(text: string): void {
    const due = /^due (\d+) (.*)$/s.exec(text)
    if (due) this.#lookIn(due[2] ?? '', Number(due[1]))
    else this.#byNumber.get(text)?.ask()
  }

  touched(keys: readonly string[] | undefined): void {
    for (const key of keys ?? this.#byKey.keys()) this.#look(key)
  }

  dropped(): void {
    for (const open of this.#byNumber.values()) open.ask()
  }

  /** One who waits asks for all at the key: the script serves whom it can. */
  #look(key: string): void {
    const [first] = this.#byKey.get(key)?.waits ?? []
    first?.ask(true)
  }

  #lookIn(key: string, milliseconds: number): void {
    const waiting = this.#byKey.get(key)
    const at = performance.now() + milliseconds
    if (!waiting || (waiting.look && waiting.look.at <= at)) return
    clearTimeout(waiting.look?.timer)
    const timer = setTimeout(() => {
      delete waiting.look
      this.#look(key)
    }, milliseconds + 1)
    waiting.look = { at, timer }
  }

  #watch({ key, wait }: OpenWait): void {
    const node = this.route.nodeOf(key)
    const inbox = node === undefined ? undefined : this.#inboxes.get(node)
    const { watched } = wait
    if (!inbox || !watched) return
    void inbox.watch(key, watched.request).then(reply => {
      if (reply !== undefined && watched.worthAsking(reply)) this.#look(key)
    })
  }

  #tellReceived(key: string, ticket: string): void {
    const tickets = this.#received.get(key)
    if (tickets) tickets.push(ticket)
    else this.#received.set(key, [ticket])
    const [oldest] = this.#received.size > MOST_RECEIVED_KEYS ? this.#received.keys() : []
    if (oldest !== undefined) this.#received.delete(oldest)
  }

  #keepPlace(line: string, arrival: string): void {
    const now = performance.now()
    this.#places = this.#places.filter(({ until }) => until > now)
    this.#places.push({ line, arrival, until: now + PLACE_KEPT })
  }

  #takePlace(line: string): string {
    if (this.#places.length === 0) return ''
    const now = performance.now()
    this.#places = this.#places.filter(({ until }) => until > now)
    const index = this.#places.findIndex(place => place.line === line)
    return index === -1 ? '' : (this.#places.splice(index, 1)[0]?.arrival ?? '')
  }
}
