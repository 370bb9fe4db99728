import { script, words, type Command, type Reply, type Request, type Script } from '../command.js'
import { QueueEmptyError, QueueFullError, WaitTimeoutError } from '../errors.js'
import { companion, neverThere } from '../keys.js'
import { queueEndLease, queueGet, queueJoin, queuePut, queueRead, queueSettle } from '../lua/index.generated.js'
import { AT_ONCE, type Ask, type Grant, type Wait } from '../waiting/wait.js'
import type { Issuer } from './issuer.js'

/** Which end items are taken from, whether each is in the queue only once, and how many there may be. */
export interface Discipline {
  readonly order: 'FIFO' | 'LIFO'
  readonly unique: boolean
  readonly maxsize: number | undefined
}

/** What a queue asks Redis: its keys, its scripts, and what may have to wait. */
export class QueueRequests {
  /** The list, and its companions in the order in which the scripts expect them. */
  readonly keys: readonly string[]
  /** The keys that queue-read.lua expects. */
  readonly readKeys: readonly string[]

  constructor(
    readonly issue: Issuer,
    readonly discipline: Discipline
  ) {
    const names = ['getters', 'putters', 'joiners', 'leases', 'state', 'answers']
    const members = discipline.unique ? [this.companion('members')] : []
    this.keys = [issue.key, ...names.map(name => this.companion(name)), neverThere(issue.key), ...members]
    this.readKeys = [issue.key, this.companion('leases'), this.companion('state'), ...members]
  }

  companion(name: string): string {
    return companion(this.issue.key, name)
  }

  read(what: 'size' | 'peek' | 'items'): Request {
    return script(queueRead, this.readKeys, this.discipline.order, what)
  }

  /** The end of a MULTI that has written the list itself. */
  settle(after: 'replace' | 'clear'): Request {
    return this.#script(queueSettle, after)
  }

  put({ mode, ticket, arrival, received }: Ask, text: string): Request {
    return this.#script(queuePut, mode, ticket, arrival, this.discipline.maxsize ?? '', text, ...received)
  }

  /** `done` is a ticket whose item is done; without a lease (0) an item is got for good. */
  get({ mode, ticket, arrival, received }: Ask, lease: number, done: string): Request {
    return this.#script(queueGet, mode, ticket, arrival, lease, done, ...received)
  }

  join({ mode, ticket, arrival, received }: Ask): Request {
    return this.#script(queueJoin, mode, ticket, arrival, ...received)
  }

  endLease(ticket: string, how: 'done' | 'back'): Request {
    return this.#script(queueEndLease, ticket, how)
  }

  /** The command of a call that puts at once or fails. */
  putNow<Put>(method: string, text: string): Command<Put> {
    const { issue } = this
    const command = issue.command('write', method, this.put(AT_ONCE, text), reply => {
      const [served, isNew = null] = reply as Reply[]
      if (served === 1) return putResult<Put>(this.discipline, isNew)
      const message = `key '${issue.key}' is full, so the item was not put: put() waits for space`
      throw new QueueFullError(message, { key: issue.key, operation: issue.operation(method) })
    })
    return { ...command, returnsNothing: !this.discipline.unique }
  }

  /** The command of a call that gets at once or fails. */
  getNow<T>(method: string, decode: (reply: Reply) => T): Command<T> {
    const { issue } = this
    return issue.command('write', method, this.get(AT_ONCE, 0, ''), reply => {
      const [served, item = null] = reply as Reply[]
      if (served === 1) return decode(item)
      const message = `key '${issue.key}' has no item: get() waits for one`
      throw new QueueEmptyError(message, { key: issue.key, operation: issue.operation(method) })
    })
  }

  #script(of: Script, ...args: readonly (string | number)[]): Request {
    return script(of, this.keys, this.discipline.order, ...args)
  }
}

function putResult<Put>({ unique }: Discipline, isNew: Reply): Put {
  return (unique ? Number(isNew) === 1 : undefined) as Put
}

/** What the waits of a queue share. */
abstract class QueueWait {
  readonly operation: string
  readonly keys: readonly string[]
  readonly holds = 'list'

  constructor(
    protected readonly requests: QueueRequests,
    method: string
  ) {
    this.operation = requests.issue.operation(method)
    this.keys = requests.keys
  }

  protected get key(): string {
    return this.requests.issue.key
  }

  protected get details(): { key: string; operation: string } {
    return { key: this.key, operation: this.operation }
  }
}

/** For space to put an item. */
export class Putting<Put> extends QueueWait implements Wait<Put> {
  readonly writesAtOnce = true
  readonly remembers = true

  constructor(
    requests: QueueRequests,
    private readonly text: string
  ) {
    super(requests, 'put')
  }

  get line(): string {
    return this.requests.companion('putters')
  }

  get watched(): Wait<Put>['watched'] {
    const { maxsize = Infinity } = this.requests.discipline
    return { request: words('LLEN', this.key), worthAsking: size => maxsize === Infinity || Number(size) < maxsize }
  }

  /** A queue that this handle knows no maxsize of is not expected to be full. */
  get inTransaction(): Wait<Put>['inTransaction'] {
    return this.requests.discipline.maxsize === undefined ? () => this.requests.putNow('put', this.text) : undefined
  }

  ask(ask: Ask): Request {
    return this.requests.put(ask, this.text)
  }

  decode(isNew: Reply): Put {
    return putResult(this.requests.discipline, isNew)
  }

  late(milliseconds: number): Error {
    const message = `key '${this.key}' had no space within ${milliseconds} ms, so the item was not put`
    return new QueueFullError(message, this.details)
  }
}

/** For an item: for good, or leased. */
export class Getting<R> extends QueueWait implements Wait<R> {
  constructor(
    requests: QueueRequests,
    method: string,
    readonly decode: (reply: Reply, grant: Grant) => R,
    readonly leases?: number,
    private readonly done = ''
  ) {
    super(requests, method)
  }

  get line(): string {
    return this.requests.companion('getters')
  }

  get remembers(): boolean {
    return this.leases === undefined
  }

  get watched(): Wait<R>['watched'] {
    return { request: words('LLEN', this.key), worthAsking: size => Number(size) > 0 }
  }

  ask(ask: Ask): Request {
    return this.requests.get(ask, this.leases ?? 0, this.done)
  }

  refuse(ticket: string): Request {
    return this.requests.endLease(ticket, 'back')
  }

  late(milliseconds: number): Error {
    return new QueueEmptyError(`key '${this.key}' had no item within ${milliseconds} ms`, this.details)
  }
}

/** For the end of all work. */
export class Joining extends QueueWait implements Wait<undefined> {
  readonly remembers = true

  constructor(requests: QueueRequests) {
    super(requests, 'join')
  }

  get line(): string {
    return this.requests.companion('joiners')
  }

  get watched(): Wait<undefined>['watched'] {
    return { request: words('LLEN', this.key), worthAsking: size => size === 0 }
  }

  ask(ask: Ask): Request {
    return this.requests.join(ask)
  }

  decode(): undefined {
    return undefined
  }

  late(milliseconds: number): Error {
    const message = `key '${this.key}' still had items, waiting or leased, after ${milliseconds} ms`
    return new WaitTimeoutError(message, this.details)
  }
}
