import { AsyncResource } from 'node:async_hooks'
import { count, finite, integer, options, position, text, waitOptions } from '../core/arguments.js'
import {
  VALUES_PER_REQUEST,
  commandOn,
  commands,
  type CallInfo,
  type Command,
  type Read,
  type RedisType,
  type Reply,
  type Request,
  type Step,
  type Update,
  type Write
} from '../core/command.js'
import type { Key } from '../core/keys.js'
import type { Pending } from '../core/pending.js'
import type { Lease, LeaseSpec, WaitOptions, WaitSpec } from '../core/wait-spec.js'
import { ReadCall, SingleRead, SingleWrite } from '../execution/command-call.js'
import type { Values } from '../values/values.js'

/** The name of a handle's type, its Redis type, and how its proxy is indexed. */
export interface TypeDescriptor {
  readonly name: string
  /** The Redis type that its key holds. */
  readonly redisType: RedisType
  /** What square brackets and dots access: items by position, fields by name, or nothing. */
  readonly indexedBy: 'position' | 'field' | 'nothing'
}

/** Runs the calls of handles. */
export interface Dispatcher {
  run<R>(command: Command<R>): Pending<R>
  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R>
  /** Renews a lease until it is stopped. */
  autoRenew(spec: LeaseSpec): Lease
  /**
   * Calls a method whose result can't be awaited: flush(), onError or a warning reports its failure. It is given by name, as a
   * closure would be a fifth of what an assignment allocates.
   */
  assign<Target extends object>(target: Target, method: keyof Target, one?: unknown, other?: unknown): void
}

/** What a Hot provides to its handles. */
export interface HandleHost {
  /** Put before every key. */
  readonly prefix: string
  readonly dispatcher: Dispatcher
  /** Identifies the Hot; views of one Hot share it. */
  readonly owner: object
}

/** The context of a handle: its key, type, values and dispatcher. */
export interface HandleContext {
  /** The key as the user gave it. */
  readonly name: string
  readonly key: Key
  readonly descriptor: TypeDescriptor
  /** Identifies the Hot of a handle. Unlike the dispatcher, reading it does not settle the options of the Hot. */
  readonly owner: object
  readonly values: Values
  readonly dispatcher: Dispatcher
  /** A call of a method of this handle. */
  op(method: string): Op
  /** A call that works on a key of any type. */
  untypedOp(method: string): Op
  /** The key in Redis for another name of the user's. */
  keyNamed(operation: string, name: unknown): Key
  /** Another handle of the same type and options. */
  sameTypeAt(name: string): unknown
}

type WriteTraits = Partial<Pick<Write<unknown>, 'idempotent' | 'returnsNothing' | 'unchanged' | 'serve'>>
type UpdateTraits = Partial<Pick<Update<unknown>, 'tryFirst' | 'insertsDefault' | 'unchanged'>>
type Decode<R> = (...replies: Reply[]) => R

/** One call of a method: checks its arguments, encodes its values, builds its Command and runs it. */
export class Op implements CallInfo {
  /** The asynchronous context of the caller; undefined where no function of the user runs later. */
  readonly #caller: AsyncResource | undefined
  #operation: string | undefined

  constructor(
    private readonly context: HandleContext,
    readonly method: string,
    readonly redisType: RedisType | undefined
  ) {
    this.#caller = context.values.runsUserCode ? new AsyncResource('HotRedisCall') : undefined
  }

  /** The name of the call in messages: `List.push`. */
  get operation(): string {
    return (this.#operation ??= `${this.context.descriptor.name}.${this.method}`)
  }

  get key(): string {
    return this.context.key.name
  }

  read<R>(requests: Request | readonly Request[], decode: Decode<R>): Pending<R> {
    return this.context.dispatcher.run(this.readCommand(requests, decode))
  }

  /** Without `decode` the result is undefined. */
  write(requests: Request | readonly Request[], decode?: undefined): Pending<void>
  write<R>(requests: Request | readonly Request[], decode: Decode<R>): Pending<R>
  write<R>(requests: Request | readonly Request[], decode?: Decode<R>): Pending<R> {
    return this.context.dispatcher.run(this.writeCommand(requests, decode))
  }

  /** A write without a result that Redis may refuse for more than the type of its key. */
  writeOrFail(requests: Request | readonly Request[]): Pending<undefined> {
    return this.context.dispatcher.run(this.writeCommand<undefined>(requests, undefined, { returnsNothing: false }))
  }

  /** A write that has nothing to write. It is sent so that it fails as others do, and is told as a write in a transaction. */
  writeNothing(request: Request): Pending<void>
  writeNothing<R>(request: Request, decode: Decode<R>): Pending<R>
  writeNothing<R>(request: Request, decode?: Decode<R>): Pending<R> {
    return this.context.dispatcher.run(this.writeCommand(request, decode, { idempotent: true }))
  }

  /** Reads, computes here, and writes if what was read is unchanged. */
  update<R>(
    read: Request,
    compute: (stored: Reply) => Step<R>,
    { tryFirst, insertsDefault = false, unchanged }: UpdateTraits = {}
  ): Pending<R> {
    const command: Update<R> = {
      kind: 'update',
      info: this,
      read,
      tryFirst,
      // It calls factories and callbacks, which run in the context of their caller.
      compute: AsyncResource.bind(compute),
      insertsDefault,
      unchanged
    }
    return this.context.dispatcher.run(command)
  }

  run<R>(command: Command<R>): Pending<R> {
    return this.context.dispatcher.run(command)
  }

  /** Waits for what a script hands over. */
  wait<R>(spec: WaitSpec<R>, limits: WaitOptions): Pending<R> {
    return this.context.dispatcher.wait(spec, waitOptions(this.operation, limits))
  }

  /** Reads what is one value, or nothing. */
  readValue<T>(request: Request, field?: string): Pending<T | undefined> {
    return this.context.dispatcher.run(new ValueRead<T>(this, request, field))
  }

  readCommand<R>(requests: Request | readonly Request[], decode: Decode<R>): Read<R> {
    const one = oneOf(requests)
    if (one) return new SingleRead(this, one, decode)
    return { kind: 'read', info: this, requests: listOf(requests), decode: replies => decode(...replies) }
  }

  writeCommand(requests: Request | readonly Request[], decode?: undefined, traits?: WriteTraits): Write<void>
  writeCommand<R>(requests: Request | readonly Request[], decode?: Decode<R>, traits?: WriteTraits): Write<R>
  writeCommand<R>(requests: Request | readonly Request[], decode?: Decode<R>, traits?: WriteTraits): Write<R> {
    const one = traits ? undefined : oneOf(requests)
    if (one) return new SingleWrite(this, one, decode)
    const { idempotent = false, returnsNothing = decode === undefined, unchanged, serve } = traits ?? {}
    return {
      kind: 'write',
      info: this,
      requests: listOf(requests),
      decode: decode && (replies => decode(...replies)),
      returnsNothing,
      idempotent,
      unchanged,
      serve
    }
  }

  /** The text to store for a value. */
  encode(value: unknown, field?: string): string {
    return this.context.values.encode(this, value, field)
  }

  /** A command on this key with the texts of values; as many commands as it takes. */
  commandWith(name: string, values: readonly unknown[]): Request | readonly Request[] {
    const { key } = this.context
    if (values.length > VALUES_PER_REQUEST) return commands(name, key, this.encodeAll(values))
    const words = new Array<string>(values.length + 2)
    words[0] = name
    words[1] = key.name
    for (let index = 0; index < values.length; index++) words[index + 2] = this.encode(values[index])
    return commandOn(words)
  }

  encodeAll(values: Iterable<unknown>): string[] {
    const given = Array.isArray(values) ? (values as readonly unknown[]) : [...values]
    // Of the right size from the start: an array that grows takes room for seventeen.
    const texts = new Array<string>(given.length)
    for (let index = 0; index < given.length; index++) texts[index] = this.encode(given[index])
    return texts
  }

  /** The text of a value that is only searched for: no schema validates it. */
  plain(value: unknown, field?: string): string {
    return this.context.values.plain(this, value, field)
  }

  /** The value for a stored text. */
  decodeText(stored: string, field?: string): unknown {
    if (!this.#caller) return this.context.values.decode(this, stored, field)
    return this.#caller.runInAsyncScope(() => this.context.values.decode(this, stored, field))
  }

  /** A decoder for a reply that is one value, or null where there is none. */
  decoder<T>(field?: string): (reply: Reply | undefined) => T | undefined {
    return reply => (reply === null || reply === undefined ? undefined : (this.decodeText(String(reply), field) as T))
  }

  /** A decoder for a reply that is an array of values. */
  arrayDecoder<T>(): (reply: Reply | undefined) => T[] {
    return reply => (reply as string[]).map(stored => this.decodeText(stored) as T)
  }

  /** The key of another handle of the same Hot. */
  operandKey(other: HandleContext): Key {
    if (other.owner === this.context.owner) return other.key
    throw new TypeError(
      `${this.operation}: '${other.key.name}' belongs to another Hot, which Redis can't reach from here: give await other.toJS()`
    )
  }

  integer(name: string, value: unknown): number {
    return integer(this.operation, name, value)
  }

  count(name: string, value: unknown): number {
    return count(this.operation, name, value)
  }

  position(name: string, value: unknown): number {
    return position(this.operation, name, value)
  }

  finite(name: string, value: unknown): number {
    return finite(this.operation, name, value)
  }

  text(name: string, value: unknown): string {
    return text(this.operation, name, value)
  }

  /** Checks that all options are known. */
  options<O extends object>(value: O, known: readonly (keyof O & string)[]): O {
    return options(this.operation, value, known)
  }
}

/** A Read of one value, or nothing. */
class ValueRead<T> extends ReadCall<T | undefined> {
  declare readonly info: Op

  constructor(
    op: Op,
    request: Request,
    private readonly field: string | undefined
  ) {
    super(op, request)
  }

  override decode([reply]: readonly Reply[]): T | undefined {
    return reply === null || reply === undefined ? undefined : (this.info.decodeText(String(reply), this.field) as T)
  }
}

function listOf(requests: Request | readonly Request[]): readonly Request[] {
  return Array.isArray(requests) ? (requests as readonly Request[]) : [requests as Request]
}

/** The only request; undefined where there are several, or none. */
function oneOf(requests: Request | readonly Request[]): Request | undefined {
  if (!Array.isArray(requests)) return requests as Request
  return requests.length === 1 ? (requests[0] as Request) : undefined
}
