import { duration } from '../arguments.js'
import { canonicalJson } from '../codec.js'
import { words, type Reply, type Request } from '../command.js'
import type { Pending } from '../pending.js'
import { unwrap } from '../proxy.js'
import type { Issuer } from './issuer.js'

/** Gives a stored text its value; the field is told where there is one. */
export type Each<V> = (text: string, field?: string) => V
/** Gives a value its text. */
export type ToText = (value: unknown, field?: string) => string

/** How a type reads and writes its whole value; not for users, hence behind symbols. */
export const readAll = Symbol('readAll')
export const fromReply = Symbol('fromReply')
export const fromPlain = Symbol('fromPlain')
export const writeAll = Symbol('writeAll')
export const asPlain = Symbol('asPlain')
export const asComparable = Symbol('asComparable')
export const timedKeys = Symbol('timedKeys')
export const readKeys = Symbol('readKeys')

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
  protected readonly issue: Issuer

  /** @internal */
  constructor(issue: Issuer) {
    this.issue = issue
  }

  /** @internal The requests that read all of it in one step. */
  abstract [readAll](): Request
  /** @internal An array or a record with the plain values, out of the reply to `readAll`. */
  abstract [fromReply]<V>(reply: Reply, each: Each<V>): unknown
  /** @internal The texts to store, in the same shape. */
  abstract [fromPlain](operation: string, value: unknown, encode: ToText): unknown
  /** @internal The requests that replace all of it by what `fromPlain` gave, atomically. */
  abstract [writeAll](texts: unknown): readonly Request[]

  /** @internal The plain value for an array or record of values. */
  [asPlain](values: unknown): Js {
    return values as Js
  }

  /** @internal The same for equal values, whatever their order where none counts. */
  [asComparable](texts: unknown): unknown {
    return texts
  }

  /** @internal The keys that make up its value, the handle's own first. */
  get [readKeys](): readonly string[] {
    return [this.issue.key]
  }

  /** @internal The keys that have one time to live, the handle's own first. */
  get [timedKeys](): readonly string[] {
    return [this.issue.key]
  }

  /**
   * The key as it was given, or as it was generated: give it to another process to reach the same value.
   *
   * @example hot.list('todo').key // 'todo'
   */
  get key(): string {
    return this.issue.name
  }

  /**
   * Deletes the key and everything that belongs to it. `DEL`, O(n) in what it holds.
   *
   * @example await todo.clear()
   */
  clear(): Pending<void> {
    return this.issue.write('clear', words('DEL', this.issue.key), undefined, { typed: false })
  }

  /**
   * Whether there is anything at the key. `EXISTS`, O(1).
   *
   * @example await todo.exists() // false
   */
  exists(): Pending<boolean> {
    return this.issue.read('exists', words('EXISTS', this.issue.key), found => found === 1, {
      typed: false
    })
  }

  /**
   * Has Redis delete the key after `milliseconds`; false when there is no such key. `PEXPIRE`, O(1).
   * Every change in place keeps the time to live.
   *
   * @throws RangeError when `milliseconds` is negative
   * @example await session.expire(30 * 60_000)
   */
  expire(milliseconds: number): Pending<boolean> {
    const time = duration(this.issue.operation('expire'), 'the time to live', milliseconds)
    return this.#time('expire', 'PEXPIRE', time)
  }

  /**
   * Has Redis delete the key at that time; false when there is no such key. `PEXPIREAT`, O(1).
   *
   * @throws TypeError when it is not a valid Date
   * @example await offer.expireAt(new Date('2030-01-01'))
   */
  expireAt(date: Date): Pending<boolean> {
    const time = date instanceof Date ? date.getTime() : NaN
    if (Number.isNaN(time)) throw new TypeError(`${this.issue.operation('expireAt')}: the time must be a valid Date`)
    return this.#time('expireAt', 'PEXPIREAT', time)
  }

  /**
   * Milliseconds until Redis deletes the key; undefined when it never does, or there is no key. `PTTL`, O(1).
   *
   * @example await session.ttl() // 1799998
   */
  ttl(): Pending<number | undefined> {
    const decode = (ms: Reply | undefined): number | undefined => (Number(ms) < 0 ? undefined : Number(ms))
    return this.issue.read('ttl', words('PTTL', this.issue.key), decode, { typed: false })
  }

  /**
   * Takes the time to live away; false when there was none. `PERSIST`, O(1).
   *
   * @example await session.persist()
   */
  persist(): Pending<boolean> {
    return this.#time('persist', 'PERSIST')
  }

  /**
   * All of it as the plain JavaScript value, read in one step. O(n).
   *
   * @throws KeyTypeError when the key holds something else; CodecError when something stored can't be read
   * @example await todo.toJS() // ['a', 'b']
   */
  toJS(): Pending<Js> {
    const operation = this.issue.operation('toJS')
    const each: Each<unknown> = (text, field) => this.issue.values.decode(operation, text, field)
    const decode = (reply: Reply): Js => this[asPlain](this[fromReply](reply, each))
    return this.issue.read('toJS', this[readAll](), decode, { keys: this[readKeys] })
  }

  /**
   * Replaces all of it in one step; the time to live stays. O(n).
   *
   * @throws CodecError, before anything is sent, when a value can't be stored
   * @example await todo.replace(['a', 'b'])
   */
  replace(value: Input): Pending<void> {
    const texts = this[fromPlain](this.issue.operation('replace'), value, (item, field) =>
      this.issue.encode('replace', item, field)
    )
    return this.issue.write('replace', this[writeAll](texts))
  }

  /**
   * Whether it equals a plain value, or another handle's, both read in one step. O(n).
   *
   * @throws CrossSlotError on a cluster, when the other's key lives in another slot
   * @example await todo.equals(['a', 'b'])
   */
  equals(other: Handle<Js, Input> | Js | Input): Pending<boolean> {
    const operation = this.issue.operation('equals')
    const handle = operand(this.issue, 'equals', other)
    if (handle) return this.#equalsHandle(handle as Handle<Js, Input>)
    const texts = this[fromPlain](operation, other, (item, field) => this.issue.values.plain(operation, item, field))
    const plain = canonicalJson(this[asComparable](texts))
    return this.issue.read('equals', this[readAll](), reply => this.#normal(reply) === plain, { keys: this[readKeys] })
  }

  #time(method: string, command: string, ...time: number[]): Pending<boolean> {
    const requests = this[timedKeys].map(key => words(command, key, ...time))
    return this.issue.write(method, requests, did => did === 1, { typed: false })
  }

  #equalsHandle(other: Handle<Js, Input>): Pending<boolean> {
    const { shape } = other.issue
    if (shape.holds !== this.issue.shape.holds) {
      return this.issue.read('equals', words('EXISTS', this.issue.key), () => false, { typed: false })
    }
    return this.issue.read(
      'equals',
      [this[readAll](), other[readAll]()],
      (mine, theirs) => this.#normal(mine) === other.#normal(theirs),
      { keys: [...this[readKeys], ...other[readKeys]] }
    )
  }

  /** Text that is the same for equal values. */
  #normal(reply: Reply): string {
    const operation = this.issue.operation('equals')
    const texts = this[fromReply](reply, (text, field) => this.issue.values.normal(operation, text, field))
    return canonicalJson(this[asComparable](texts))
  }
}

/**
 * What was given to a method, if it is a handle: Redis takes it as it is.
 *
 * @throws TypeError for a handle of another Hot, or of another copy of this library
 */
export function operand(issue: Issuer, method: string, given: unknown): Handle<unknown, never> | undefined {
  const handle = unwrap(given)
  if (handle instanceof Handle) {
    const other = issueOf(handle)
    if (other.home.dispatcher === issue.home.dispatcher) return handle as Handle<unknown, never>
    throw new TypeError(
      `${issue.operation(method)}: '${other.key}' belongs to another Hot, which Redis can't reach from here: give await other.toJS()`
    )
  }
  if (handle === given) return undefined
  throw new TypeError(
    `${issue.operation(method)}: a handle of another copy of hot-redis, which is loaded twice: give await other.toJS()`
  )
}

/** Of any type: what is protected in a class is out of reach for a function beside it. */
function issueOf(handle: object): Issuer {
  return (handle as { readonly issue: Issuer }).issue
}
