import type { SharedRunner } from '../connection/shared-runner.js'
import {
  keysOfAll,
  type CallInfo,
  type Command,
  type Reply,
  type Request,
  type Runner,
  type Update,
  type Read,
  type Write
} from '../core/command.js'
import { TransactionError, type HotError } from '../core/errors.js'
import { Pending } from '../core/pending.js'
import type { Call } from '../execution/call.js'
import { execute, type Executor } from '../execution/driver.js'
import { explain } from '../execution/reply-error.js'
import { Journal, type Entry, type Filled } from './journal.js'
import { QueuedResult, RefusedResult, type Queue } from './queued-result.js'
import { readsOf, takeApart, type Parts } from './results.js'
import { currentTransaction, newScope, runIn, runWithin } from './scope.js'
import { WatchedConnection, type Connections } from './watched-connection.js'

/** How fn ended: with the parts of what it returned, or with what it threw. */
type Ended = Parts | { readonly error: unknown }

/** How an attempt ended: committed, or not because something it had read has changed. */
export type Attempt = { readonly value: unknown } | 'conflict'

/** What transactions run on. */
export interface TransactionHost extends Connections {
  readonly runner: SharedRunner
}

/**
 * One attempt at a transaction: reads are answered at once, on a connection of its own that watches their keys; writes are
 * queued, and sent as one MULTI when fn has ended.
 */
export class Transaction implements Runner, Queue {
  #phase: 'open' | 'ending' | 'over' = 'open'
  readonly #watch: WatchedConnection
  readonly #journal = new Journal()
  readonly #reading = new Map<Call, CallInfo>()
  #allRead: (() => void) | undefined
  /** The first key used: on a cluster the others must share its slot. */
  #key: string | undefined
  #misuse: HotError | undefined
  #failed = false
  /** The write whose result somebody waits for from outside, and maybe fn with them. */
  #waitedFor: CallInfo | undefined

  constructor(
    private readonly owner: object,
    private readonly host: TransactionHost,
    earlier: Promise<void> | undefined
  ) {
    this.#watch = new WatchedConnection(host, earlier)
  }

  run<R>(command: Command<R>): Pending<R> {
    const requests = command.kind === 'update' ? [command.read] : command.requests
    const keys = keysOfAll(requests)
    const refusal = this.#refusal(command, keys)
    if (refusal) return this.#refuse(command, refusal)
    this.#key ??= keys[0]
    if (command.kind === 'write') return this.#write(command)
    if (command.kind === 'read' || !command.insertsDefault) return this.#execute(command)
    const known = this.#journal.knownInsert(command.read) as Pending<R> | undefined
    if (known) return known
    const result = this.#execute(command)
    this.#journal.rememberInsert(command.read, result)
    return result
  }

  /** A call that would wait: nothing it waits for could be told before the transaction ends. */
  refuseWait<R>({ operation, key }: Pick<CallInfo, 'operation' | 'key'>): Pending<R> {
    const refusal = new TransactionError(
      `key '${key}': a transaction can't wait or hold anything: do this before or after it, or start it with hot.detached(fn); a queue's putNowait and getNowait can take part`,
      { key, operation }
    )
    this.misused(refusal)
    return RefusedResult.of(refusal)
  }

  /** Refuses a call that is none of a handle. */
  refuseCall(operation: string, why: string): never {
    const error = new TransactionError(
      `${operation} can't be called inside a transaction, for ${why}: call it before or after the transaction`,
      { operation }
    )
    this.misused(error)
    throw error
  }

  isInside(): boolean {
    return this.#phase !== 'over' && currentTransaction(this.owner) === this
  }

  misused(error: HotError): void {
    this.#misuse ??= error
    this.#failed = true
  }

  waitedFor(info: CallInfo): void {
    this.#waitedFor = info
  }

  /** What it is waiting for, in words. */
  get waitingFor(): string {
    const calls = [...this.#reading.values()].map(({ operation, key }) => `${operation} on '${key}'`)
    const queued = this.#watch.queued ? ' (to get a connection: other transactions hold all of them)' : ''
    if (calls.length > 0) return calls.join(', ') + queued
    const result = this.#waitedFor
    if (result) return `the result of ${result.operation} on '${result.key}', which exists only after the transaction`
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
      this.#journal.reject(error)
      throw error
    } finally {
      this.abandon()
    }
  }

  /**
   * Runs fn as a part of this transaction: what it writes has its results when this one commits. If it throws, nothing that
   * it has written is committed.
   */
  async join(fn: () => unknown): Promise<unknown> {
    if (typeof fn !== 'function') throw notAFunction()
    if (this.#phase !== 'open') throw late({ operation: 'transaction', key: this.#key ?? '' })
    const scope = newScope(this.owner, this)
    try {
      const parts = takeApart(await runIn(scope, fn))
      await readsOf(parts.parts)
      return parts.assemble(parts.parts)
    } catch (error) {
      this.#journal.rollBack(scope)
      throw error
    }
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
    this.#journal.reject(new TransactionError('this attempt at the transaction ended without writing anything'))
  }

  #refusal(command: Command<unknown>, keys: readonly string[]): HotError | undefined {
    const { info } = command
    if (this.#phase !== 'open' || this.#journal.isRolledBack) return late(info)
    if (this.#misuse) return this.#misuse
    const crossing = this.host.runner.crossSlotError(command, this.#key === undefined ? [] : [this.#key])
    const misuse = crossing ?? this.#journal.refusal(command, keys)
    if (misuse) this.misused(misuse)
    return misuse
  }

  /** Misuse fails the transaction, whose promise tells of it. Of work that comes too late nobody else tells. */
  #refuse<R>(command: Command<R>, refusal: HotError): Pending<R> {
    const isTold = refusal === this.#misuse || (command.kind === 'write' && this.#failed)
    return isTold ? RefusedResult.of(refusal) : (Pending.reject(refusal) as Pending<R>)
  }

  /** Runs what begins with a read. */
  #execute<R>(command: Read<R> | Update<R>): Pending<R> {
    // What an Update writes takes its place in the queue now, before whatever is written later.
    const entry = command.kind === 'read' ? undefined : this.#journal.enter(command)
    const executor: Executor = {
      repliesToWrites: false,
      typeOf: key => this.host.runner.typeOf(key),
      read: call => void this.#read(command.info, call),
      write: (call, assumed = null) => {
        if (entry) this.#enqueue(writeOf(command.info, call.requests), entry).catch(() => {})
        call.replied([assumed], 0)
      }
    }
    return new Pending((resolve, reject) => execute(command, executor, resolve, reject))
  }

  async #read(info: CallInfo, call: Call): Promise<void> {
    this.#reading.set(call, info)
    try {
      const replies = await this.#watch.read(call.requests)
      call.replied(replies, 0)
    } catch (error) {
      call.failed(error)
    } finally {
      // What fn does with it comes first.
      await Promise.resolve()
      this.#reading.delete(call)
      if (this.#reading.size === 0) this.#allRead?.()
    }
  }

  #write<R>(command: Write<R>): Pending<R> {
    const result = this.#enqueue(command, this.#journal.enter(command))
    result.catch(() => {})
    if (command.returnsNothing) return Pending.resolve(undefined) as Pending<R>
    return QueuedResult.of(command.info, this, result)
  }

  /** Gives an entry of the journal its write. */
  #enqueue<R>(command: Write<R>, entry: Entry): Promise<R> {
    const result = new Promise<R>((resolve, reject) => {
      entry.reject = reject
      const executor: Executor = {
        repliesToWrites: false,
        typeOf: key => this.host.runner.typeOf(key),
        read: () => {},
        write: call => (entry.call = call)
      }
      execute(command, executor, resolve, reject)
    })
    entry.result = result
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
    const queue = this.#journal.filled
    const requests = queue.flatMap(({ call }) => call.requests)
    const replies = this.#watch.used ? await this.#watch.execute(requests) : await this.#send(requests)
    if (replies) await this.#deliver(queue, replies)
    return replies !== undefined
  }

  /** With nothing to check, all goes over the shared connection. */
  async #send(requests: readonly Request[]): Promise<readonly Reply[]> {
    if (requests.length === 0) return []
    const info = { operation: 'transaction', key: this.#key ?? '', redisType: undefined }
    const replies = await this.host.runner.transact(requests)
    const [refusal] = replies
    if (!(refusal instanceof Error) || replies.length === requests.length) return replies
    throw await explain(refusal, info, [], () => Promise.resolve('none'))
  }

  /** Gives each queued call its result; fails with all of them if any has failed. */
  async #deliver(queue: readonly Filled[], replies: readonly Reply[]): Promise<void> {
    let at = 0
    for (const { call } of queue) call.replied(replies.slice(at, (at += call.requests.length)), 0)
    const settled = await Promise.allSettled(queue.map(({ result }) => result))
    const failures = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    if (failures.length > 0) throw failedInside(settled, failures)
  }
}

/** The write that an Update came to. */
function writeOf(info: CallInfo, requests: readonly Request[]): Write<undefined> {
  return { kind: 'write', info, requests, decode: undefined, returnsNothing: true, idempotent: false }
}

function late({ operation, key }: Pick<CallInfo, 'operation' | 'key'>): TransactionError {
  return new TransactionError(
    `key '${key}': the transaction that this work was started in has ended, so nothing was sent: await the work inside of it, or start it with hot.detached(fn)`,
    { key, operation }
  )
}

export function notAFunction(): TypeError {
  return new TypeError('transaction: give a function: hot.transaction(() => { … })')
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
