import type { Connection } from '../connection/connection.js'
import { explain } from '../connection/reply-error.js'
import { words, type Command, type Reply, type Runner, type Step } from '../command.js'
import { TransactionError, type HotError } from '../errors.js'
import { Pending } from '../pending.js'
import { QueuedResult, type Queue, type Settle } from './queued-result.js'
import { readsOf, takeApart, type Parts } from './results.js'
import { currentTransaction, runWithin } from './scope.js'
import { WatchedConnection } from './watched-connection.js'

/** A write that waits for the commit, and whom to tell, if it returns anything. */
interface Queued {
  /** None (yet) where a read may turn out to need no write. */
  command?: Command<unknown>
  readonly settle?: Settle<unknown>
}

type Filled = Queued & { readonly command: Command<unknown> }

/** How fn ended: with the parts of what it returned, or with what it threw. */
type Ended = Parts | { readonly error: unknown }

/** How an attempt ended: committed, or not because something it had read has changed. */
export type Attempt = { readonly value: unknown } | 'conflict'

/**
 * One attempt at a transaction: reads are answered at once, on a connection of its own that watches their keys; writes are
 * queued, and sent as one MULTI when fn has ended.
 */
export class Transaction implements Runner, Queue {
  #phase: 'open' | 'ending' | 'over' = 'open'
  readonly #watch: WatchedConnection
  readonly #queue: Queued[] = []
  readonly #written = new Set<string>()
  readonly #reading = new Set<Command<unknown>>()
  /** What was missing counts as this from now on, by the requests that read it. */
  readonly #filledIn = new Map<string, unknown>()
  #allRead: (() => void) | undefined
  /** The first key used: on a cluster the others must share its slot. */
  #key: string | undefined
  #misuse: HotError | undefined
  #failed = false
  /** The write whose result somebody waits for from outside, and maybe fn with them. */
  #waitedFor: Command<unknown> | undefined

  constructor(
    private readonly owner: object,
    private readonly connection: Connection,
    earlier: Promise<void> | undefined
  ) {
    this.#watch = new WatchedConnection(connection, earlier)
  }

  run<R>(command: Command<R>): Pending<R> {
    if (command.readFirst) return this.run(command.readFirst())
    const refusal = this.#refusal(command)
    if (refusal) return this.#refuse(command, refusal)
    this.#key ??= command.keys[0]
    if (command.kind === 'write') return this.#write(command)
    if (command.writes) for (const key of command.keys) this.#written.add(key)
    return new Pending((resolve, reject) => void this.#read(command).then(resolve, reject))
  }

  /** A call that would wait: nothing it waits for could be told before the transaction ends. */
  refuseWait<R>({ operation, keys }: Pick<Command<R>, 'operation' | 'keys'>): Pending<R> {
    const refusal = new TransactionError(
      `key '${keys[0]}': a transaction can't wait or hold anything: do this before or after it, or start it with hot.detached(fn); a queue's putNowait and getNowait can take part`,
      { key: keys[0], operation }
    )
    this.misused(refusal)
    const refused = Pending.reject(refusal) as Pending<R>
    refused.catch(() => {})
    return refused
  }

  isInside(): boolean {
    return this.#phase !== 'over' && currentTransaction(this.owner) === this
  }

  misused(error: HotError): void {
    this.#misuse ??= error
    this.#failed = true
  }

  waitedFor(command: Command<unknown>): void {
    this.#waitedFor = command
  }

  /** What it is waiting for, in words. */
  get waitingFor(): string {
    const calls = [...this.#reading].map(({ operation, keys }) => `${operation} on '${keys[0]}'`)
    const queueing = this.#watch.queues ? ' (to get a connection: other transactions hold all of them)' : ''
    if (calls.length > 0) return calls.join(', ') + queueing
    const result = this.#waitedFor
    if (result)
      return `the result of ${result.operation} on '${result.keys[0]}', which exists only after the transaction`
    return 'fn to end, which had no call of this Hot under way'
  }

  /** Runs fn, then commits or finds out why not; `committing` is told before anything is sent. */
  async attempt(fn: () => unknown, committing: () => void): Promise<Attempt> {
    try {
      const ended = await this.#runToEnd(fn)
      if (this.#phase === 'over') return 'conflict'
      this.#phase = 'ending'
      if (this.#reading.size > 0) await new Promise<void>(resolve => (this.#allRead = resolve))
      committing()
      if (this.#misuse) throw this.#misuse
      const committed = 'error' in ended ? await this.#check(ended.error) : await this.#commit()
      this.#phase = 'over'
      if (!committed || 'error' in ended) return 'conflict'
      return { value: ended.assemble(await Promise.all(ended.parts)) }
    } catch (error) {
      this.#failed = true
      this.#tellQueue(error)
      throw error
    } finally {
      this.abandon()
    }
  }

  /** Runs fn as a part of this transaction: what it writes has its results when this one commits. */
  async join(fn: () => unknown): Promise<unknown> {
    if (typeof fn !== 'function') throw notAFunction()
    if (this.#phase !== 'open') throw late({ operation: 'transaction', keys: [this.#key ?? ''] })
    const parts = takeApart(await fn())
    await readsOf(parts.parts)
    return parts.assemble(parts.parts)
  }

  /** Ends it for lack of time. */
  giveUp(): void {
    this.#failed = true
    this.abandon()
  }

  /** Ends it: nothing more is sent. */
  abandon(): void {
    this.#phase = 'over'
    this.#watch.close(this.#reading.size > 0)
    this.#tellQueue(new TransactionError('this attempt at the transaction ended without writing anything'))
  }

  #refusal(command: Command<unknown>): HotError | undefined {
    const { operation, keys, kind } = command
    if (this.#phase !== 'open') return late(command)
    if (this.#misuse) return this.#misuse
    const first = this.#key
    const crossing = first === undefined ? undefined : this.connection.crossSlot({ ...command, keys: [first, ...keys] })
    const written = kind === 'read' ? keys.find(key => this.#written.has(key)) : undefined
    const misuse = crossing ?? (written === undefined ? undefined : readAfterWrite(operation, written))
    if (misuse) this.misused(misuse)
    return misuse
  }

  /** A refused write need not be caught where the transaction itself rejects; of work that comes too late nobody else tells. */
  #refuse<R>(command: Command<R>, refusal: HotError): Pending<R> {
    const refused = Pending.reject(refusal) as Pending<R>
    if (command.kind === 'write' && this.#failed) refused.catch(() => {})
    return refused
  }

  async #read<R>(command: Command<R>): Promise<R> {
    // What the next step writes takes its place in the queue now, before whatever is written later.
    const place: Queued = {}
    if (command.next) this.#queue.push(place)
    this.#reading.add(command)
    try {
      const decoded = command.decode(await this.#watch.read(command), 0)
      return command.next ? this.#takeStep(command, command.next.bind(command, decoded), place) : decoded
    } finally {
      this.#reading.delete(command)
      if (this.#reading.size === 0) this.#allRead?.()
    }
  }

  /** The step after a read: a write is queued, and its result taken for granted, for the keys are watched. */
  #takeStep<R>(first: Command<R>, next: () => Step<R>, place: Queued): R {
    const asked = JSON.stringify(first.requests)
    if (this.#filledIn.has(asked)) return this.#filledIn.get(asked) as R
    const step = next()
    if ('result' in step) return step.result
    const { command } = step
    if (!command.expected) throw new Error(`${command.operation} has a step without an expected result`)
    const expected = command.expected()
    place.command = command
    if (command.fillsIn) this.#filledIn.set(asked, expected)
    return expected
  }

  #write<R>(command: Command<R>): Pending<R> {
    for (const key of command.keys) this.#written.add(key)
    if (command.returnsNothing) {
      this.#queue.push({ command: command })
      return Pending.resolve(undefined) as Pending<R>
    }
    const { result, settle } = QueuedResult.of(command, this)
    this.#queue.push({ command: command, settle: settle as Settle<unknown> })
    return result
  }

  async #runToEnd(fn: () => unknown): Promise<Ended> {
    try {
      const returned = runWithin(this.owner, this, fn)
      const ended = takeApart(returned instanceof QueuedResult ? returned : await returned)
      await readsOf(ended.parts)
      return ended
    } catch (error) {
      return { error }
    }
  }

  /** What fn threw is its own only if all it had read still holds. */
  async #check(error: unknown): Promise<false> {
    if (!this.#watch.used) throw error
    if (!this.#watch.lost && (await this.#watch.execute([])) !== undefined) throw error
    return false
  }

  /** Whether the queue has been executed. */
  async #commit(): Promise<boolean> {
    const queue = this.#queue.filter((queued): queued is Filled => queued.command !== undefined)
    const requests = queue.flatMap(({ command }) => command.requests)
    const replies = this.#watch.used ? await this.#watch.execute(requests) : await this.#send(queue)
    if (replies) await this.#deliver(queue, replies)
    return replies !== undefined
  }

  /** With nothing to check, all goes over the shared connection. */
  async #send(queue: readonly Filled[]): Promise<readonly Reply[]> {
    if (queue.length === 0) return []
    return this.connection.run({
      operation: 'transaction',
      keys: [...new Set(queue.flatMap(({ command }) => command.keys))],
      kind: 'write',
      holds: undefined,
      requests: queue.flatMap(({ command }) => command.requests),
      returnsNothing: false,
      takesErrors: true,
      decode: replies => replies
    })
  }

  /** Gives each queued call its result; fails with all of them if any has failed. */
  async #deliver(queue: readonly Filled[], replies: readonly Reply[]): Promise<void> {
    let at = 0
    const results: Promise<unknown>[] = []
    for (const { command, settle } of queue) {
      const own = replies.slice(at, (at += command.requests.length))
      const result = this.#resultOf(command, own)
      results.push(result)
      if (settle) result.then(settle.resolve, settle.reject)
    }
    const settled = await Promise.allSettled(results)
    const failures = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    if (failures.length > 0) throw failedInside(settled, failures)
  }

  async #resultOf(command: Command<unknown>, replies: readonly Reply[]): Promise<unknown> {
    const error = replies.find(reply => reply instanceof Error)
    if (error) throw await explain(error, command, key => this.#typeOf(key))
    return command.decode(replies, 0)
  }

  #typeOf(key: string): Promise<string> {
    const command: Command<string> = {
      operation: 'transaction',
      keys: [key],
      kind: 'read',
      holds: undefined,
      requests: [words('TYPE', key)],
      returnsNothing: false,
      decode: ([type]) => String(type)
    }
    return this.connection.run(command).catch(() => 'none')
  }

  #tellQueue(error: unknown): void {
    for (const { settle } of this.#queue) settle?.reject(error)
  }
}

function late({ operation, keys }: Pick<Command<unknown>, 'operation' | 'keys'>): TransactionError {
  return new TransactionError(
    `key '${keys[0]}': the transaction that this work was started in has ended, so nothing was sent: await the work inside of it, or start it with hot.detached(fn)`,
    { key: keys[0], operation }
  )
}

export function notAFunction(): TypeError {
  return new TypeError('transaction: give a function: hot.transaction(() => { … })')
}

function readAfterWrite(operation: string, key: string): TransactionError {
  return new TransactionError(
    `key '${key}' was written earlier in this transaction, and writes happen at its end: read first, then write`,
    { key, operation }
  )
}

function failedInside(
  results: readonly PromiseSettledResult<unknown>[],
  failures: readonly PromiseRejectedResult[]
): TransactionError {
  const reasons = failures.map(({ reason }) => (reason instanceof Error ? reason.message : String(reason)))
  const first = failures[0]?.reason as HotError
  return new TransactionError(
    `${failures.length} of ${results.length} writes failed, and the others have taken effect, for Redis does not roll back: ${reasons.join('; ')}`,
    { operation: 'transaction', key: first.key, cause: first, results }
  )
}
