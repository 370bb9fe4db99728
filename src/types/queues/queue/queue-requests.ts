import {
  command,
  script,
  type Command,
  type Reply,
  type Request,
  type Script,
  type ScriptRequest
} from '../../../core/command.js'
import { QueueEmptyError, QueueFullError, WaitTimeoutError } from '../../../core/errors.js'
import { auxKey, keysFor, type Key } from '../../../core/keys.js'
import { AT_ONCE, type Ask, type Grant, type WaitSpec } from '../../../core/wait-spec.js'
import type { HandleContext, Op } from '../../../handles/operation.js'
import {
  queueEndLease,
  queueGet,
  queueJoin,
  queueKeys,
  queuePut,
  queueRead,
  queueReadKeys,
  queueSettle
} from '../../../scripts.generated.js'

/** Which end items are taken from, whether each is in the queue only once, and how many there may be. */
export interface Discipline {
  readonly order: 'FIFO' | 'LIFO'
  readonly unique: boolean
  readonly maxsize: number | undefined
}

/** What a queue asks Redis: its keys, its scripts, and what may have to wait. */
export class QueueRequests {
  #keys: readonly Key[] | undefined

  constructor(
    readonly context: HandleContext,
    readonly discipline: Discipline
  ) {}

  /** The list and its auxiliary keys, as the scripts declare them; the last one is for unique items only. */
  get keys(): readonly Key[] {
    return (this.#keys ??= this.#keysOf(queueKeys))
  }

  auxKey(role: (typeof queueKeys)[number]): Key {
    return auxKey(this.context.key, role)
  }

  read(what: 'size' | 'peek' | 'items'): Request {
    return script(queueRead, this.#keysOf(queueReadKeys), this.discipline.order, what)
  }

  /**
   * The end of a MULTI that has deleted the list, has stored a default, or has appended `after` items that replace the
   * others.
   */
  settle(after: 'clear' | 'default' | number): Request {
    return this.#script(queueSettle, after)
  }

  put({ mode, ticket, position, received }: Ask, text: string): ScriptRequest {
    return this.#script(queuePut, mode, ticket, position, this.discipline.maxsize ?? '', text, ...received)
  }

  /** `done` is a ticket whose item is done; without a lease (0) an item is got for good. */
  get({ mode, ticket, position, received }: Ask, lease: number, done: string): ScriptRequest {
    return this.#script(queueGet, mode, ticket, position, lease, done, ...received)
  }

  join({ mode, ticket, position, received }: Ask): ScriptRequest {
    return this.#script(queueJoin, mode, ticket, position, ...received)
  }

  /** Serves the waits. */
  serve(): ScriptRequest {
    return this.join({ ...AT_ONCE, mode: 'withdraw' })
  }

  /** Without `text`, the item is done; with it, it goes back. */
  endLease(ticket: string, text?: string): Request {
    return text === undefined
      ? this.#script(queueEndLease, ticket, 'done')
      : this.#script(queueEndLease, ticket, 'back', text)
  }

  /** The command of a call that puts at once or fails. */
  putNow<Put>(op: Op, text: string): Command<Put> {
    const decode = (reply: Reply): Put => {
      const [served, isNew = null] = reply as Reply[]
      if (served === 1) return putResult<Put>(this.discipline, isNew)
      const { key, operation } = op
      throw new QueueFullError(`key '${key}' is full, so the item was not put: put() waits for space`, {
        key,
        operation
      })
    }
    return op.writeCommand(this.put(AT_ONCE, text), decode, {
      returnsNothing: !this.discipline.unique && op.method === 'put',
      serve: this.serve()
    })
  }

  /** The command of a call that gets at once or fails. */
  getNow<T>(op: Op): Command<T> {
    return op.writeCommand(
      this.get(AT_ONCE, 0, ''),
      reply => {
        const [served, item = null] = reply as Reply[]
        if (served === 1) return op.decoder<T>()(item) as T
        const { key, operation } = op
        throw new QueueEmptyError(`key '${key}' has no item: get() waits for one`, { key, operation })
      },
      { serve: this.serve() }
    )
  }

  #keysOf(roles: readonly string[]): readonly Key[] {
    return keysFor(this.context.key, this.discipline.unique ? roles : roles.slice(0, -1))
  }

  #script(of: Script, ...args: readonly (string | number)[]): ScriptRequest {
    return script(of, this.keys, this.discipline.order, ...args)
  }
}

function putResult<Put>({ unique }: Discipline, isNew: Reply): Put {
  return (unique ? Number(isNew) === 1 : undefined) as Put
}

/** What the waits of a queue share. */
abstract class QueueWait {
  readonly redisType = 'list'

  constructor(
    protected readonly requests: QueueRequests,
    protected readonly op: Op
  ) {}

  get operation(): string {
    return this.op.operation
  }

  get key(): string {
    return this.op.key
  }

  protected get watchedLength(): Request {
    return command('LLEN', this.requests.context.key)
  }

  protected get details(): { key: string; operation: string } {
    return { key: this.key, operation: this.operation }
  }
}

/** For space to put an item. */
export class Putting<Put> extends QueueWait implements WaitSpec<Put> {
  readonly tryFirst = true
  readonly cachesReply = true

  constructor(
    requests: QueueRequests,
    op: Op,
    private readonly text: string
  ) {
    super(requests, op)
  }

  get waitQueue(): Key {
    return this.requests.auxKey('putters')
  }

  get watched(): WaitSpec<Put>['watched'] {
    const { maxsize = Infinity } = this.requests.discipline
    return { request: this.watchedLength, worthAsking: size => maxsize === Infinity || Number(size) < maxsize }
  }

  /** A queue that this handle knows no maxsize of is not expected to be full. */
  get asWrite(): WaitSpec<Put>['asWrite'] {
    return this.requests.discipline.maxsize === undefined ? () => this.requests.putNow(this.op, this.text) : undefined
  }

  ask(ask: Ask): ScriptRequest {
    return this.requests.put(ask, this.text)
  }

  decode(isNew: Reply): Put {
    return putResult(this.requests.discipline, isNew)
  }

  timeoutError(milliseconds: number): Error {
    const message = `key '${this.key}' had no space within ${milliseconds} ms, so the item was not put`
    return new QueueFullError(message, this.details)
  }
}

/** For an item: for good, or leased. */
export class Getting<R> extends QueueWait implements WaitSpec<R> {
  constructor(
    requests: QueueRequests,
    op: Op,
    readonly decode: (reply: Reply, grant: Grant) => R,
    readonly lease?: number,
    private readonly done = ''
  ) {
    super(requests, op)
  }

  get waitQueue(): Key {
    return this.requests.auxKey('getters')
  }

  get cachesReply(): boolean {
    return this.lease === undefined
  }

  get watched(): WaitSpec<R>['watched'] {
    return { request: this.watchedLength, worthAsking: size => Number(size) > 0 }
  }

  ask(ask: Ask): ScriptRequest {
    return this.requests.get(ask, this.lease ?? 0, this.done)
  }

  timeoutError(milliseconds: number): Error {
    return new QueueEmptyError(`key '${this.key}' had no item within ${milliseconds} ms`, this.details)
  }
}

/** For the end of all work. */
export class Joining extends QueueWait implements WaitSpec<undefined> {
  readonly cachesReply = true

  get waitQueue(): Key {
    return this.requests.auxKey('joiners')
  }

  get watched(): WaitSpec<undefined>['watched'] {
    return { request: this.watchedLength, worthAsking: size => size === 0 }
  }

  ask(ask: Ask): ScriptRequest {
    return this.requests.join(ask)
  }

  decode(): undefined {
    return undefined
  }

  timeoutError(milliseconds: number): Error {
    const message = `key '${this.key}' still had items, waiting or leased, after ${milliseconds} ms`
    return new WaitTimeoutError(message, this.details)
  }
}
