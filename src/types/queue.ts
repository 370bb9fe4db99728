import { iterable, leaseOf, options, waitOptions, type WaitOptions } from '../arguments.js'
import { chunked, script, words, type Command, type Reply, type Request } from '../command.js'
import { QueueEmptyError, QueueFullError, WaitTimeoutError } from '../errors.js'
import { companion, neverThere } from '../keys.js'
import { queueEndLease, queueGet, queueJoin, queuePut, queueRead, queueSettle } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import type { Lease } from '../waiting/lease.js'
import type { Ask, Grant } from '../waiting/wait.js'
import { Handle, fromPlain, fromReply, readAll, timedKeys, writeAll, type Each, type ToText } from './handle.js'
import type { Issuer, TypeShape } from './issuer.js'

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

const DEFAULT_LEASE = 30_000

/** Which end items are taken from, and whether each is in the queue only once. */
interface Discipline {
  readonly order: 'FIFO' | 'LIFO'
  readonly unique: boolean
}

/**
 * What all queues do: hand out items, each to one taker, in any process; who finds nothing waits in line, and is handed the
 * next item by whoever puts it.
 *
 * @typeParam Put - what put() resolves with
 */
export abstract class BaseQueue<T, Put, Input = T> extends Handle<T[], Iterable<Input>> {
  readonly #maxsize: number | undefined
  readonly #order: string
  readonly #unique: boolean
  /** The list, and its companions in the order in which the scripts expect them. */
  readonly #keys: string[]

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined, { order, unique }: Discipline) {
    super(issue)
    this.#maxsize = maxsize
    this.#order = order
    this.#unique = unique
    const names = ['getters', 'putters', 'joiners', 'leases', 'state', 'answers']
    const { key } = issue
    this.#keys = [key, ...names.map(name => companion(key, name)), neverThere(key)]
    if (unique) this.#keys.push(companion(key, 'members'))
  }

  /** @internal */
  [readAll](): Request {
    return this.#read('items')
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): V[] {
    return (reply as string[]).map(text => each(text))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): string[] {
    const texts = Array.from(iterable(operation, 'the value', value), item => encode(item))
    return this.#unique ? [...new Set(texts)] : texts
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
    return [...chunked(texts).map(chunk => words('RPUSH', key, ...chunk)), cut, this.#script(queueSettle, 'replace')]
  }

  /** @internal */
  override get [timedKeys](): readonly string[] {
    return this.#unique ? [this.issue.key, this.#companion('members')] : [this.issue.key]
  }

  /**
   * Deletes all items, what is leased, and the maxsize that was set. Who waits goes on waiting. A MULTI of `DEL` and a
   * script, O(n).
   *
   * @example await jobs.clear()
   */
  override clear(): Pending<void> {
    const requests = [words('DEL', this.issue.key), this.#script(queueSettle, 'clear')]
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
    const operation = this.issue.operation('put')
    const text = this.issue.encode('put', item)
    const key = this.issue.key
    return this.issue.wait<Put>(
      'put',
      {
        keys: this.#keys,
        line: this.#companion('putters'),
        ask: ask => this.#putRequest(ask, text),
        decode: reply => this.#putResult(reply),
        late: milliseconds =>
          new QueueFullError(`key '${key}' had no space within ${milliseconds} ms, so the item was not put`, {
            key,
            operation
          }),
        writesAtOnce: true,
        remembers: true,
        watched: {
          request: words('LLEN', key),
          worthAsking: size => this.maxsize === undefined || Number(size) < this.maxsize
        },
        ...(this.maxsize === undefined && { inTransaction: () => this.#putCommand('put', text) })
      },
      waitOptions(operation, limits)
    )
  }

  /**
   * Puts an item if there is space. A script, as for put(), O(1).
   *
   * @throws CodecError when the item can't be stored; QueueFullError when there is no space
   * @example await jobs.putNowait('a')
   */
  putNowait(item: Input): Pending<Put> {
    return this.issue.run(this.#putCommand('putNowait', this.issue.encode('putNowait', item)))
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
    const limit = waitOptions(this.issue.operation('get'), limits)
    return this.#get('get', { length: 0, done: '' }, reply => this.#item('get', reply), limit)
  }

  /**
   * Takes the next item if there is one. A script, as for get(), O(1).
   *
   * @throws QueueEmptyError when there is none
   * @example const job = await jobs.getNowait()
   */
  getNowait(): Pending<T> {
    const { key } = this.issue
    const operation = this.issue.operation('getNowait')
    return this.issue.write('getNowait', this.#script(queueGet, 'try', '', '', 0, ''), reply => {
      const [served, item = null] = reply as Reply[]
      if (served !== 1) throw new QueueEmptyError(`key '${key}' has no item: get() waits for one`, { key, operation })
      return this.#item('getNowait', item)
    })
  }

  /**
   * The next item, left where it is; undefined when there is none. A script around `LINDEX`, O(1).
   *
   * @example await jobs.peek()
   */
  peek(): Pending<T | undefined> {
    return this.issue.read('peek', this.#read('peek'), this.issue.decoder<T>('peek'))
  }

  /**
   * How many items the queue holds at most, as it was given to this handle; undefined where it was not. Asks nobody.
   *
   * @example jobs.maxsize // 100
   */
  get maxsize(): number | undefined {
    return this.#maxsize
  }

  /**
   * How many items are there to be taken; what is leased does not count. A script around `LLEN`, O(1).
   *
   * @example await jobs.size // 3
   */
  get size(): Pending<number> {
    return this.issue.read('size', this.#read('size'), Number)
  }

  /**
   * Whether there is no item to be taken. A script around `LLEN`, O(1).
   *
   * @example await jobs.empty()
   */
  empty(): Pending<boolean> {
    return this.issue.read('empty', this.#read('size'), size => size === 0)
  }

  /**
   * Whether putting an item would have to wait: never for a queue without a maxsize. A script around `LLEN`, and `HGET`,
   * O(1).
   *
   * @example await jobs.full()
   */
  full(): Pending<boolean> {
    const requests = [this.#read('size'), words('HGET', this.#companion('state'), 'maxsize')]
    return this.issue.read(
      'full',
      requests,
      (size, stored) => Number(size) >= Number(stored ?? this.maxsize ?? Infinity),
      { keys: [this.issue.key, this.#companion('state')] }
    )
  }

  /**
   * Waits until the queue is empty and nothing of it is leased. A script, O(1).
   *
   * @throws WaitTimeoutError when that takes longer than `timeout` milliseconds; the signal's reason when it aborts
   * @example await jobs.join()
   */
  join(limits: WaitOptions = {}): Pending<void> {
    const operation = this.issue.operation('join')
    const { key } = this.issue
    return this.issue.wait<undefined>(
      'join',
      {
        keys: this.#keys,
        line: this.#companion('joiners'),
        ask: ({ mode, ticket, arrival, received }) => this.#script(queueJoin, mode, ticket, arrival, ...received),
        decode: () => undefined,
        late: milliseconds =>
          new WaitTimeoutError(`key '${key}' still had items, waiting or leased, after ${milliseconds} ms`, {
            key,
            operation
          }),
        remembers: true,
        watched: { request: words('LLEN', key), worthAsking: size => size === 0 }
      },
      waitOptions(operation, limits)
    )
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
    const { lease = DEFAULT_LEASE, signal } = options(operation, how)
    const length = leaseOf(operation, lease)
    const limits = waitOptions(operation, signal ? { signal } : {})
    let held: Leased<T> | undefined
    try {
      for (;;) {
        if (held && signal?.aborted) await this.#endLease(held, 'done')
        const done: string = held?.ticket ?? ''
        held?.lease.stop()
        held = undefined
        held = await this.#get('consume', { length, done }, (reply, grant) => this.#lease(reply, grant, length), limits)
        yield held.item
      }
    } finally {
      if (held && !held.lease.over) await this.#endLease(held, 'back')
    }
  }

  #companion(name: string): string {
    return companion(this.issue.key, name)
  }

  #script(of: typeof queueGet, ...args: readonly (string | number)[]): Request {
    return script(of, this.#keys, this.#order, ...args)
  }

  #read(what: 'size' | 'peek' | 'items'): Request {
    const names = ['leases', 'state', ...(this.#unique ? ['members'] : [])]
    const keys = [this.issue.key, ...names.map(name => this.#companion(name))]
    return script(queueRead, keys, this.#order, what)
  }

  #putRequest({ mode, ticket, arrival, received }: Ask, text: string): Request {
    return this.#script(queuePut, mode, ticket, arrival, this.maxsize ?? '', text, ...received)
  }

  #putResult(isNew: Reply): Put {
    return (this.#unique ? Number(isNew) === 1 : undefined) as Put
  }

  #putCommand(method: string, text: string): Command<Put> {
    const { key } = this.issue
    const request = this.#putRequest({ mode: 'try', ticket: '', arrival: '', received: [] }, text)
    return this.issue.command('write', method, request, reply => {
      const [served, isNew = null] = reply as Reply[]
      if (served === 1) return this.#putResult(isNew)
      throw new QueueFullError(`key '${key}' is full, so the item was not put: put() waits for space`, {
        key,
        operation: this.issue.operation(method)
      })
    })
  }

  #get<R>(
    method: string,
    { length, done }: { readonly length: number; readonly done: string },
    decode: (reply: Reply, grant: Grant) => R,
    limits: WaitOptions
  ): Pending<R> {
    const { key } = this.issue
    const operation = this.issue.operation(method)
    return this.issue.wait<R>(
      method,
      {
        keys: this.#keys,
        line: this.#companion('getters'),
        ask: ({ mode, ticket, arrival, received }) =>
          this.#script(queueGet, mode, ticket, arrival, length, done, ...received),
        decode,
        late: milliseconds =>
          new QueueEmptyError(`key '${key}' had no item within ${milliseconds} ms`, { key, operation }),
        refuse: ticket => this.#script(queueEndLease, ticket, 'back'),
        ...(length > 0 && { leases: length }),
        remembers: length === 0,
        watched: { request: words('LLEN', key), worthAsking: size => Number(size) > 0 }
      },
      limits
    )
  }

  #item(method: string, reply: Reply): T {
    return this.issue.decoder<T>(method)(reply) as T
  }

  #lease(reply: Reply, { ticket, since, handedOver }: Grant, length: number): Leased<T> {
    const { dispatcher } = this.issue.home
    const giveUp = this.#endLeaseCommand(ticket, 'back')
    const lease = dispatcher.keep({
      length,
      since,
      renewAtOnce: handedOver,
      renew: this.issue.renewal('consume', this.#companion('leases'), ticket, length),
      giveUp,
      lost: () => {}
    })
    try {
      return { item: this.#item('consume', reply), ticket, lease }
    } catch (error) {
      void lease.giveUp('')
      throw error
    }
  }

  #endLease({ ticket, lease }: Leased<T>, how: 'done' | 'back'): Pending<void> {
    lease.stop()
    return this.issue.home.dispatcher.runOutside(this.#endLeaseCommand(ticket, how))
  }

  #endLeaseCommand(ticket: string, how: 'done' | 'back'): Command<undefined> {
    const request = this.#script(queueEndLease, ticket, how)
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
    super(issue, maxsize, { order: 'FIFO', unique: false })
  }
}

/** A Queue from which the item that was put last is taken first. */
export class LifoQueue<T, Input = T> extends BaseQueue<T, void, Input> {
  static readonly shape: TypeShape = { name: 'LifoQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, maxsize, { order: 'LIFO', unique: false })
  }
}

/** A Queue in which each item is once: `put` resolves with whether it was new. What has been taken can be put again. */
export class SetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly shape: TypeShape = { name: 'SetQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, maxsize, { order: 'FIFO', unique: true })
  }
}

/** A SetQueue from which the item that was put last is taken first. */
export class LifoSetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly shape: TypeShape = { name: 'LifoSetQueue', holds: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(issue: Issuer, maxsize: number | undefined) {
    super(issue, maxsize, { order: 'LIFO', unique: true })
  }
}
