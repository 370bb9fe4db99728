import { clearTimer, setTimer } from '../core/clock.js'
import { command, type Reply, type Request } from '../core/command.js'
import { Key } from '../core/keys.js'
import type { WaitSpec } from '../core/wait-spec.js'
import type { PendingWait } from './pending-wait.js'

/** Milliseconds until a key is rechecked that could not be read: its slot is moving, or it holds another type. */
const RECHECK_AFTER_ERROR = 20

/** Milliseconds after a change until a process reads the key that does not watch it, and as many more at random. */
const PASSIVE_DELAY = 1_000

/** Milliseconds for which a process that watched a wait queue may come back, before another one is told to watch. */
const PASS_AFTER = 20

/** What a watcher needs from the registry of all waits. */
interface Waits {
  readonly isCluster: boolean
  /** Reads a key with tracking; undefined when it is tracked already, or can't be. */
  read(key: string, name: string, request: Request): Promise<Reply> | undefined
  recheck(key: string): void
  recheckIn(key: string, milliseconds: number): void
  /** Tells another process that waits in the same wait queue to watch it. */
  pass(spec: WaitSpec<unknown>): void
}

/** The wait queues of a key in which this process waits. */
interface WatchedKey {
  readonly waits: Map<string, Set<PendingWait>>
  /** Those that this process watches. */
  readonly watching: Set<string>
  timer?: NodeJS.Timeout | undefined
}

/**
 * Notices what other programs do to the keys of waits. Of all processes that wait in a wait queue, one watches: it reads
 * the key after each change. It is the first one in the wait queue, or was told to watch. The others read the key a second
 * later, in case that process has stopped.
 */
export class KeyWatcher {
  readonly #byKey = new Map<string, WatchedKey>()
  readonly #keyOfWaitQueue = new Map<string, string>()
  readonly #passTimers = new Map<string, NodeJS.Timeout>()

  constructor(private readonly waits: Waits) {}

  enqueued(wait: PendingWait, isFirst: boolean): void {
    const { key, spec } = wait
    if (!spec.watched) return
    const { waitQueue } = spec
    const watched = this.#watchedKey(key)
    const waits = watched.waits.get(waitQueue.name)
    if (waits) waits.add(wait)
    else watched.waits.set(waitQueue.name, new Set([wait]))
    this.#keyOfWaitQueue.set(waitQueue.name, key)
    if (isFirst) this.#startWatching(watched, waitQueue.name)
    this.#readSoon(key, watched)
    if (this.waits.isCluster) this.#readWaitQueue(key, waitQueue)
  }

  /** A wait has ended: another one takes its place, in this process or in another. */
  left(wait: PendingWait): void {
    const { key, spec } = wait
    const { name } = spec.waitQueue
    const watched = this.#byKey.get(key)
    const waits = watched?.waits.get(name)
    if (!watched || !waits?.delete(wait)) return
    if (waits.size === 0) {
      watched.waits.delete(name)
      this.#keyOfWaitQueue.delete(name)
      if (watched.watching.delete(name)) this.#passSoon(spec)
    }
    if (watched.waits.size > 0) return this.#readSoon(key, watched)
    clearTimer(watched.timer)
    this.#byKey.delete(key)
  }

  /** A key, or a wait queue on a cluster, has changed. */
  changed(name: string): void {
    const watched = this.#byKey.get(name)
    if (watched) return this.#readSoon(name, watched)
    const key = this.#keyOfWaitQueue.get(name)
    if (key !== undefined) this.#readWaitQueue(key, new Key(name))
  }

  /** This process was told to watch a wait queue. */
  watch(waitQueue: string): void {
    const key = this.#keyOfWaitQueue.get(waitQueue)
    const watched = key === undefined ? undefined : this.#byKey.get(key)
    if (key === undefined || !watched) return
    this.#startWatching(watched, waitQueue)
    this.#readSoon(key, watched)
  }

  #watchedKey(key: string): WatchedKey {
    const known = this.#byKey.get(key)
    if (known) return known
    const made: WatchedKey = { waits: new Map(), watching: new Set() }
    this.#byKey.set(key, made)
    return made
  }

  #startWatching({ watching }: WatchedKey, waitQueue: string): void {
    watching.add(waitQueue)
    clearTimer(this.#passTimers.get(waitQueue))
    this.#passTimers.delete(waitQueue)
  }

  /** Reads the key: at once when this process watches it. */
  #readSoon(key: string, watched: WatchedKey): void {
    if (watched.watching.size > 0) return this.#readKey(key, watched)
    const read = (): void => {
      watched.timer = undefined
      this.#readKey(key, watched)
    }
    watched.timer ??= setTimer(read, PASSIVE_DELAY * (1 + Math.random())).unref()
  }

  #readKey(key: string, { waits }: WatchedKey): void {
    const specs = (): WaitSpec<unknown>['watched'][] => [...waits.values()].map(([wait]) => wait?.spec.watched)
    const [watched] = specs()
    if (watched) this.#read(key, key, watched.request, reply => specs().some(spec => spec?.worthAsking(reply)))
  }

  /** When the slot moves, the list may not exist, but the wait queue disappears from this node. */
  #readWaitQueue(key: string, waitQueue: Key): void {
    this.#read(key, waitQueue.name, command('EXISTS', waitQueue), reply => reply === 0)
  }

  #read(key: string, name: string, request: Request, worthAsking: (reply: Reply) => boolean): void {
    void this.waits.read(key, name, request)?.then(reply => {
      if (reply instanceof Error) this.waits.recheckIn(key, RECHECK_AFTER_ERROR)
      else if (worthAsking(reply)) this.waits.recheck(key)
    })
  }

  #passSoon(spec: WaitSpec<unknown>): void {
    const { name } = spec.waitQueue
    clearTimer(this.#passTimers.get(name))
    const pass = (): void => {
      this.#passTimers.delete(name)
      this.waits.pass(spec)
    }
    this.#passTimers.set(name, setTimer(pass, PASS_AFTER).unref())
  }
}
