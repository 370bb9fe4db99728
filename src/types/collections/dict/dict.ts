import { entries as pairsOf, text } from '../../../core/arguments.js'
import { chunked, command, commands, isOne, script, sum, type Reply, type Request } from '../../../core/command.js'
import { slotGuardKey, type Key } from '../../../core/keys.js'
import type { Pending } from '../../../core/pending.js'
import { valueType, type TypeDefinition } from '../../../handles/define-type.js'
import type { HandleOptions, JsonValue, SchemaOptions } from '../../../handles/factory-options.js'
import { Handle, fromPlain, fromReply, readAll, writeAll, type Each, type ToText } from '../../../handles/handle.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import type { Probe } from '../../../handles/proxy.js'
import { dictCopy, dictIncrement, replace } from '../../../scripts.generated.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../../values/schema.js'
import { scan } from '../scan.js'

/** The fields of a dict: read by `await`, written by assignment, removed by `delete`. get() and set() access all others. */
export type Fields<T, Input, Members, Missing> = {
  [K in keyof T as K extends keyof Members | Probe ? never : K]?:
    Present<Input[K & keyof Input]> | Pending<Present<T[K]> | Missing>
}

/** A dict in Redis with the fields of `T`; `Input` are the values accepted for them. */
export type HotDict<T extends object, Input extends object = T> = Dict<T, Input> &
  Fields<T, Input, Dict<T, Input>, undefined>

/** A schema for each field of a Dict. */
export type FieldSchemas = Readonly<Record<string, StandardSchema>>
export type FieldInputs<S extends FieldSchemas> = { [K in keyof S]: SchemaInput<S[K]> }
export type FieldOutputs<S extends FieldSchemas> = { [K in keyof S]: SchemaOutput<S[K]> }

/** Schemas of a dict whose type is given explicitly: one for each field, or one for all. They return what they take. */
export type SchemaOf<T> =
  StandardSchema<Present<T[keyof T]>> | { readonly [K in keyof T]?: StandardSchema<Present<T[K]>> }

/** A dict's initial fields, as a record, a Map, or pairs. */
export type InitialFields<T> = Partial<T> | Iterable<readonly [FieldOf<T>, Present<T[FieldOf<T>]>]>

/** Options of a dict whose type is given explicitly. */
export type DictOptions<T> = HandleOptions<InitialFields<T>> & { readonly schema?: SchemaOf<NoInfer<T>> }

export interface DictFactory {
  /**
   * A dict: like an object with fields. See {@link HotDict}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const user = hot.dict<{ name: string; visits: number }>('user:1')
   * @example const user = hot.dict('user:1', { schema: { name: z.string(), visits: z.number() } })
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, InitialFields<Record<string, SchemaInput<S>>>>
  ): HotDict<Record<string, SchemaOutput<S>>, Record<string, SchemaInput<S>>>
  <S extends FieldSchemas>(
    key: string | undefined,
    options: SchemaOptions<S, InitialFields<FieldInputs<S>>>
  ): HotDict<FieldOutputs<S>, FieldInputs<S>>
  <T extends object = Record<string, JsonValue>>(key?: string, options?: DictOptions<T>): HotDict<T>
}

/** The names of a record's fields. */
export type FieldOf<T> = keyof T & string
/** The names of the fields that can hold a number. */
export type NumberFieldOf<T> = {
  [K in FieldOf<T>]: number extends T[K] ? K : NonNullable<T[K]> extends number ? K : never
}[FieldOf<T>]
/** The value of a field that exists. */
export type Present<V> = Exclude<V, undefined>

/** The plain value of a dict: any of its fields may be missing. A record of any fields says so already. */
type Stored<T> = string extends keyof T ? T : Partial<T>

/** The text that increment() assumes for a missing field. A symbol, so that it hides no field. */
export const missingNumber = Symbol('missingNumber')

type Pairs<T> = Iterable<readonly [FieldOf<T>, Present<T[FieldOf<T>]>]>

/**
 * A dict in Redis, used like an object with fields: `await user.name`, `user.name = 'Ada'`, `delete user.name`,
 * `for await (const [field, value] of user)`. Every method is one atomic step.
 *
 * @typeParam T - the fields and their values
 * @typeParam Input - the values accepted for them, where a schema converts them
 */
export class Dict<T extends object, Input extends object = T> extends Handle<Stored<T>, Partial<Input> | Pairs<Input>> {
  static readonly descriptor: TypeDescriptor = { name: 'Dict', redisType: 'hash', indexedBy: 'field' };

  /** @internal */
  [readAll](): Request {
    return command('HGETALL', this.context.key)
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
  [writeAll](texts: Readonly<Record<string, string>>, key: Key): readonly Request[] {
    const [first = [], ...others] = chunked(Object.entries(texts).flat())
    return [
      script(replace, [key, slotGuardKey(key)], 'HLEN', 'HSET', ...first),
      ...others.map(chunk => command('HSET', key, ...chunk))
    ]
  }

  /**
   * The number of fields. `HLEN`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await user.size // 2
   */
  get size(): Pending<number> {
    return this.context.op('size').read(command('HLEN', this.context.key), Number)
  }

  /**
   * Returns the value of a field, or undefined. `await user.name` is the same. `HGET`, O(1).
   *
   * @throws CodecError when what is stored can't be read
   * @example await user.get('size') // a field named like a member
   */
  get<K extends FieldOf<T>>(field: K): Pending<Present<T[K]> | undefined> {
    const op = this.context.op('get')
    const name = this.#field(op, field)
    return op.readValue<Present<T[K]>>(command('HGET', this.context.key, name), name)
  }

  /**
   * Sets a field; `user.name = 'Ada'` that can be awaited. `HSET`, O(1).
   *
   * @throws CodecError when the value can't be stored
   * @example await user.set('name', 'Ada')
   */
  set<K extends FieldOf<Input>>(field: K, value: Present<Input[K]>): Pending<void> {
    const op = this.context.op('set')
    const name = this.#field(op, field)
    return op.write(command('HSET', this.context.key, name, op.encode(value, name)))
  }

  /**
   * Returns whether a field exists. `HEXISTS`, O(1).
   *
   * @example await user.has('name') // true
   */
  has(field: FieldOf<T>): Pending<boolean> {
    const op = this.context.op('has')
    return op.read(command('HEXISTS', this.context.key, this.#field(op, field)), isOne)
  }

  /**
   * Removes a field and returns whether it existed. `HDEL`, O(1).
   *
   * @example await user.delete('name') // true
   */
  delete(field: FieldOf<T>): Pending<boolean> {
    const op = this.context.op('delete')
    return op.write(command('HDEL', this.context.key, this.#field(op, field)), isOne)
  }

  /**
   * Returns the values of several fields, read at one moment; undefined for missing ones. `HMGET`, O(1) per field.
   *
   * @throws CodecError when what is stored can't be read
   * @example const [name, visits] = await user.getMany('name', 'visits')
   */
  getMany<const K extends readonly FieldOf<T>[]>(
    ...fields: K
  ): Pending<{ -readonly [I in keyof K]: Present<T[K[I]]> | undefined }> {
    const op = this.context.op('getMany')
    const names = fieldNames(op, fields)
    if (names.length === 0) return op.read(command('HLEN', this.context.key), () => []) as Pending<never>
    const requests = commands('HMGET', this.context.key, names)
    const decode = (...found: Reply[]): unknown[] =>
      found.flat().map((stored, index) => op.decoder(names[index])(stored))
    return op.read(requests, decode) as Pending<never>
  }

  /**
   * Returns for each of several fields whether it exists, read at one moment. `HEXISTS`, O(1) per field.
   *
   * @example await user.hasMany('name', 'nickname') // [true, false]
   */
  hasMany(...fields: FieldOf<T>[]): Pending<boolean[]> {
    const op = this.context.op('hasMany')
    const { key } = this.context
    const names = fieldNames(op, fields)
    if (names.length === 0) return op.read(command('HLEN', key), () => [])
    const requests = names.map(name => command('HEXISTS', key, name))
    return op.read(requests, (...found) => found.map(one => one === 1))
  }

  /**
   * Removes several fields in one step and returns how many existed. `HDEL`, O(1) per field.
   *
   * @example await user.deleteMany('name', 'nickname') // 1
   */
  deleteMany(...fields: FieldOf<T>[]): Pending<number> {
    const op = this.context.op('deleteMany')
    const { key } = this.context
    const names = fieldNames(op, fields)
    if (names.length === 0) return op.writeNothing(command('HLEN', key), () => 0)
    return op.write(commands('HDEL', key, names), sum)
  }

  /**
   * Sets several fields in one step and keeps the others. Undefined ones are left out. `HSET`, O(n).
   *
   * @throws CodecError, before anything is sent, when a value can't be stored
   * @example await user.update({ name: 'Ada', visits: 1 })
   */
  update(fields: Partial<Input> | Pairs<Input>): Pending<void> {
    const op = this.context.op('update')
    const { key } = this.context
    const texts = this[fromPlain](op.operation, fields, (value, field) => op.encode(value, field))
    const flat = Object.entries(texts).flat()
    return op.write(flat.length === 0 ? command('HLEN', key) : commands('HSET', key, flat))
  }

  /**
   * Returns the value of a field; sets a missing one to `value`, in one step. `HSETNX` and `HGET` in a MULTI, O(1).
   *
   * @throws CodecError when the value can't be stored
   * @example await user.getOrInsert('visits', 0)
   */
  getOrInsert<K extends FieldOf<T & Input>>(
    field: K,
    value: Present<Input[K & keyof Input]>
  ): Pending<Present<T[K & keyof T]>> {
    const op = this.context.op('getOrInsert')
    const { key } = this.context
    const name = this.#field(op, field)
    const decode = op.decoder<Present<T[K & keyof T]>>(name)
    const requests = [command('HSETNX', key, name, op.encode(value, name)), command('HGET', key, name)]
    return op.write(requests, (_, stored) => decode(stored) as Present<T[K & keyof T]>)
  }

  /**
   * Removes a field and returns its value, or undefined, in one step. `HGET` and `HDEL` in a MULTI, O(1).
   *
   * @example await session.pop('flash')
   */
  pop<K extends FieldOf<T>>(field: K): Pending<Present<T[K]> | undefined> {
    const op = this.context.op('pop')
    const { key } = this.context
    const name = this.#field(op, field)
    const decode = op.decoder<Present<T[K]>>(name)
    return op.write([command('HGET', key, name), command('HDEL', key, name)], value => decode(value))
  }

  /**
   * Adds to the number in a field and returns the sum, as JavaScript computes it. A missing field is 0. A script, O(1).
   *
   * @throws CodecError when the field holds something else; OverflowError past the safe integers. Nothing is changed then.
   * @example await user.increment('visits') // 1
   */
  increment(field: NumberFieldOf<T>, by = 1): Pending<number> {
    const op = this.context.op('increment')
    const name = this.#field(op, field)
    const amount = op.finite('the amount', by)
    const request = script(dictIncrement, [this.context.key], name, amount, this[missingNumber](name))
    return op.write(request, Number)
  }

  /**
   * Copies the hash over another key in one step and returns a handle of the copy. A script (`COPY`), O(n).
   *
   * @throws KeyTypeError when either key holds something else; CrossSlotError on a cluster, when they live in different slots
   * @example const backup = await user.copyTo('user:1:backup')
   */
  copyTo(key: string): Pending<this> {
    const op = this.context.op('copyTo')
    const copy = this.context.keyNamed(op.operation, key)
    const made = (): this => this.context.sameTypeAt(key) as this
    const unchanged = [this.context.key]
    return op.run(op.writeCommand(script(dictCopy, [this.context.key, copy]), made, { unchanged }))
  }

  /**
   * Iterates over the names of the fields, read in pages during the loop, with the guarantees of `entries()`. `HSCAN`.
   *
   * @example for await (const field of user.keys()) console.log(field)
   */
  keys(): AsyncGenerator<FieldOf<T>, void, undefined> {
    return this.#scan((texts, at) => texts[at] as FieldOf<T>)
  }

  /**
   * Iterates over the values of the fields, read in pages during the loop, with the guarantees of `entries()`. `HSCAN`.
   *
   * @example for await (const value of user.values()) console.log(value)
   */
  values(): AsyncGenerator<Present<T[FieldOf<T>]>, void, undefined> {
    return this.#scan((texts, at, op) => decoded<T>(op, texts, at))
  }

  /**
   * Iterates over fields and values, read in pages during the loop: any size, constant memory. What exists during the
   * whole loop comes once (repeats are recognised among the last 100,000 fields); what is added or removed meanwhile may
   * or may not be seen. `HSCAN`, O(n) in all.
   *
   * @example for await (const [field, value] of user.entries()) console.log(field, value)
   */
  entries(): AsyncGenerator<[FieldOf<T>, Present<T[FieldOf<T>]>], void, undefined> {
    return this.#scan((texts, at, op) => [texts[at] as FieldOf<T>, decoded<T>(op, texts, at)])
  }

  /** The same as `entries()`: `for await (const [field, value] of user)`. */
  [Symbol.asyncIterator](): AsyncGenerator<[FieldOf<T>, Present<T[FieldOf<T>]>], void, undefined> {
    return this.entries()
  }

  /** @internal */
  [missingNumber](_field: string): string {
    return '0'
  }

  /** Iterates over what `entry` makes of each field and the text behind it. */
  #scan<E>(entry: (texts: readonly string[], at: number, op: Op) => E): AsyncGenerator<E, void, undefined> {
    return scan(this.context, 'HSCAN', 2, () => {
      const op = this.context.op('entries')
      return (texts, at) => entry(texts, at, op)
    })
  }

  #field(op: Op, field: unknown): string {
    return op.text('the field', field)
  }
}

/** Checks the names of fields. */
export function fieldNames(op: Op, fields: readonly unknown[]): readonly string[] {
  return fields.map(field => op.text('the field', field))
}

/** The value of the field at a place. */
function decoded<T>(op: Op, texts: readonly string[], at: number): Present<T[FieldOf<T>]> {
  return op.decodeText(texts[at + 1] as string, texts[at]) as Present<T[FieldOf<T>]>
}

function inPairs(reply: Reply): [string, string][] {
  const flat = reply as string[]
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string])
  return pairs
}

export const dict: TypeDefinition<DictFactory> = valueType(Dict)
