import { iterable, leaseOf, options, waitLimits, waitOptions, type WaitOptions } from '../arguments.js'
import { chunked, words, type Command, type Reply, type Request } from '../command.js'
import type { Pending } from '../pending.js'
import type { Lease, Terms } from '../waiting/lease.js'
import type { Grant } from '../waiting/wait.js'
import {
  Handle,
  fromPlain,
  fromReply,
  readAll,
  readKeys,
  timedKeys,
  writeAll,
  type Each,
  type ToText
} from './handle.js'
import type { Issuer, TypeShape } from './issuer.js'
import { Getting, Joining, Putting, QueueRequests, type Discipline } from './queue-requests.js'

/** How consume() hands out items. */
export interface ConsumeOptions {
  /** Milliseconds after which the item of a consumer that died goes to another; 30,000 unless given, at least 100. */
  readonly lease?: number
  /** Ends the loop when it aborts: with its reason, once the item at hand is done. */
  readonly signal?: AbortSignal
}

/** An item that is leased while it is being worked on. */
interface Leased<T> {
  readonly item: T
  readonly ticket: string
  readonly lease: Lease
}

/**
 * What all queues do: hand out items, each to one taker, in any process; who finds nothing waits in line, and is handed the
 * next item by whoever puts it.
 *
 * @typeParam Put - what put() resolves with
 */
abstract class BaseQueue<T, Put, Input = T> extends Handle<T[], Iterable<Input>> {
  readonly #requests: QueueRequests

  /** @internal */
  constructor(issue: Issuer, discipline: Discipline) {
    super(issue)
    this.#requests = new QueueRequests(issue, discipline)
  }

  /** @internal */
  [readAll](): Request {
    return this.#requests.read('items')
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): V[] {
    return (reply as string[]).map(text => each(text))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): string[] {
    const texts = Array.from(iterable(operation, 'the value', value), item => encode(item))
    return this.#requests.discipline.unique ? [...new Set(texts)] : texts
  }

  /** @internal What is leased is replaced, too; what fits goes to those who wait. */
  [writeAll](texts: readonly string[]): readonly Request[] {
    const { key } = this.issue
    if (this.maxsize !== undefined && texts.length > this.maxsize) {
      throw new RangeError(
        `${this.issue.operation('replace')}: '${key}' has a maxsize of ${this.maxsize}, too small for ${texts.length} items`
      )
    }
    const cut = texts.length === 0 ? words('LTRIM', key, 1, 0) : words('LTRIM', key, -texts.length, -1)
    return [...chunked(texts).map(chunk => words('RPUSH', key, ...chunk)), cut, this.#requests.settle('replace')]
  }

  /** @internal */
  override get [readKeys](): readonly string[] {
    return this.#requests.readKeys
  }

  /** @internal */
  override get [timedKeys](): readonly string[] {
    const { key } = this.issue
    return this.#requests.discipline.unique ? [key, this.#requests.companion('members')] : [key]
  }

  /**
   * Deletes all items, what is leased, and the maxsize that was set. Who waits goes on waiting. A MULTI of `DEL` and a
   * script, O(n).
   *
   * @example await jobs.clear()
   */
  override clear(): Pending<void> {
    const requests = [words('DEL', this.issue.key), this.#requests.settle('clear')]
    return this.issue.write('clear', requests, undefined, { typed: false })
  }

  /**
   * Puts an item, and waits for space if the queue is full. A script: `RPUSH`, or `PUBLISH` to the process that waits for
   * it. O(1). A set queue resolves with whether the item was new.
   *
   * @throws CodecError when the item can't be stored; QueueFullError when there is no space within `timeout` milliseconds;
   * the signal's reason when it aborts; MismatchError when another handle has set another maxsize; TransactionError inside
   * of a transaction, when this handle has a maxsize
   * @example await jobs.put({ resize: 'cat.png' })
   * @example await jobs.put('a', { timeout: 5_000, signal })
   */
  put(item: Input, limits: WaitOptions = {}): Pending<Put> {
    const text = this.issue.encode('put', item)
    return this.issue.wait(new Putting(this.#requests, text), waitOptions(this.issue.operation('put'), limits))
  }

  /**
   * Puts an item if there is space. A script, as for put(), O(1).
   *
   * @throws CodecError when the item can't be stored; QueueFullError when there is no space
   * @example await jobs.putNowait('a')
   */
  putNowait(item: Input): Pending<Put> {
    return this.issue.run(this.#requests.putNow('putNowait', this.issue.encode('putNowait', item)))
  }

  /**
   * Takes the next item, and waits for one if there is none: at most once. Who came first is served first. A script: `LPOP`,
   * or `RPOP` of a LIFO queue, O(1).
   *
   * @throws QueueEmptyError when there is none within `timeout` milliseconds; the signal's reason when it aborts;
   * KeyTypeError when the key holds something else; CodecError when the item can't be read, which is gone then
   * @example const job = await jobs.get()
   * @example const job = await jobs.get({ timeout: 5_000, signal })
   */
  get(limits: WaitOptions = {}): Pending<T> {
    const getting = new Getting(this.#requests, 'get', this.issue.decoder<T>('get') as (reply: Reply) => T)
    return this.issue.wait(getting, waitOptions(this.issue.operation('get'), limits))
  }

  /**
   * Takes the next item if there is one. A script, as for get(), O(1).
   *
   * @throws QueueEmptyError when there is none
   * @example const job = await jobs.getNowait()
   */
  getNowait(): Pending<T> {
    const decode = this.issue.decoder<T>('getNowait') as (reply: Reply) => T
    return this.issue.run(this.#requests.getNow('getNowait', decode))
  }

  /**
   * The next item, left where it is; undefined when there is none. A script around `LINDEX`, O(1).
   *
   * @example await jobs.peek()
   */
  peek(): Pending<T | undefined> {
    return this.issue.read('peek', this.#requests.read('peek'), this.issue.decoder<T>('peek'), { keys: this[readKeys] })
  }

  /**
   * How many items the queue holds at most, as it was given to this handle; undefined where it was not. Asks nobody.
   *
   * @example jobs.maxsize // 100
   */
  get maxsize(): number | undefined {
    return this.#requests.discipline.maxsize
  }

  /**
   * How many items are there to be taken; what is leased does not count. A script around `LLEN`, O(1).
   *
   * @example await jobs.size // 3
   */
  get size(): Pending<number> {
    return this.issue.read('size', this.#requests.read('size'), Number, { keys: this[readKeys] })
  }

  /**
   * Whether there is no item to be taken. A script around `LLEN`, O(1).
   *
   * @example await jobs.empty()
   */
  empty(): Pending<boolean> {
    return this.issue.read('empty', this.#requests.read('size'), size => size === 0, { keys: this[readKeys] })
  }

  /**
   * Whether putting an item would have to wait: never for a queue without a maxsize. A script around `LLEN`, and `HGET`,
   * O(1).
   *
   * @example await jobs.full()
   */
  full(): Pending<boolean> {
    const state = this.#requests.companion('state')
    const requests = [this.#requests.read('size'), words('HGET', state, 'maxsize')]
    const decode = (size: Reply, stored: Reply): boolean => Number(size) >= Number(stored ?? this.maxsize ?? Infinity)
    return this.issue.read('full', requests, decode, { keys: this[readKeys] })
  }

  /**
   * Waits until the queue is empty and nothing of it is leased. A script, O(1).
   *
   * @throws WaitTimeoutError when that takes longer than `timeout` milliseconds; the signal's reason when it aborts
   * @example await jobs.join()
   */
  join(limits: WaitOptions = {}): Pending<void> {
    return this.issue.wait(new Joining(this.#requests), waitOptions(this.issue.operation('join'), limits))
  }

  /**
   * Takes item after item as get() does, at most once, and waits for more without end. O(1) for each.
   *
   * @example for await (const job of jobs) await work(job)
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (;;) yield await this.get()
  }

  /**
   * Takes item after item, at least once, and waits for more: each is leased while the loop's body runs on it, and the lease
   * renewed every third of its length. Asking for the next one tells that it is done; leaving the loop, or the death of the
   * process, puts it back in front. A script, O(1) for each.
   *
   * @throws TypeError, RangeError when the lease is shorter than 100 ms; the signal's reason when it aborts
   * @example for await (const job of jobs.consume({ lease: 30_000, signal })) await work(job)
   */
  async *consume(how: ConsumeOptions = {}): AsyncIterableIterator<T> {
    const operation = this.issue.operation('consume')
    const { lease, signal } = options(operation, how, ['lease', 'signal'])
    const length = leaseOf(operation, lease)
    const limits = waitLimits(operation, signal === undefined ? {} : { signal })
    const decode = (reply: Reply, grant: Grant): Leased<T> => this.#lease(reply, grant, length)
    let held: Leased<T> | undefined
    try {
      for (;;) {
        if (held && signal?.aborted) await this.#endLease(held, 'done')
        const done: string = held?.ticket ?? ''
        held?.lease.stop()
        held = undefined
        held = await this.issue.wait(new Getting(this.#requests, 'consume', decode, length, done), limits)
        yield held.item
      }
    } finally {
      if (held && !held.lease.over) await this.#endLease(held, 'back')
    }
  }

  /** Leased from now on; what can't be read goes back. */
  #lease(reply: Reply, grant: Grant, length: number): Leased<T> {
    const { ticket } = grant
    const lease = this.issue.home.dispatcher.keep(this.#terms(grant, length))
    try {
      return { item: this.issue.decoder<T>('consume')(reply) as T, ticket, lease }
    } catch (error) {
      void lease.giveUp('')
      throw error
    }
  }

  #terms({ ticket, since, handed }: Grant, length: number): Terms {
    const leases = this.#requests.companion('leases')
    return {
      leases,
      ticket,
      length,
      since,
      handed,
      renewal: () => this.issue.renewal('consume', leases, ticket, length),
      surrender: () => this.#endLeaseCommand(ticket, 'back')
    }
  }

  #endLease({ ticket, lease }: Leased<T>, how: 'done' | 'back'): Pending<void> {
    lease.stop()
    return this.issue.home.dispatcher.runOutside(this.#endLeaseCommand(ticket, how))
  }

  #endLeaseCommand(ticket: string, how: 'done' | 'back'): Command<undefined> {
    const request = this.#requests.endLease(ticket, how)
    return { ...this.issue.command<undefined>('write', 'consume', request, undefined), repeatable: true }
  }
}

/**
 * A queue in Redis, first in, first out, for any number of processes: `await jobs.put(job)`, `await jobs.get()`,
 * `for await (const job of jobs.consume())`.
 */
export class Queue<T, Input = T> extends BaseQueue<T, void, Input> {
  static readonly shape: TypeShape = { name: 'Queue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, { order: 'FIFO', unique: false, maxsize })
  }
}

/** A Queue from which the item that was put last is taken first. */
export class LifoQueue<T, Input = T> extends BaseQueue<T, void, Input> {
  static readonly shape: TypeShape = { name: 'LifoQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, { order: 'LIFO', unique: false, maxsize })
  }
}

/** A Queue in which each item is once: `put` resolves with whether it was new. What has been taken can be put again. */
export class SetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly shape: TypeShape = { name: 'SetQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, { order: 'FIFO', unique: true, maxsize })
  }
}

/** A SetQueue from which the item that was put last is taken first. */
export class LifoSetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly shape: TypeShape = { name: 'LifoSetQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, { order: 'LIFO', unique: true, maxsize })
  }
}
