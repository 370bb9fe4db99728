import { keysOfAll, type Command, type Reply, type Request, type Update, type Write } from '../core/command.js'
import { TransactionError } from '../core/errors.js'
import type { Call } from '../execution/call.js'
import { replayOf, type Clock } from './replay.js'
import { currentScope, isWithin, type Scope } from './scope.js'

/**
 * A write of a transaction, in the order of calls. It is `queued` until the commit, unless its result is needed before: then
 * it has `run` on shadows. It is `stale` when these were dropped, and `void` when it has nothing to write.
 */
export class Entry {
  state: 'queued' | 'run' | 'stale' | 'void' = 'queued'
  /** What is sent; undefined while an Update reads. */
  call: Call | undefined
  /** What is sent by the commit, and to other shadows: it gives again what was answered. */
  replay: readonly Request[] = []
  /** When it has run, among all that has been answered by shadows. */
  ranAt = 0
  /** Whether all keys of a command of the user's are marked; undefined until Redis has been asked. */
  keysMarked: boolean | undefined
  /** Whether the code of the transaction has asked for the result, and so is told of an error. */
  observed = false
  settled: PromiseSettledResult<unknown> | undefined
  /** What became of what an Update writes. */
  written: Promise<PromiseSettledResult<unknown>> | undefined

  #answered: Deferred<PromiseSettledResult<unknown>> | undefined
  #outcome: Deferred<unknown> | undefined
  #ready: Deferred<undefined> | undefined

  constructor(
    readonly command: Write<unknown> | Update<unknown>,
    /** Its place in the order of all calls. */
    readonly position: number,
    /** The nested transaction that it is part of. */
    readonly scope: Scope | undefined
  ) {}

  /** All keys that it touches. */
  get keys(): readonly string[] {
    const { command, call } = this
    if (command.kind === 'write') return keysOfAll(command.requests)
    return keysOfAll(call ? [command.read, ...call.requests] : [command.read])
  }

  /** The keys that it changes; others it only reads. */
  get changedKeys(): readonly string[] {
    const unchanged = this.command.unchanged?.map(({ name }) => name)
    return unchanged ? this.keys.filter(key => !unchanged.includes(key)) : this.keys
  }

  /** Resolves when an Update has read, and what it writes is known. */
  get ready(): Promise<unknown> | undefined {
    return this.call || this.state === 'void' ? undefined : (this.#ready ??= deferred()).promise
  }

  /** Whether it may touch keys that nobody knows. */
  get unsure(): boolean {
    return this.command.kind === 'write' && this.command.raw === true && this.keysMarked === undefined
  }

  /** What Redis has answered, on a shadow or to the commit. */
  get answered(): Promise<PromiseSettledResult<unknown>> {
    return this.settled ? Promise.resolve(this.settled) : (this.#answered ??= deferred()).promise
  }

  /** What became of it with the transaction. */
  get outcome(): Promise<unknown> {
    return (this.#outcome ??= deferred()).promise
  }

  /** What an Update writes is known: maybe nothing. */
  known(): void {
    if (!this.call) this.state = 'void'
    this.#ready?.resolve(undefined)
  }

  settle(result: PromiseSettledResult<unknown>): void {
    this.settled ??= result
    this.#answered?.resolve(result)
  }

  /** Shadows have replied; `clock` is the time that scripts were told. */
  hasRun(replies: readonly Reply[], clock: Clock | undefined): void {
    const { requests } = this.call as Call
    this.replay = requests.flatMap((request, index) => replayOf(request, replies[index] ?? null, clock) ?? [])
    this.call?.replied(replies, 0)
  }

  /** The commit has done again what had run on shadows; what went well there must not have failed now. */
  wasReplayed(replies: readonly Reply[]): void {
    const failed = replies.find(reply => reply instanceof Error)
    if (failed && this.settled?.status === 'fulfilled') this.fail(failed)
  }

  /** It has failed after its code was told something else. */
  fail(reason: unknown): void {
    this.observed = false
    this.settled = undefined
    this.settle({ status: 'rejected', reason })
  }

  /** Its result, once Redis has executed it. */
  async finalResult(): Promise<PromiseSettledResult<unknown>> {
    const written = await this.written
    if (written?.status === 'rejected') this.fail(written.reason)
    return this.answered
  }

  /** The transaction is committed: the result holds. */
  commit(): void {
    if (this.settled?.status === 'fulfilled') this.#outcome?.resolve(this.settled.value)
    else this.#outcome?.reject(this.settled?.reason)
  }

  reject(error: unknown): void {
    this.#outcome?.reject(error)
  }
}

interface Answer {
  /** What was written before this position was part of it. */
  readonly position: number
  readonly keys: readonly string[]
  readonly scope: Scope | undefined
}

interface RolledBack {
  /** The keys whose shadows hold something that was taken back. */
  readonly spoilt: ReadonlySet<string>
  /** Whether code outside of the nested transaction was told what has been taken back. */
  readonly misled: boolean
}

/** All writes of an attempt at a transaction, and what of them has run on shadows. */
export class Journal {
  #entries: Entry[] = []
  #last = 0
  /** How many entries change a key. */
  readonly #changing = new Map<string, number>()
  /** Entries that have to run before the key can be read. */
  readonly #waiting = new Map<string, Entry[]>()
  readonly #rolledBack = new WeakSet<Scope>()
  /** Who has been answered by shadows, in this order. */
  readonly #answers: Answer[] = []

  /** Whether the running code is part of a nested transaction that has failed. */
  get isRolledBack(): boolean {
    for (let scope = currentScope(); scope; scope = scope.outer) if (this.#rolledBack.has(scope)) return true
    return false
  }

  /** The position of the next write. */
  get position(): number {
    return this.#last + 1
  }

  /** The writes to commit. */
  get entries(): readonly Entry[] {
    return this.#entries.filter(({ call, settled }) => call ?? settled)
  }

  enter(command: Write<unknown> | Update<unknown>): Entry {
    const entry = new Entry(command, ++this.#last, currentScope())
    this.#entries.push(entry)
    this.#index(entry)
    return entry
  }

  /** What an Update writes is known: it may write to a key that it has not read. */
  known(entry: Entry): void {
    if (!entry.call) this.#unindex(entry)
    else this.#index(entry, keysOfCommand(entry.command))
    entry.known()
  }

  /** Resolves when it is known what all Updates write. */
  async allKnown(): Promise<void> {
    for (let unknown; (unknown = this.#entries.find(({ ready }) => ready !== undefined));) await unknown.ready
  }

  isChanged(key: string): boolean {
    return (this.#changing.get(key) ?? 0) > 0
  }

  /** The entries before a position that have to run before the keys can be read: all that share keys with them. */
  before(keys: readonly string[], position: number): readonly Entry[] {
    const found = new Set<Entry>()
    const reached = new Set(keys)
    for (const key of reached) {
      const waiting = (this.#waiting.get(key) ?? []).filter(isWaiting)
      this.#waiting.set(key, waiting)
      for (const entry of waiting) {
        if (entry.position >= position || found.has(entry)) continue
        found.add(entry)
        for (const other of entry.keys) reached.add(other)
      }
    }
    return [...found].sort((one, other) => one.position - other.position)
  }

  /** Code of a scope is told what shadows hold. */
  answers(answer: Answer): void {
    this.#answers.push(answer)
  }

  /** An entry is run on shadows. */
  runs(entry: Entry): void {
    const again = entry.state === 'stale'
    entry.state = 'run'
    entry.ranAt = this.#answers.length
    // Run again, it gives what it gave.
    if (!again) this.#answers.push(entry)
  }

  /** Removes what a nested transaction has written. */
  rollBack(nested: Scope): RolledBack {
    const removed = this.#entries.filter(({ scope }) => isWithin(scope, nested))
    this.#rolledBack.add(nested)
    for (const entry of removed) this.#unindex(entry)
    this.#entries = this.#entries.filter(entry => !removed.includes(entry))
    const run = removed.filter(({ state }) => state === 'run')
    const spoilt = this.#reachedBy(run)
    const isSpoilt = ({ keys }: Answer): boolean => keys.some(key => spoilt.has(key))
    const misled = run.some(entry => this.#hasMisled(entry, nested))
    const error = new TransactionError('the nested transaction that this write was part of has failed; it is not sent')
    for (const entry of removed) {
      entry.state = 'void'
      entry.fail(error)
      entry.reject(error)
    }
    for (const entry of this.#entries) if (entry.state === 'run' && isSpoilt(entry)) this.#rerun(entry)
    return { spoilt, misled }
  }

  /** Ends all writes without a commit. */
  reject(error: unknown): void {
    for (const entry of this.#entries) entry.reject(error)
  }

  /** Whether code outside of its nested transaction was told what shows this entry. */
  #hasMisled(entry: Entry, nested: Scope): boolean {
    const reached = this.#reachedBy([entry])
    return this.#answers
      .slice(entry.ranAt)
      .some(
        ({ position, scope, keys }) =>
          position > entry.position && !isWithin(scope, nested) && keys.some(key => reached.has(key))
      )
  }

  /** The keys of entries, and of all that have run and share keys with them. */
  #reachedBy(entries: readonly Entry[]): Set<string> {
    const keys = new Set(entries.flatMap(entry => entry.keys))
    const run = this.#entries.filter(({ state }) => state === 'run')
    for (let size = -1; size < keys.size;) {
      size = keys.size
      for (const entry of run) if (entry.keys.some(key => keys.has(key))) for (const key of entry.keys) keys.add(key)
    }
    return keys
  }

  #rerun(entry: Entry): void {
    entry.state = 'stale'
    for (const key of entry.keys) this.#waitingAt(key).push(entry)
  }

  /** `indexed` are keys that are indexed already. */
  #index(entry: Entry, indexed: readonly string[] = []): void {
    for (const key of entry.changedKeys) if (!indexed.includes(key)) this.#count(key, 1)
    for (const key of entry.keys) if (!indexed.includes(key)) this.#waitingAt(key).push(entry)
  }

  #count(key: string, change: number): void {
    this.#changing.set(key, (this.#changing.get(key) ?? 0) + change)
  }

  #unindex(entry: Entry): void {
    if (entry.state === 'void') return
    for (const key of entry.changedKeys) this.#count(key, -1)
    for (const key of entry.keys)
      this.#waiting.set(
        key,
        this.#waitingAt(key).filter(other => other !== entry)
      )
  }

  #waitingAt(key: string): Entry[] {
    const known = this.#waiting.get(key)
    if (known) return known
    const made: Entry[] = []
    this.#waiting.set(key, made)
    return made
  }
}

function isWaiting({ state }: Entry): boolean {
  return state === 'queued' || state === 'stale'
}

interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** A promise whose rejection nobody has to handle. */
function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((...both) => ([resolve, reject] = both))
  promise.catch(() => {})
  return { promise, resolve, reject }
}

/** The keys that a command begins with. */
export function keysOfCommand(command: Command<unknown>): readonly string[] {
  return keysOfAll(command.kind === 'update' ? [command.read] : command.requests)
}
