import { iterable, leaseOf, positive, waitLimits } from '../../../core/arguments.js'
import { command, commands, script, type Reply, type Request, type Write } from '../../../core/command.js'
import { slotGuardKey, stagingKey, type Key } from '../../../core/keys.js'
import type { Pending } from '../../../core/pending.js'
import type { Grant, Lease, LeaseSpec, WaitOptions } from '../../../core/wait-spec.js'
import {
  VALUE_OPTIONS,
  defineType,
  givenOptions,
  type AnyOptions,
  type TypeDefinition
} from '../../../handles/define-type.js'
import type { JsonValue, SchemaOptions, TypedOptions } from '../../../handles/factory-options.js'
import {
  Handle,
  fromPlain,
  fromReply,
  readAll,
  serveWaits,
  timedKeys,
  writeAll,
  writeDefault,
  type Each,
  type ToText
} from '../../../handles/handle.js'
import type { HandleContext, Op, TypeDescriptor } from '../../../handles/operation.js'
import { storeDefault } from '../../../scripts.generated.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../../values/schema.js'
import { leaseRenewal } from '../../lease-renewal.js'
import { Getting, Joining, Putting, QueueRequests, type Discipline } from './queue-requests.js'

/**
 * A queue in Redis, first in, first out. `Put` is what put() resolves with: nothing, but with `unknown` there it is any kind
 * of queue, one of unique items too, whose put() tells whether the item was new.
 */
export type HotQueue<T, Input = T, Put = void> = BaseQueue<T, Put, Input>

/** A queue in Redis, last in, first out. */
export type HotLifoQueue<T, Input = T> = BaseQueue<T, void, Input>

/** A queue in Redis whose items are unique, first in, first out. */
export type HotSetQueue<T, Input = T> = BaseQueue<T, boolean, Input>

/** A queue in Redis whose items are unique, last in, first out. */
export type HotLifoSetQueue<T, Input = T> = BaseQueue<T, boolean, Input>

/** Options of the queues. */
interface Bounded {
  /** How many items the queue holds at most: `put` waits for space. The same for all handles of a key that give one. */
  readonly maxsize?: number
}

export interface QueueFactory {
  /**
   * A queue: first in, first out. See {@link HotQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const jobs = hot.queue<string>('jobs', { maxsize: 100 })
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotQueue<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>> & Bounded): HotQueue<T>
}

export interface LifoQueueFactory {
  /**
   * A queue: last in, first out. See {@link HotLifoQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const undo = hot.lifoQueue<string>('undo')
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotLifoQueue<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>> & Bounded): HotLifoQueue<T>
}

export interface SetQueueFactory {
  /**
   * A queue whose items are unique: first in, first out. See {@link HotSetQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const pages = hot.setQueue<string>('pages to crawl')
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotSetQueue<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>> & Bounded): HotSetQueue<T>
}

export interface LifoSetQueueFactory {
  /**
   * A queue whose items are unique: last in, first out. See {@link HotLifoSetQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const recent = hot.lifoSetQueue<string>('recent')
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotLifoSetQueue<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>> & Bounded): HotLifoSetQueue<T>
}

/** How items() hands out items. */
export interface ItemsOptions {
  /** Ends the loop when it aborts, without an error. */
  readonly signal?: AbortSignal
}

/** How consume() hands out items: when its signal aborts, the loop ends once the item at hand is done. */
export interface ConsumeOptions extends ItemsOptions {
  /** Milliseconds after which the item of a consumer that died goes to another; 30,000 unless given, at least 100. */
  readonly lease?: number
}

/** An item that is leased while it is being worked on. */
interface Leased<T> {
  readonly item: T
  readonly text: string
  readonly ticket: string
  readonly lease: Lease
}

/**
 * What all queues share: each item goes to one taker, in any process. A call that finds no item is enqueued, and a put hands
 * its item over to the first waiter.
 *
 * @typeParam Put - what put() resolves with
 */
abstract class BaseQueue<T, Put, Input = T> extends Handle<T[], Iterable<Input>> {
  readonly #requests: QueueRequests

  /** @internal */
  constructor(context: HandleContext, discipline: Discipline) {
    super(context)
    this.#requests = new QueueRequests(context, discipline)
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

  /** @internal Appends the new items, then cuts the old ones off: the list keeps its time to live. */
  [writeAll](texts: readonly string[], key: Key): readonly Request[] {
    return [...this.#pushes('replace', texts, key), this.#requests.settle(texts.length)]
  }

  /** @internal Leased items count as stored: a queue whose items are all leased is not missing. */
  override [writeDefault](texts: readonly string[]): readonly Request[] {
    const { key } = this.context
    const staging = stagingKey(key)
    const leases = this.#requests.auxKey('leases')
    return [
      ...this.#pushes('default', texts, staging),
      script(storeDefault, [key, staging, slotGuardKey(key), leases]),
      this.#requests.settle('default')
    ]
  }

  #pushes(method: string, texts: readonly string[], key: Key): readonly Request[] {
    if (this.maxsize !== undefined && texts.length > this.maxsize) {
      throw new RangeError(
        `${this.context.op(method).operation}: '${this.context.key.name}' has a maxsize of ${this.maxsize}, too small for ${texts.length} items`
      )
    }
    return commands('RPUSH', key, texts)
  }

  /** @internal */
  override get [serveWaits](): Request {
    return this.#requests.serve()
  }

  /** @internal */
  override get [timedKeys](): readonly Key[] {
    const { key } = this.context
    return this.#requests.discipline.unique ? [key, this.#requests.auxKey('members')] : [key]
  }

  /**
   * Deletes all items, leased ones too, and the maxsize that was set. Waits go on. A MULTI of `DEL` and a
   * script, O(n).
   *
   * @example await jobs.clear()
   */
  override clear(): Pending<void> {
    const requests = [command('DEL', this.context.key), this.#requests.settle('clear')]
    const op = this.context.untypedOp('clear')
    return op.run(op.writeCommand(requests, undefined, { serve: this[serveWaits] }))
  }

  /**
   * Puts an item, and waits for space if the queue is full. A script: `RPUSH`, or `PUBLISH` to the process that waits for
   * it. O(1). A set queue resolves with whether the item was new.
   *
   * @throws CodecError when the item can't be stored; QueueFullError when there is no space within `timeout` milliseconds;
   * the signal's reason when it aborts; MismatchError when another handle has set another maxsize
   * @example await jobs.put({ resize: 'cat.png' })
   * @example await jobs.put('a', { timeout: 5_000, signal })
   */
  put(item: Input, limits: WaitOptions = {}): Pending<Put> {
    const op = this.context.op('put')
    return op.wait(new Putting(this.#requests, op, op.encode(item)), limits)
  }

  /**
   * Puts an item if there is space. A script, as for put(), O(1).
   *
   * @throws CodecError when the item can't be stored; QueueFullError when there is no space
   * @example await jobs.putNowait('a')
   */
  putNowait(item: Input): Pending<Put> {
    const op = this.context.op('putNowait')
    return op.run(this.#requests.putNow(op, op.encode(item)))
  }

  /**
   * Takes the next item, and waits for one if there is none: at most once. First come, first served. A script: `LPOP`,
   * or `RPOP` of a LIFO queue, O(1).
   *
   * @throws QueueEmptyError when there is none within `timeout` milliseconds; the signal's reason when it aborts;
   * KeyTypeError when the key holds something else; CodecError when the item can't be read, which is gone then
   * @example const job = await jobs.get()
   * @example const job = await jobs.get({ timeout: 5_000, signal })
   */
  get(limits: WaitOptions = {}): Pending<T> {
    const op = this.context.op('get')
    return op.wait(new Getting(this.#requests, op, op.decoder<T>() as (reply: Reply) => T), limits)
  }

  /**
   * Takes the next item if there is one. A script, as for get(), O(1).
   *
   * @throws QueueEmptyError when there is none
   * @example const job = await jobs.getNowait()
   */
  getNowait(): Pending<T> {
    const op = this.context.op('getNowait')
    return op.run(this.#requests.getNow<T>(op))
  }

  /**
   * The next item, left where it is; undefined when there is none. A script around `LINDEX`, O(1).
   *
   * @example await jobs.peek()
   */
  peek(): Pending<T | undefined> {
    const op = this.context.op('peek')
    return op.readValue<T>(this.#requests.read('peek'))
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
    return this.context.op('size').read(this.#requests.read('size'), Number)
  }

  /**
   * Whether there is no item to be taken. A script around `LLEN`, O(1).
   *
   * @example await jobs.empty()
   */
  empty(): Pending<boolean> {
    return this.context.op('empty').read(this.#requests.read('size'), size => size === 0)
  }

  /**
   * Whether putting an item would have to wait: never for a queue without a maxsize. A script around `LLEN`, and `HGET`,
   * O(1).
   *
   * @example await jobs.full()
   */
  full(): Pending<boolean> {
    const requests = [this.#requests.read('size'), command('HGET', this.#requests.auxKey('bound'), 'maxsize')]
    const isFull = (size?: Reply, stored?: Reply): boolean => Number(size) >= Number(stored ?? this.maxsize ?? Infinity)
    return this.context.op('full').read(requests, isFull)
  }

  /**
   * Waits until the queue is empty and nothing of it is leased. A script, O(1).
   *
   * @throws WaitTimeoutError when that takes longer than `timeout` milliseconds; the signal's reason when it aborts
   * @example await jobs.join()
   */
  join(limits: WaitOptions = {}): Pending<void> {
    const op = this.context.op('join')
    return op.wait(new Joining(this.#requests, op), limits)
  }

  /**
   * Takes item after item as get() does, at most once, and waits for more until `signal` aborts: then the loop ends, without
   * an error. A script, O(1) for each.
   *
   * @throws TypeError when the signal is none; whatever get() throws
   * @example for await (const job of jobs.items({ signal })) await work(job)
   */
  async *items(how: ItemsOptions = {}): AsyncIterableIterator<T> {
    const op = this.context.op('items')
    const limits = waitLimits(op.operation, op.options(how, ['signal']))
    const decode = op.decoder<T>() as (reply: Reply) => T
    yield* repeated(limits.signal, () => op.wait(new Getting(this.#requests, op, decode), limits))
  }

  /** The same as items(), without end: `for await (const job of jobs)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return this.items()
  }

  /**
   * Takes item after item, at least once, and waits for more until `signal` aborts: each is leased while the loop's body runs
   * on it, and the lease renewed every third of its length. Asking for the next one tells that it is done, and so does the
   * signal; leaving the loop, or the death of the process, puts it back in front, and from the third time on behind the
   * others. A script, O(1) for each.
   *
   * @throws TypeError, RangeError when the lease is shorter than 100 ms, or the signal is none
   * @example for await (const job of jobs.consume({ lease: 30_000, signal })) await work(job)
   */
  async *consume(how: ConsumeOptions = {}): AsyncIterableIterator<T> {
    const op = this.context.op('consume')
    const { lease, signal } = op.options(how, ['lease', 'signal'])
    const length = leaseOf(op.operation, lease)
    const limits = waitLimits(op.operation, signal === undefined ? {} : { signal })
    const decode = (reply: Reply, grant: Grant): Leased<T> => this.#lease(op, reply, grant, length)
    let held: Leased<T> | undefined
    const next = (): Pending<Leased<T>> => {
      const done: string = held?.ticket ?? ''
      held?.lease.stop()
      held = undefined
      return op.wait(new Getting(this.#requests, op, decode, length, done), limits)
    }
    try {
      for await (held of repeated(signal, next)) yield held.item
      if (held) await this.#endLease(op, held)
    } finally {
      if (held && !held.lease.over) await this.#endLease(op, held, held.text)
    }
  }

  /** Leased from now on; what can't be read goes back. */
  #lease(op: Op, reply: Reply, grant: Grant, length: number): Leased<T> {
    const text = String(reply)
    const lease = (grant.leases ?? this.context.dispatcher).autoRenew(this.#leaseSpec(op, grant, length, text))
    try {
      return { item: op.decoder<T>()(reply) as T, text, ticket: grant.ticket, lease }
    } catch (error) {
      void lease.giveUp('')
      throw error
    }
  }

  #leaseSpec(op: Op, { ticket, since, handedOver }: Grant, length: number, text: string): LeaseSpec {
    const leases = this.#requests.auxKey('leases')
    return {
      leases,
      ticket,
      length,
      since,
      handedOver,
      renewal: () => leaseRenewal(op, leases, ticket, length),
      surrender: () => this.#leaseEnd(op, ticket, text)
    }
  }

  /** Without `text` the item is done; with it, it goes back. */
  #endLease(op: Op, { ticket, lease }: Leased<T>, text?: string): Promise<undefined> {
    return lease.end(this.#leaseEnd(op, ticket, text))
  }

  #leaseEnd(op: Op, ticket: string, text?: string): Write<undefined> {
    return op.writeCommand<undefined>(this.#requests.endLease(ticket, text), undefined, {
      idempotent: true,
      serve: this.#requests.serve()
    })
  }
}

/** The results of a wait that is repeated until its signal aborts. */
async function* repeated<R>(
  signal: AbortSignal | undefined,
  wait: () => Promise<R>
): AsyncGenerator<R, void, undefined> {
  while (!signal?.aborted) {
    let result: R
    try {
      result = await wait()
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return
      throw error
    }
    yield result
  }
}

/**
 * A queue in Redis, first in, first out, for any number of processes: `await jobs.put(job)`, `await jobs.get()`,
 * `for await (const job of jobs.consume())`.
 */
class Queue<T, Input = T> extends BaseQueue<T, void, Input> {
  static readonly descriptor: TypeDescriptor = { name: 'Queue', redisType: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(context: HandleContext, maxsize: number | undefined) {
    super(context, { order: 'FIFO', unique: false, maxsize })
  }
}

/** A Queue from which the item that was put last is taken first. */
class LifoQueue<T, Input = T> extends BaseQueue<T, void, Input> {
  static readonly descriptor: TypeDescriptor = { name: 'LifoQueue', redisType: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(context: HandleContext, maxsize: number | undefined) {
    super(context, { order: 'LIFO', unique: false, maxsize })
  }
}

/** A Queue in which each item is once: `put` resolves with whether it was new. What has been taken can be put again. */
class SetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly descriptor: TypeDescriptor = { name: 'SetQueue', redisType: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(context: HandleContext, maxsize: number | undefined) {
    super(context, { order: 'FIFO', unique: true, maxsize })
  }
}

/** A SetQueue from which the item that was put last is taken first. */
class LifoSetQueue<T, Input = T> extends BaseQueue<T, boolean, Input> {
  static readonly descriptor: TypeDescriptor = { name: 'LifoSetQueue', redisType: 'list', indexedBy: 'nothing' }

  /** @internal */
  constructor(context: HandleContext, maxsize: number | undefined) {
    super(context, { order: 'LIFO', unique: true, maxsize })
  }
}

interface QueueClass {
  readonly descriptor: TypeDescriptor
  new (context: HandleContext, maxsize: number | undefined): object
}

function queueType<Factory>(Class: QueueClass): TypeDefinition<Factory> {
  return defineType(Class.descriptor, (operation, [key, given]) => {
    const { maxsize, ...options } = givenOptions<AnyOptions & Bounded>(operation, given, [...VALUE_OPTIONS, 'maxsize'])
    const most = maxsize === undefined ? undefined : positive(operation, 'maxsize', maxsize)
    return { key, options, create: context => new Class(context, most) }
  })
}

export const queue: TypeDefinition<QueueFactory> = queueType(Queue)
export const lifoQueue: TypeDefinition<LifoQueueFactory> = queueType(LifoQueue)
export const setQueue: TypeDefinition<SetQueueFactory> = queueType(SetQueue)
export const lifoSetQueue: TypeDefinition<LifoSetQueueFactory> = queueType(LifoSetQueue)
