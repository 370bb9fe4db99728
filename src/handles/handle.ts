import { types } from 'node:util'
import { duration } from '../core/arguments.js'
import { command, script, type Reply, type Request } from '../core/command.js'
import { slotGuardKey, stagingKey, type Key } from '../core/keys.js'
import type { Pending } from '../core/pending.js'
import { canonicalJson } from '../values/codec.js'
import { storeDefault } from '../scripts.generated.js'
import type { HandleContext, Op } from './operation.js'
import { unwrap } from './unwrap.js'

/** Gives a stored text its value; the field is told where there is one. */
export type Each<V> = (text: string, field?: string) => V
/** Gives a value its text. */
export type ToText = (value: unknown, field?: string) => string

/** How a type reads and writes its whole value; not for users, hence behind symbols. */
export const readAll = Symbol('readAll')
export const fromReply = Symbol('fromReply')
export const fromPlain = Symbol('fromPlain')
export const writeAll = Symbol('writeAll')
export const writeDefault = Symbol('writeDefault')
export const store = Symbol('store')
export const asPlain = Symbol('asPlain')
export const asComparable = Symbol('asComparable')
export const timedKeys = Symbol('timedKeys')
export const afterTiming = Symbol('afterTiming')

/**
 * What every handle can do. A handle is a name for something in Redis: making one sends nothing, and it holds no data.
 *
 * @typeParam Js - the plain JavaScript value it stands for
 * @typeParam Input - what may be given for one
 */
export abstract class Handle<Js, Input = Js> {
  /** A handle is not a promise: it can be returned from an async function as it is. */
  declare readonly then?: undefined

  /** @internal Not on the prototype, and so not a member that the proxy would show. */
  protected readonly context: HandleContext

  /** @internal */
  constructor(context: HandleContext) {
    this.context = context
  }

  /** @internal The requests that read all of it in one step. */
  abstract [readAll](): Request
  /** @internal An array or a record with the plain values, out of the reply to `readAll`. */
  abstract [fromReply]<V>(reply: Reply, each: Each<V>): unknown
  /** @internal The texts to store, in the same shape. */
  abstract [fromPlain](operation: string, value: unknown, encode: ToText): unknown
  /** @internal The requests that replace all that is at `key` by what `fromPlain` gave, atomically. */
  abstract [writeAll](texts: unknown, key: Key): readonly Request[]

  /** @internal The requests that store what `fromPlain` gave if nothing is at the key, atomically. */
  [writeDefault](texts: unknown): readonly Request[] {
    const { key } = this.context
    const staging = stagingKey(key)
    return [...this[writeAll](texts, staging), script(storeDefault, [key, staging, slotGuardKey(key)])]
  }

  /** @internal The plain value for an array or record of values. */
  [asPlain](values: unknown): Js {
    return values as Js
  }

  /** @internal The same for equal values, whatever their order where none counts. */
  [asComparable](texts: unknown): unknown {
    return texts
  }

  /** @internal The keys that have one time to live, the handle's own first. */
  get [timedKeys](): readonly Key[] {
    return [this.context.key]
  }

  /** @internal The requests that follow a change of the time to live, in the same MULTI. */
  get [afterTiming](): readonly Request[] {
    return []
  }

  /**
   * The key as it was given, or as it was generated: give it to another process to reach the same value.
   *
   * @example hot.list('todo').key // 'todo'
   */
  get key(): string {
    return this.context.name
  }

  /**
   * Deletes the key and everything that belongs to it. `DEL`, O(n) in what it holds.
   *
   * @example await todo.clear()
   */
  clear(): Pending<void> {
    return this.context.untypedOp('clear').write(command('DEL', this.context.key))
  }

  /**
   * Whether there is anything at the key. `EXISTS`, O(1).
   *
   * @example await todo.exists() // false
   */
  exists(): Pending<boolean> {
    return this.context.untypedOp('exists').read(command('EXISTS', this.context.key), found => found === 1)
  }

  /**
   * Has Redis delete the key after `milliseconds`; false when there is no such key. `PEXPIRE`, O(1).
   * Every change in place keeps the time to live.
   *
   * @throws RangeError when `milliseconds` is negative
   * @example await session.expire(30 * 60_000)
   */
  expire(milliseconds: number): Pending<boolean> {
    const op = this.context.untypedOp('expire')
    return this.#time(op, 'PEXPIRE', duration(op.operation, 'the time to live', milliseconds))
  }

  /**
   * Has Redis delete the key at that time; false when there is no such key. `PEXPIREAT`, O(1).
   *
   * @throws TypeError when it is not a valid Date
   * @example await offer.expireAt(new Date('2030-01-01'))
   */
  expireAt(date: Date): Pending<boolean> {
    const op = this.context.untypedOp('expireAt')
    const time = types.isDate(date) ? date.getTime() : NaN
    if (Number.isNaN(time)) throw new TypeError(`${op.operation}: the time must be a valid Date`)
    return this.#time(op, 'PEXPIREAT', time)
  }

  /**
   * Milliseconds until Redis deletes the key; undefined when it never does, or there is no key. `PTTL`, O(1).
   *
   * @example await session.ttl() // 1799998
   */
  ttl(): Pending<number | undefined> {
    const decode = (ms: Reply | undefined): number | undefined => (Number(ms) < 0 ? undefined : Number(ms))
    return this.context.untypedOp('ttl').read(command('PTTL', this.context.key), decode)
  }

  /**
   * Takes the time to live away; false when there was none. `PERSIST`, O(1).
   *
   * @example await session.persist()
   */
  persist(): Pending<boolean> {
    return this.#time(this.context.untypedOp('persist'), 'PERSIST')
  }

  /**
   * All of it as the plain JavaScript value, read in one step. O(n).
   *
   * @throws KeyTypeError when the key holds something else; CodecError when something stored can't be read
   * @example await todo.toJS() // ['a', 'b']
   */
  toJS(): Pending<Js> {
    const op = this.context.op('toJS')
    const each: Each<unknown> = (text, field) => op.decodeText(text, field)
    return op.read(this[readAll](), reply => this[asPlain](this[fromReply](reply, each)))
  }

  /**
   * Replaces all of it in one step; the time to live stays. O(n).
   *
   * @throws CodecError, before anything is sent, when a value can't be stored
   * @example await todo.replace(['a', 'b'])
   */
  replace(value: Input): Pending<void> {
    const op = this.context.op('replace')
    return op.write(this[writeAll](this.#texts(op, value), this.context.key))
  }

  /**
   * Whether it equals a plain value, or another handle's, both read in one step. O(n).
   *
   * @throws CrossSlotError on a cluster, when the other's key lives in another slot
   * @example await todo.equals(['a', 'b'])
   */
  equals(other: Handle<Js, Input> | Js | Input): Pending<boolean> {
    const op = this.context.op('equals')
    const handle = operand(op, other)
    if (handle) return this.#equalsHandle(op, handle as Handle<Js, Input>)
    const texts = this[fromPlain](op.operation, other, (item, field) => op.plain(item, field))
    const plain = canonicalJson(this[asComparable](texts))
    return op.read(this[readAll](), reply => this.#normal(reply) === plain)
  }

  /** @internal Stores the option `initial`, which replaces what is stored, or `default`, which does not. */
  [store](option: 'initial' | 'default', value: Input): Pending<void> {
    const op = this.context.op(option)
    const texts = this.#texts(op, value)
    return op.write(option === 'initial' ? this[writeAll](texts, this.context.key) : this[writeDefault](texts))
  }

  #texts(op: Op, value: unknown): unknown {
    return this[fromPlain](op.operation, value, (item, field) => op.encode(item, field))
  }

  #time(op: Op, name: string, ...time: number[]): Pending<boolean> {
    const requests = this[timedKeys].map(key => command(name, key, ...time))
    return op.write([...requests, ...this[afterTiming]], did => did === 1)
  }

  #equalsHandle(op: Op, other: Handle<Js, Input>): Pending<boolean> {
    if (other.context.descriptor.redisType !== this.context.descriptor.redisType) {
      return this.context.untypedOp('equals').read(command('EXISTS', this.context.key), () => false)
    }
    const requests = [this[readAll](), other[readAll]()]
    return op.read(requests, (mine, theirs) => this.#normal(mine) === other.#normal(theirs))
  }

  /** Text that is the same for equal values. */
  #normal(reply: Reply | undefined): string {
    const { operation } = this.context.op('equals')
    const each: Each<string> = (text, field) => this.context.values.normal(operation, text, field)
    return canonicalJson(this[asComparable](this[fromReply](reply ?? null, each)))
  }
}

/** What every handle can do, whatever its type. */
export type HotHandle<Js = unknown> = Pick<
  Handle<Js, never>,
  'key' | 'clear' | 'exists' | 'expire' | 'expireAt' | 'ttl' | 'persist' | 'toJS'
>

/**
 * What was given to a method, if it is a handle: Redis takes it as it is.
 *
 * @throws TypeError for a handle of another Hot, or of another copy of this library
 */
export function operand(op: Op, given: unknown): Handle<unknown, never> | undefined {
  const handle = unwrap(given)
  if (handle instanceof Handle) {
    op.operandKey(contextOf(handle))
    return handle as Handle<unknown, never>
  }
  if (handle === given) return undefined
  throw new TypeError(
    `${op.operation}: a handle of another copy of hot-redis, which is loaded twice: give await other.toJS()`
  )
}

/** Of any type: what is protected in a class is out of reach for a function beside it. */
function contextOf(handle: object): HandleContext {
  return (handle as { readonly context: HandleContext }).context
}
