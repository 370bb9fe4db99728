import { types } from 'node:util'
import { duration } from '../core/arguments.js'
import { command, isOne, script, type Reply, type Request } from '../core/command.js'
import { slotGuardKey, stagingKey, type Key } from '../core/keys.js'
import type { Pending } from '../core/pending.js'
import { canonicalJson } from '../values/codec.js'
import { storeDefault } from '../scripts.generated.js'
import type { HandleContext, Op } from './operation.js'
import { unwrap } from './unwrap.js'

/** Decodes a stored text; `field` is the field that holds it, if any. */
export type Each<V> = (text: string, field?: string) => V
/** Encodes a value. */
export type ToText = (value: unknown, field?: string) => string

/** Internal methods by which a type reads and writes its whole value. Symbols keep them off the public members. */
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
export const serveWaits = Symbol('serveWaits')

/**
 * The members of every handle. A handle is a name for a value in Redis: creating one sends nothing, and it holds no data.
 *
 * @typeParam Js - the plain JavaScript value that it stands for
 * @typeParam Input - the values accepted for one
 */
export abstract class Handle<Js, Input = Js> {
  /** A handle is not a promise, so an async function can return it. */
  declare readonly then?: undefined

  /** @internal An own property: the proxy shows only the members of the prototype. */
  protected readonly context: HandleContext

  /** @internal */
  constructor(context: HandleContext) {
    this.context = context
  }

  /** @internal The request that reads the whole value. */
  abstract [readAll](): Request
  /** @internal Converts the reply to `readAll` to an array or a record of plain values. */
  abstract [fromReply]<V>(reply: Reply, each: Each<V>): unknown
  /** @internal Converts a plain value to the texts to store, in the same form. */
  abstract [fromPlain](operation: string, value: unknown, encode: ToText): unknown
  /** @internal The requests that replace the whole value at `key` by the result of `fromPlain`, atomically. */
  abstract [writeAll](texts: unknown, key: Key): readonly Request[]

  /** @internal The requests that store the result of `fromPlain` if nothing is at the key, atomically. */
  [writeDefault](texts: unknown): readonly Request[] {
    const { key } = this.context
    const staging = stagingKey(key)
    return [...this[writeAll](texts, staging), script(storeDefault, [key, staging, slotGuardKey(key)])]
  }

  /** @internal Converts an array or record of values to the plain value. */
  [asPlain](values: unknown): Js {
    return values as Js
  }

  /** @internal A form that is the same for equal values, such as a sorted one where order does not count. */
  [asComparable](texts: unknown): unknown {
    return texts
  }

  /** @internal The keys that share one time to live, the handle's own first. */
  get [timedKeys](): readonly Key[] {
    return [this.context.key]
  }

  /** @internal The requests that follow a change of the time to live, in the same MULTI. */
  get [afterTiming](): readonly Request[] {
    return []
  }

  /** @internal The request that serves the waits at the key, if there can be any. */
  get [serveWaits](): Request | undefined {
    return undefined
  }

  /**
   * The key as it was given or generated, without the prefix. Another process reaches the same value by it.
   *
   * @example hot.list('todo').key // 'todo'
   */
  get key(): string {
    return this.context.name
  }

  /**
   * Deletes the key and its auxiliary keys. `DEL`, O(n) in the size of the value.
   *
   * @example await todo.clear()
   */
  clear(): Pending<void> {
    return this.context.untypedOp('clear').write(command('DEL', this.context.key))
  }

  /**
   * Returns whether the key exists. `EXISTS`, O(1).
   *
   * @example await todo.exists() // false
   */
  exists(): Pending<boolean> {
    return this.context.untypedOp('exists').read(command('EXISTS', this.context.key), isOne)
  }

  /**
   * Sets the time to live, in milliseconds; returns false when there is no such key. `PEXPIRE`, O(1).
   * Every change in place keeps it.
   *
   * @throws RangeError when `milliseconds` is negative
   * @example await session.expire(30 * 60_000)
   */
  expire(milliseconds: number): Pending<boolean> {
    const op = this.context.untypedOp('expire')
    return this.#time(op, 'PEXPIRE', duration(op.operation, 'the time to live', milliseconds))
  }

  /**
   * Sets the time at which Redis deletes the key; returns false when there is no such key. `PEXPIREAT`, O(1).
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
   * Returns the time to live in milliseconds; undefined when there is none, or no such key. `PTTL`, O(1).
   *
   * @example await session.ttl() // 1799998
   */
  ttl(): Pending<number | undefined> {
    const decode = (ms: Reply | undefined): number | undefined => (Number(ms) < 0 ? undefined : Number(ms))
    return this.context.untypedOp('ttl').read(command('PTTL', this.context.key), decode)
  }

  /**
   * Removes the time to live; returns false when there was none. `PERSIST`, O(1).
   *
   * @example await session.persist()
   */
  persist(): Pending<boolean> {
    return this.#time(this.context.untypedOp('persist'), 'PERSIST')
  }

  /**
   * Returns the whole value as a plain JavaScript value, read in one step. O(n).
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
   * Replaces the whole value in one step and keeps the time to live. O(n).
   *
   * @throws CodecError, before anything is sent, when a value can't be stored
   * @example await todo.replace(['a', 'b'])
   */
  replace(value: Input): Pending<void> {
    const op = this.context.op('replace')
    return this.#write(op, this[writeAll](this.#texts(op, value), this.context.key))
  }

  /**
   * Returns whether the value equals a plain value or that of another handle; both are read in one step. O(n).
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
    return this.#write(op, option === 'initial' ? this[writeAll](texts, this.context.key) : this[writeDefault](texts))
  }

  #write(op: Op, requests: readonly Request[]): Pending<void> {
    return op.run(op.writeCommand(requests, undefined, { serve: this[serveWaits] }))
  }

  #texts(op: Op, value: unknown): unknown {
    return this[fromPlain](op.operation, value, (item, field) => op.encode(item, field))
  }

  #time(op: Op, name: string, ...time: number[]): Pending<boolean> {
    const requests = this[timedKeys].map(key => command(name, key, ...time))
    const serve = this[serveWaits]
    return op.run(op.writeCommand([...requests, ...this[afterTiming]], did => did === 1, { serve }))
  }

  #equalsHandle(op: Op, other: Handle<Js, Input>): Pending<boolean> {
    if (other.context.descriptor.redisType !== this.context.descriptor.redisType) {
      return this.context.untypedOp('equals').read(command('EXISTS', this.context.key), () => false)
    }
    const requests = [this[readAll](), other[readAll]()]
    return op.read(requests, (mine, theirs) => this.#normal(mine) === other.#normal(theirs))
  }

  /** A text that is the same for equal values. */
  #normal(reply: Reply | undefined): string {
    const op = this.context.op('equals')
    const each: Each<string> = (text, field) => this.context.values.normal(op, text, field)
    return canonicalJson(this[asComparable](this[fromReply](reply ?? null, each)))
  }
}

/** The members of every handle, whatever its type. */
export type HotHandle<Js = unknown> = Pick<
  Handle<Js, never>,
  'key' | 'clear' | 'exists' | 'expire' | 'expireAt' | 'ttl' | 'persist' | 'toJS'
>

/**
 * Returns an argument if it is a handle of this Hot; undefined for a plain value.
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

/** The context of a handle of any type: a protected member is out of reach for a function outside the class. */
function contextOf(handle: object): HandleContext {
  return (handle as { readonly context: HandleContext }).context
}
