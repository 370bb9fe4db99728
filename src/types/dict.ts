import { entries as pairsOf, finite, text } from '../arguments.js'
import { VALUES_PER_REQUEST, chunked, script, words, type Reply, type Request } from '../command.js'
import { neverThere } from '../keys.js'
import { dictCopy, dictIncrement, replace } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { Handle, fromPlain, fromReply, readAll, writeAll, type Each, type ToText } from './handle.js'
import type { TypeShape } from './issuer.js'
import { scan } from './scan.js'

/** The names of a record's fields. */
export type FieldOf<T> = Extract<keyof T, string>
/** The names of the fields that can hold a number. */
export type NumberFieldOf<T> = {
  [K in FieldOf<T>]: number extends T[K] ? K : NonNullable<T[K]> extends number ? K : never
}[FieldOf<T>]
/** What a field holds once it is there. */
export type Present<V> = Exclude<V, undefined>

/** What a dict holds of a record: any of its fields may be missing. A record of any fields is one already. */
export type Stored<T> = string extends keyof T ? T : Partial<T>

/** What a missing field counts as when it is added to; behind a symbol, so that it takes no field's name. */
export const missingNumber = Symbol('missingNumber')

type Pairs<T> = Iterable<readonly [FieldOf<T>, Present<T[FieldOf<T>]>]>

/**
 * A dict in Redis, used like an object with fields: `await user.name`, `user.name = 'Ada'`, `delete user.name`,
 * `for await (const [field, value] of user)`. Every method is one atomic step.
 *
 * @typeParam T - the fields and what they hold
 * @typeParam Input - what may be given for them, where a schema makes something else of it
 */
export class Dict<T extends object, Input extends object = T> extends Handle<Stored<T>, Partial<Input> | Pairs<Input>> {
  static readonly shape: TypeShape = { name: 'Dict', holds: 'hash', indexedBy: 'field' };

  /** @internal */
  [readAll](): Request {
    return words('HGETALL', this.issue.key)
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): Record<string, V> {
    return Object.fromEntries(inPairs(reply).map(([field, stored]) => [field, each(stored, field)]))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): Record<string, string> {
    const pairs = pairsOf(operation, 'the value', value)
    return Object.fromEntries(
      pairs
        .filter(([, item]) => item !== undefined)
        .map(([field, item]) => [text(operation, 'a field', field), encode(item, field)])
    )
  }

  /** @internal */
  [writeAll](texts: Readonly<Record<string, string>>): readonly Request[] {
    const { key } = this.issue
    const [first = [], ...others] = chunked(Object.entries(texts).flat())
    return [
      script(replace, [key, neverThere(key)], 'HLEN', 'HSET', ...first),
      ...others.map(chunk => words('HSET', key, ...chunk))
    ]
  }

  /**
   * How many fields there are. `HLEN`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await user.size // 2
   */
  get size(): Pending<number> {
    return this.issue.read('size', words('HLEN', this.issue.key), Number)
  }

  /**
   * The value of a field, undefined when there is none: `await user.name` is the same. `HGET`, O(1).
   *
   * @throws CodecError when what is stored can't be read
   * @example await user.get('size') // a field named like a member
   */
  get<K extends FieldOf<T>>(field: K): Pending<Present<T[K]> | undefined> {
    const name = this.#field('get', field)
    return this.issue.read('get', words('HGET', this.issue.key, name), this.issue.decoder<Present<T[K]>>('get', name))
  }

  /**
   * Sets a field: `user.name = 'Ada'`, awaited. `HSET`, O(1).
   *
   * @throws CodecError when the value can't be stored
   * @example await user.set('name', 'Ada')
   */
  set<K extends FieldOf<Input>>(field: K, value: Present<Input[K]>): Pending<void> {
    const name = this.#field('set', field)
    return this.issue.write('set', words('HSET', this.issue.key, name, this.issue.encode('set', value, name)))
  }

  /**
   * Whether there is such a field. `HEXISTS`, O(1).
   *
   * @example await user.has('name') // true
   */
  has(field: FieldOf<T>): Pending<boolean> {
    return this.issue.read('has', words('HEXISTS', this.issue.key, this.#field('has', field)), found => found === 1)
  }

  /**
   * Removes a field and tells whether it was there. `HDEL`, O(1).
   *
   * @example await user.delete('name') // true
   */
  delete(field: FieldOf<T>): Pending<boolean> {
    return this.issue.write(
      'delete',
      words('HDEL', this.issue.key, this.#field('delete', field)),
      removed => removed === 1
    )
  }

  /**
   * Sets many fields in one step; the others stay. Fields that are undefined are left out. `HSET`, O(n).
   *
   * @throws CodecError, before anything is sent, when a value can't be stored
   * @example await user.update({ name: 'Ada', visits: 1 })
   */
  update(fields: Partial<Input> | Pairs<Input>): Pending<void> {
    const { key } = this.issue
    const texts = this[fromPlain](this.issue.operation('update'), fields, (value, field) =>
      this.issue.encode('update', value, field)
    )
    const flat = Object.entries(texts).flat()
    const requests =
      flat.length === 0
        ? words('HLEN', key)
        : chunked(flat, VALUES_PER_REQUEST).map(chunk => words('HSET', key, ...chunk))
    return this.issue.write('update', requests)
  }

  /**
   * The value of a field, set to `value` first when there is none; in one step. `HSETNX` and `HGET` in a MULTI, O(1).
   *
   * @throws CodecError when the value can't be stored
   * @example await user.getOrInsert('visits', 0)
   */
  getOrInsert<K extends FieldOf<T & Input>>(
    field: K,
    value: Present<Input[K & keyof Input]>
  ): Pending<Present<T[K & keyof T]>> {
    const { key } = this.issue
    const name = this.#field('getOrInsert', field)
    const decode = this.issue.decoder<Present<T[K & keyof T]>>('getOrInsert', name)
    const requests = [
      words('HSETNX', key, name, this.issue.encode('getOrInsert', value, name)),
      words('HGET', key, name)
    ]
    return this.issue.write('getOrInsert', requests, (_, stored) => decode(stored) as Present<T[K & keyof T]>)
  }

  /**
   * Takes a field out and returns its value, undefined when there is none; in one step. `HGET` and `HDEL` in a MULTI, O(1).
   *
   * @example await session.pop('flash')
   */
  pop<K extends FieldOf<T>>(field: K): Pending<Present<T[K]> | undefined> {
    const { key } = this.issue
    const name = this.#field('pop', field)
    const decode = this.issue.decoder<Present<T[K]>>('pop', name)
    return this.issue.write('pop', [words('HGET', key, name), words('HDEL', key, name)], value => decode(value))
  }

  /**
   * Adds to the number in a field, 0 when there is none, and returns the sum as JavaScript would have it. A script, O(1).
   *
   * @throws CodecError when the field holds something else; OverflowError past the safe integers. Nothing is changed then.
   * @example await user.increment('visits') // 1
   */
  increment(field: NumberFieldOf<T>, by = 1): Pending<number> {
    const name = this.#field('increment', field)
    const amount = finite(this.issue.operation('increment'), 'the amount', by)
    const request = script(dictIncrement, [this.issue.key], name, amount, this[missingNumber](name))
    return this.issue.write('increment', request, Number)
  }

  /**
   * Copies it over another key, in one step, and returns a handle for the copy. A script (`COPY`), O(n).
   *
   * @throws KeyTypeError when either key holds something else; CrossSlotError on a cluster, when they live in different slots
   * @example const backup = await user.copyTo('user:1:backup')
   */
  copyTo(key: string): Pending<this> {
    const { issue } = this
    const copy = issue.home.fullKey(issue.operation('copyTo'), key)
    return issue.write('copyTo', script(dictCopy, [issue.key, copy]), () => issue.home.sibling(key) as this, {
      keys: [issue.key, copy]
    })
  }

  /**
   * The fields' names, read in pages as the loop goes on. `HSCAN`, O(n) in all. See `entries()` for what it promises.
   *
   * @example for await (const field of user.keys()) console.log(field)
   */
  async *keys(): AsyncGenerator<FieldOf<T>, void, undefined> {
    for await (const [field] of scan(this.issue, 'HSCAN', 2)) yield field as FieldOf<T>
  }

  /**
   * The fields' values, read in pages as the loop goes on. `HSCAN`, O(n) in all. See `entries()` for what it promises.
   *
   * @example for await (const value of user.values()) console.log(value)
   */
  async *values(): AsyncGenerator<Present<T[FieldOf<T>]>, void, undefined> {
    for await (const [, value] of this.entries()) yield value
  }

  /**
   * Fields and values, read in pages as the loop goes on: any size, constant memory. What is there during the whole loop
   * comes once (repeats are recognised among the last 100,000 fields); what comes or goes meanwhile may or may not be
   * seen. `HSCAN`, O(n) in all.
   *
   * @example for await (const [field, value] of user.entries()) console.log(field, value)
   */
  async *entries(): AsyncGenerator<[FieldOf<T>, Present<T[FieldOf<T>]>], void, undefined> {
    const operation = this.issue.operation('entries')
    for await (const [field, stored] of scan(this.issue, 'HSCAN', 2) as AsyncGenerator<[string, string]>) {
      yield [field as FieldOf<T>, this.issue.values.decode(operation, stored, field) as Present<T[FieldOf<T>]>]
    }
  }

  /** The same as `entries()`: `for await (const [field, value] of user)`. */
  [Symbol.asyncIterator](): AsyncGenerator<[FieldOf<T>, Present<T[FieldOf<T>]>], void, undefined> {
    return this.entries()
  }

  /** @internal */
  [missingNumber](_field: string): string {
    return '0'
  }

  #field(method: string, field: unknown): string {
    return text(this.issue.operation(method), 'the field', field)
  }
}

function inPairs(reply: Reply): [string, string][] {
  const flat = reply as string[]
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string])
  return pairs
}
