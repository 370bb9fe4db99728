import { nanoid } from 'nanoid'
import type { SharedRunner } from '../connection/shared-runner.js'
import { now } from '../core/clock.js'
import {
  command,
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
import { Key } from '../core/keys.js'
import { Pending } from '../core/pending.js'
import { AT_ONCE, type Grant, type Lease, type LeaseSpec, type WaitOptions, type WaitSpec } from '../core/wait-spec.js'
import type { Call } from '../execution/call.js'
import type { Change } from '../waiting/change-tracker.js'
import { execute, type Executor } from '../execution/driver.js'
import { explain } from '../execution/reply-error.js'
import { DeferredLease } from './deferred-lease.js'
import {
  existsLater,
  failedInside,
  late,
  notAFunction,
  nothingRead,
  readByOthers,
  tooLargeAt,
  unmarkedKeys
} from './errors.js'
import { Journal, keysOfCommand, type Entry } from './journal.js'
import { Retries } from './retry.js'
import { readsOf, takeApart, type Parts } from './results.js'
import { currentScope, currentTransaction, newScope, runIn, runWithin, type Scope } from './scope.js'
import { ShadowRunner } from './shadow-runner.js'
import { Shadows } from './shadows.js'
import { WatchedConnection, type Connections, type LastCommand } from './watched-connection.js'
import { RefusedResult, WriteResult } from './write-result.js'

/** How fn ended: with the parts of what it returned, or with what it threw. */
type Ended = Parts | { readonly error: unknown }

/** How an attempt that gave up goes on: when what it has read changes, or its waiting calls have no more time. */
export interface Waiting {
  readonly change: Change
  readonly keys: readonly string[]
  readonly retries: Retries
}

/** How an attempt ended: committed, not because something it had read has changed, before its commit or while it gave up. */
export type Attempt = { readonly value: unknown } | 'conflict' | 'changed' | Waiting

type Settle = (result: PromiseSettledResult<unknown>) => void

/** What transactions run on. */
export interface TransactionHost extends Connections {
  readonly runner: SharedRunner
  readonly leases: { autoRenew(spec: LeaseSpec): Lease }
  /** Waits for the turn at a key, first come, first served. */
  takeTurn(key: string, limits: WaitOptions): Promise<{ release(): Promise<void> }>
  /** The next change of keys; resolves when it will be told. */
  nextChange(keys: readonly string[]): Promise<Change>
}

/** What one attempt may take. */
export interface AttemptLimits {
  /** When the transaction was started, by the local clock. */
  readonly started: number
  /** Milliseconds until it has to be over. */
  readonly lifetime: number
  /** Whether it has its turn: others wait for it. */
  readonly hasTurn: boolean
  /** The most elements that a key may have whose writes are read before the commit. */
  readonly maxShadow: number | undefined
}

/**
 * One attempt at a transaction: reads are answered at once, on a connection of its own that watches their keys; writes are
 * queued, and sent as one MULTI when fn has ended. What needs the writes before has them run on shadows.
 */
export class Transaction implements Runner {
  #phase: 'open' | 'ending' | 'over' = 'open'
  readonly #watch: WatchedConnection
  readonly #journal = new Journal()
  readonly #shadows: Shadows
  readonly #onShadows: ShadowRunner
  /** Calls that wait for Redis. */
  readonly #pending = new Set<CallInfo>()
  #nonePending: (() => void) | undefined
  /** The first key used: on a cluster the others must share its slot. */
  #key: string | undefined
  #misuse: HotError | undefined
  #failed = false
  /** The write whose result somebody waits for from outside, and maybe fn with them. */
  #waitedFor: CallInfo | undefined
  readonly #retries = new Retries()
  readonly #leases: { readonly lease: DeferredLease; readonly entry: Entry }[] = []

  constructor(
    private readonly owner: object,
    private readonly host: TransactionHost,
    earlier: Promise<void> | undefined,
    private readonly limits: AttemptLimits
  ) {
    this.#watch = new WatchedConnection(host, earlier, limits.hasTurn)
    this.#shadows = new Shadows(limits.lifetime, limits.maxShadow)
    this.#onShadows = new ShadowRunner(this.#watch, this.#journal, this.#shadows, error => this.#noShadows(error))
  }

  run<R>(command: Command<R>): Pending<R> {
    const refusal = this.#refusal(command)
    if (refusal) return this.#refuse(command, refusal)
    this.#key ??= keysOfCommand(command)[0]
    return command.kind === 'write' ? this.#write(command) : this.#execute(command)
  }

  /** Ends the code that can't go on: the transaction is run again when something that it has read has changed. */
  retry(): never {
    throw this.#retries.add(currentScope())
  }

  /** A call that would wait tries; where there is nothing for it, the transaction is run again when there may be. */
  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    const { operation, key, redisType } = spec
    const info = { operation, key, redisType }
    const scope = currentScope()
    const ticket = spec.lease === undefined ? '' : `hot-redis:transaction/${nanoid()}`
    const leases = { autoRenew: (spec: LeaseSpec) => this.#deferLease(spec, entry) }
    const grant: Grant = { ticket, since: now(), leases }
    const decode = ([reply]: readonly Reply[]): R => {
      const [served, result = null] = reply as Reply[]
      if (served === 1) return spec.decode(result, grant)
      if (spec.fallback) return spec.fallback()
      throw this.#inVain(spec, limits, scope)
    }
    const attempt: Write<R> = {
      kind: 'write',
      info,
      requests: [spec.ask({ ...AT_ONCE, ticket })],
      decode,
      returnsNothing: false,
      idempotent: false,
      serve: spec.ask({ ...AT_ONCE, mode: 'withdraw' })
    }
    const refusal = this.#refusal(attempt)
    if (refusal) return this.#refuse(attempt, refusal)
    this.#key ??= keysOfCommand(attempt)[0]
    const entry = this.#journal.enter(attempt)
    this.#queue(attempt, entry, result => entry.settle(result))
    this.#force(info, entry)
    return this.#resultOf(info, entry)
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

  misused(error: HotError): void {
    this.#misuse ??= error
    this.#failed = true
  }

  /** The key at which colliding transactions take turns: the first that was read. */
  get turn(): string | undefined {
    return this.#watch.turn
  }

  /** Whether it made way for transactions that take turns. */
  get yielded(): boolean {
    return this.#watch.yielded
  }

  /** What it is waiting for, in words. */
  get waitingFor(): string {
    const calls = [...this.#pending].map(({ operation, key }) => `${operation} on '${key}'`)
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
      if (this.#pending.size > 0) await new Promise<void>(resolve => (this.#nonePending = resolve))
      await this.#journal.allKnown()
      if (this.#misuse) throw this.#misuse
      if (this.#retries.any) return await this.#giveUpUntilChange()
      committing()
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

  /** Runs fn as a part of this transaction. If it throws, nothing that it has written is committed, or can be read. */
  async join(fn: () => unknown): Promise<unknown> {
    if (typeof fn !== 'function') throw notAFunction()
    if (this.#phase !== 'open') throw late({ operation: 'transaction', key: this.#key ?? '' })
    return this.#joinIn(newScope(this.owner, this), fn)
  }

  async #joinIn(scope: Scope, fn: () => unknown): Promise<unknown> {
    try {
      const returned = runIn(scope, fn)
      const { parts, assemble } = takeApart(returned instanceof WriteResult ? returned : await returned)
      return assemble(await runIn(scope, () => Promise.all(parts)))
    } catch (error) {
      this.#rollBack(scope)
      throw error
    }
  }

  /** The result of the first branch that does not retry. What the others have written is dropped; what they have read counts. */
  async orElse(branches: readonly (() => unknown)[]): Promise<unknown> {
    for (const branch of branches) {
      const scope = newScope(this.owner, this)
      const ended = await outcomeOf(() => this.#joinIn(scope, branch))
      // A retry that was caught, or that nobody waited for, is one all the same.
      if (!this.#retries.take(scope)) {
        if (ended.status === 'fulfilled') return ended.value
        throw ended.reason
      }
      if (ended.status === 'fulfilled') this.#rollBack(scope)
    }
    return this.retry()
  }

  /** Ends it for lack of time. */
  giveUp(): void {
    this.#failed = true
    this.abandon()
  }

  /** Ends it: nothing more is sent. */
  abandon(): void {
    this.#phase = 'over'
    this.#watch.close(this.#pending.size > 0, this.#removal())
    for (const { lease } of this.#leases) lease.drop()
    this.#journal.reject(new TransactionError('this attempt at the transaction ended without writing anything'))
  }

  /** The transaction as a call, for its errors. */
  get #info(): CallInfo {
    return { operation: 'transaction', key: this.#key ?? '', redisType: undefined }
  }

  #refusal(command: Command<unknown>): HotError | undefined {
    if (this.#phase !== 'open' || this.#journal.isRolledBack) return late(command.info)
    if (this.#misuse) return this.#misuse
    const crossing = this.host.runner.crossSlotError(command, this.#key === undefined ? [] : [this.#key])
    if (crossing) this.misused(crossing)
    return crossing
  }

  /** Misuse fails the transaction, whose promise tells of it. Of work that comes too late nobody else tells. */
  #refuse<R>(command: Command<R>, refusal: HotError): Pending<R> {
    const isTold = refusal === this.#misuse || (command.kind === 'write' && this.#failed)
    return isTold ? RefusedResult.of(refusal) : (Pending.reject(refusal) as Pending<R>)
  }

  /** Runs what begins with a read. */
  #execute<R>(command: Read<R> | Update<R>): Pending<R> {
    const keys = keysOfCommand(command)
    const needsShadows = keys.some(key => this.#journal.isChanged(key))
    // What an Update writes takes its place in the queue now, before whatever is written later.
    const entry = command.kind === 'read' ? undefined : this.#journal.enter(command)
    const position = entry?.position ?? this.#journal.position
    const executor: Executor = {
      repliesToWrites: false,
      typeOf: key => this.#typeOf(key),
      read: call => void this.#read(command.info, call, needsShadows ? { keys, position } : undefined),
      write: (call, assumed = null) => {
        if (entry) this.#queueUpdated(writeOf(command.info, call.requests), entry)
        call.replied([assumed], 0)
      }
    }
    if (!entry) return new Pending((resolve, reject) => execute(command, executor, resolve, reject))
    const known: Settle = result => {
      entry.settle(result)
      this.#journal.known(entry)
    }
    const succeed = (value: R): void => known({ status: 'fulfilled', value })
    execute(command, executor, succeed, (reason: unknown) => known({ status: 'rejected', reason }))
    const isRead = command.kind === 'update' && command.insertsDefault
    if (!isRead) return this.#resultOf(command.info, entry)
    entry.observed = true
    return new Pending(
      (resolve, reject) => void entry.answered.then(unwrap).then(resolve as (value: unknown) => void, reject)
    )
  }

  /** Gives an Update its write, whose result is that of the Update already. */
  #queueUpdated(write: Write<unknown>, entry: Entry): void {
    entry.written = new Promise(settle => this.#queue(write, entry, settle))
  }

  async #read(info: CallInfo, call: Call, after?: { keys: readonly string[]; position: number }): Promise<void> {
    await this.#whilePending(info, async () => {
      try {
        const { requests } = call
        call.replied(await (after ? this.#runOnShadows(after, requests) : this.#watch.read(requests)), 0)
      } catch (error) {
        call.failed(error)
      }
    })
  }

  /** Runs the writes before a position that share the keys, and then the requests. */
  #runOnShadows(
    after: { readonly keys: readonly string[]; readonly position: number },
    requests: readonly Request[]
  ): Promise<readonly Reply[]> {
    return new Promise((replied, failed) => this.#onShadows.submit({ ...after, requests, replied, failed }))
  }

  async #whilePending(info: CallInfo, act: () => Promise<void>): Promise<void> {
    // One object for each call: a call may be pending more than once.
    const pending = { operation: info.operation, key: info.key, redisType: undefined }
    this.#pending.add(pending)
    await act()
    // What fn does with it comes first.
    await Promise.resolve()
    this.#pending.delete(pending)
    if (this.#pending.size === 0) this.#nonePending?.()
  }

  #write<R>(command: Write<R>): Pending<R> {
    const entry = this.#journal.enter(command)
    this.#queue(command, entry, result => entry.settle(result))
    const isSure = command.returnsNothing && !entry.keys.some(key => this.#shadows.has(key))
    return isSure ? (Pending.resolve(undefined) as Pending<R>) : this.#resultOf(command.info, entry)
  }

  #resultOf<R>(info: CallInfo, entry: Entry): Pending<R> {
    return WriteResult.of(entry.outcome, () => this.#resultInside(info, entry) as Promise<R> | undefined)
  }

  /** Gives an entry of the journal its write. */
  #queue(command: Write<unknown>, entry: Entry, settle: Settle): void {
    const executor: Executor = {
      repliesToWrites: false,
      typeOf: key => this.#typeOf(key),
      read: () => {},
      write: call => (entry.call = call)
    }
    execute(
      command,
      executor,
      value => settle({ status: 'fulfilled', value }),
      (reason: unknown) => settle({ status: 'rejected', reason })
    )
  }

  /** The result of a write for code that is part of the transaction; undefined for all others. */
  #resultInside(info: CallInfo, entry: Entry): Promise<unknown> | undefined {
    if (this.#phase !== 'open' || currentTransaction(this.owner) !== this) {
      if (this.#phase === 'open') this.#waitedFor = info
      return undefined
    }
    if (entry.keys.length === 0) return Promise.reject(existsLater(info))
    if (!entry.observed && entry.command.kind === 'write' && entry.state === 'queued') this.#force(info, entry)
    entry.observed = true
    return entry.answered.then(unwrap)
  }

  #force(info: CallInfo, entry: Entry): void {
    void this.#whilePending(info, async () => {
      try {
        await this.#runOnShadows({ keys: entry.keys, position: entry.position + 1 }, [])
        await entry.answered
      } catch (reason) {
        entry.settle({ status: 'rejected', reason })
      }
    })
  }

  /** What a call that waits throws when there is nothing for it. */
  #inVain<R>(spec: WaitSpec<R>, limits: WaitOptions, scope: Scope | undefined): unknown {
    const { timeout, signal } = limits
    if (signal?.aborted) return signal.reason
    if (timeout !== undefined && now() - this.limits.started >= timeout) return spec.timeoutError(timeout)
    this.#retries.limit(this.limits.started, limits)
    return this.#retries.add(scope)
  }

  #deferLease(spec: LeaseSpec, entry: Entry): Lease {
    const lease = new DeferredLease(spec, this)
    this.#leases.push({ lease, entry })
    return lease
  }

  #rollBack(nested: Scope): void {
    const { spoilt, misled } = this.#journal.rollBack(nested)
    this.#shadows.drop(spoilt)
    if (misled) this.misused(readByOthers(this.#key))
  }

  #typeOf(key: string): Promise<string> {
    if (!this.#shadows.has(key)) return this.host.runner.typeOf(key)
    const request = this.#shadows.onShadows(command('TYPE', new Key(key)))
    return this.#watch.read([request], []).then(
      ([type]) => (typeof type === 'string' ? type : 'none'),
      () => 'none'
    )
  }

  async #noShadows(error: Error): Promise<HotError> {
    if (error.message === 'SHADOW keys') {
      const unmarked = unmarkedKeys(this.#key)
      this.misused(unmarked)
      return unmarked
    }
    const [, tooLarge] = /SHADOW size (.*)/s.exec(error.message) ?? []
    const reason =
      tooLarge === undefined
        ? await explain(error, this.#info, [], () => Promise.resolve('none'))
        : tooLargeAt(tooLarge)
    this.misused(reason)
    return reason
  }

  /** What removes the shadows, over the shared connection when that of the transaction is lost. */
  #removal(): LastCommand | undefined {
    const words = this.#shadows.remove()
    return words && { words, failed: () => this.#removeShadows(words) }
  }

  #removeShadows(words: readonly string[]): void {
    const requests = [{ words, keysAt: words.slice(1).map((_, index) => index + 1) }]
    const nothing = (): void => {}
    const removal: Write<void> = {
      kind: 'write',
      info: this.#info,
      requests,
      decode: undefined,
      returnsNothing: true,
      idempotent: true
    }
    this.host.runner.submit(removal, nothing, nothing)
  }

  async #runToEnd(fn: () => unknown): Promise<Ended> {
    try {
      const returned = runWithin(this.owner, this, fn)
      const ended = takeApart(returned instanceof WriteResult ? returned : await returned)
      await readsOf(ended.parts)
      return ended
    } catch (error) {
      return { error }
    }
  }

  /** Ends without a commit, to be run again when something that was read has changed. */
  async #giveUpUntilChange(): Promise<Attempt> {
    const { keys, lost } = this.#watch
    if (lost) return 'conflict'
    if (keys.length === 0) throw nothingRead()
    // First the tracking, then the check: whatever changes after that is told.
    const change = await this.host.nextChange(keys)
    const unchanged = await this.#watch.execute([], this.#removal()).catch((error: unknown) => {
      change.cancel()
      throw error
    })
    if (unchanged) return { change, keys, retries: this.#retries }
    change.cancel()
    return this.#watch.lost ? 'conflict' : 'changed'
  }

  /** What fn threw is its own only if all it had read still holds. */
  async #check(error: unknown): Promise<false> {
    if (!this.#watch.used) throw error
    if (!this.#watch.lost && (await this.#watch.execute([], this.#removal())) !== undefined) throw error
    return false
  }

  /** Whether the queue has been executed. */
  async #commit(): Promise<boolean> {
    const { entries } = this.#journal
    const writes = entries.map(requestsOf)
    const requests = [...writes.flat(), ...serving(entries)].map(request => this.#shadows.onKeys(request))
    const replies = this.#watch.used ? await this.#watch.execute(requests, this.#removal()) : await this.#send(requests)
    if (replies) await this.#deliver(entries, replies)
    return replies !== undefined
  }

  /** With nothing to check, all goes over the shared connection. */
  async #send(requests: readonly Request[]): Promise<readonly Reply[]> {
    if (requests.length === 0) return []
    const replies = await this.host.runner.transact(requests)
    const [refusal] = replies
    if (!(refusal instanceof Error) || replies.length === requests.length) return replies
    throw await explain(refusal, this.#info, [], () => Promise.resolve('none'))
  }

  /** Gives each queued call its result; fails with all of them if any has failed that nobody was told of. */
  async #deliver(entries: readonly Entry[], replies: readonly Reply[]): Promise<void> {
    let at = 0
    for (const entry of entries) {
      const own = replies.slice(at, (at += requestsOf(entry).length))
      if (entry.state === 'queued') entry.call?.replied(own, 0)
      else entry.wasReplayed(own)
    }
    const settled = await Promise.all(entries.map(entry => entry.finalResult()))
    for (const entry of entries) entry.commit()
    for (const { lease, entry } of this.#leases) if (entry.state !== 'void') lease.begin(this.host.leases)
    const failures = settled.filter(({ status }, index) => status === 'rejected' && !entries[index]?.observed)
    if (failures.length > 0) throw failedInside(settled, failures as PromiseRejectedResult[])
  }
}

/** What an entry of the journal sends at the commit. */
function requestsOf({ state, call, replay }: Entry): readonly Request[] {
  return state === 'queued' ? (call?.requests ?? []) : replay
}

/** What serves the waits that were hidden from the writes. */
function serving(entries: readonly Entry[]): readonly Request[] {
  const byKey = new Map<string, Request>()
  for (const { command } of entries) {
    if (command.kind === 'write' && command.serve) byKey.set(command.info.key, command.serve)
  }
  return [...byKey.values()]
}

async function outcomeOf(act: () => Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
  const [outcome] = await Promise.allSettled([act()])
  return outcome
}

function unwrap(result: PromiseSettledResult<unknown>): unknown {
  if (result.status === 'fulfilled') return result.value
  throw result.reason
}

/** The write that an Update came to. */
function writeOf(info: CallInfo, requests: readonly Request[]): Write<undefined> {
  return { kind: 'write', info, requests, decode: undefined, returnsNothing: true, idempotent: false }
}
