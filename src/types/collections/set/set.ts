import { types } from 'node:util'
import { iterable } from '../../../core/arguments.js'
import { chunked, command, commands, isOne, script, sum, type Reply, type Request } from '../../../core/command.js'
import { auxKey, slotGuardKey, stagingKey, type Key } from '../../../core/keys.js'
import { replace, setDifferenceSize, setIntersectionSize, setUpdate } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import {
  Handle,
  asComparable,
  asPlain,
  fromPlain,
  fromReply,
  operand,
  readAll,
  writeAll,
  type Each,
  type ToText
} from '../../../handles/handle.js'
import { valueType, type TypeDefinition } from '../../../handles/define-type.js'
import type { JsonValue, SchemaOptions, TypedOptions } from '../../../handles/factory-options.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../../values/schema.js'
import { scan } from '../scan.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'

export interface SetFactory {
  /**
   * A set: like a Set with ES2025's methods, members compared by value. See {@link HotSet}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const tags = hot.set<string>('tags', { initial: ['red'] })
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>>
  ): HotSet<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>>): HotSet<T>
}

/** An operand of the set methods: another handle, a Set, a Map (its keys), or any iterable. */
export type SetOperand<T> = Handle<Set<T>, never> | Iterable<T>

/** The operands of a call: the keys of handles, and a list of member texts for each plain operand. */
interface Operands {
  readonly keys: readonly Key[]
  readonly plain: readonly (readonly string[])[]
}

/**
 * A set in Redis, used like a Set with the methods of ES2025. Members are compared by value, objects too. Operations between
 * handles run in Redis. Every method is one atomic step.
 */
export class HotSet<T, Input = T> extends Handle<Set<T>, Iterable<Input>> {
  static readonly descriptor: TypeDescriptor = { name: 'Set', redisType: 'set', indexedBy: 'nothing' };

  /** @internal */
  [readAll](): Request {
    return command('SMEMBERS', this.context.key)
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): V[] {
    return (reply as string[]).map(text => each(text))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): string[] {
    return [...new Set(Array.from(iterable(operation, 'the value', value), item => encode(item)))]
  }

  /** @internal */
  override [asPlain](values: unknown): Set<T> {
    return new Set(values as T[])
  }

  /** @internal */
  override [asComparable](texts: unknown): unknown {
    return [...new Set(texts as string[])].sort()
  }

  /** @internal */
  [writeAll](texts: readonly string[], key: Key): readonly Request[] {
    const [first = [], ...others] = chunked(texts)
    return [
      script(replace, [key, slotGuardKey(key)], 'SCARD', 'SADD', ...first),
      ...others.map(chunk => command('SADD', key, ...chunk))
    ]
  }

  /**
   * The number of members. `SCARD`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await tags.size // 2
   */
  get size(): Pending<number> {
    return this.context.op('size').read(command('SCARD', this.context.key), Number)
  }

  /**
   * Adds members and returns how many are new. `SADD`, O(1) per member.
   *
   * @throws CodecError when a value can't be stored
   * @example await tags.add('red', 'blue') // 2
   */
  add(...values: Input[]): Pending<number> {
    const op = this.context.op('add')
    if (values.length === 0) return op.writeNothing(command('SCARD', this.context.key), () => 0)
    return op.write(op.commandWith('SADD', values), sum)
  }

  /**
   * Returns whether `value` is a member. `SISMEMBER`, O(1).
   *
   * @example await tags.has('red') // true
   */
  has(value: Input): Pending<boolean> {
    const op = this.context.op('has')
    const request = command('SISMEMBER', this.context.key, op.encode(value))
    return op.read(request, isOne)
  }

  /**
   * Returns for each value whether it is a member, read at one moment. `SMISMEMBER`, O(1) per value.
   *
   * @example await tags.hasMany('red', 'green') // [true, false]
   */
  hasMany(...values: Input[]): Pending<boolean[]> {
    const op = this.context.op('hasMany')
    const texts = values.map(value => op.encode(value))
    if (texts.length === 0) return op.read(command('SCARD', this.context.key), () => [])
    return op.read(areMembers(this.context.key, texts), (...found) => found.flat().map(one => one === 1))
  }

  /**
   * Removes a value and returns whether it was a member. `SREM`, O(1).
   *
   * @example await tags.delete('red') // true
   */
  delete(value: Input): Pending<boolean> {
    const op = this.context.op('delete')
    const request = command('SREM', this.context.key, op.encode(value))
    return op.write(request, isOne)
  }

  /**
   * Removes several values in one step and returns how many were members. `SREM`, O(1) per value.
   *
   * @example await tags.deleteMany('red', 'green') // 1
   */
  deleteMany(...values: Input[]): Pending<number> {
    const op = this.context.op('deleteMany')
    const { key } = this.context
    const texts = op.encodeAll(values)
    if (texts.length === 0) return op.writeNothing(command('SCARD', key), () => 0)
    return op.write(commands('SREM', key, texts), sum)
  }

  /**
   * Removes a random member and returns it, or undefined. `SPOP`, O(1).
   *
   * @example await tickets.pop()
   */
  pop(): Pending<T | undefined> {
    const op = this.context.op('pop')
    return op.write(command('SPOP', this.context.key), op.decoder<T>())
  }

  /**
   * Returns up to `n` different random members, which stay. `SRANDMEMBER`, O(n).
   *
   * @throws RangeError when `n` is negative
   * @example await tickets.sample(3)
   */
  sample(n = 1): Pending<T[]> {
    const op = this.context.op('sample')
    const most = op.count('the count', n)
    return op.read(command('SRANDMEMBER', this.context.key, most), reply => this.#members(op, reply as string[]))
  }

  /**
   * Returns the members that are in any of the sets, as a local Set. `SUNION`, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.union(otherTags, ['green'])
   */
  union(...others: SetOperand<T>[]): Pending<Set<T>> {
    const op = this.context.op('union')
    const { keys, plain } = this.#operands(op, others)
    const decode = (found: Reply): Set<T> => this.#local(op, [...(found as string[]), ...plain.flat()])
    return op.read(command('SUNION', ...keys), decode)
  }

  /**
   * Returns the members that are in all of the sets, as a local Set. `SINTER`, or `SMISMEMBER` for plain operands, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.intersection(otherTags)
   */
  intersection(...others: SetOperand<T>[]): Pending<Set<T>> {
    const op = this.context.op('intersection')
    const { keys, plain } = this.#operands(op, others)
    const [first, ...more] = plain
    if (first === undefined) {
      return op.read(command('SINTER', ...keys), found => this.#local(op, found as string[]))
    }
    const sets = more.map(texts => new Set(texts))
    const candidates = first.filter(text => sets.every(set => set.has(text)))
    return this.#membersOfAll(op, keys, candidates, found => this.#local(op, found))
  }

  /**
   * Returns the members that are in none of the others, as a local Set. `SDIFF`, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.difference(['red'])
   */
  difference(...others: SetOperand<T>[]): Pending<Set<T>> {
    const op = this.context.op('difference')
    const { keys, plain } = this.#operands(op, others)
    const gone = new Set(plain.flat())
    const decode = (left: Reply): Set<T> =>
      this.#local(
        op,
        (left as string[]).filter(text => !gone.has(text))
      )
    return op.read(command('SDIFF', ...keys), decode)
  }

  /**
   * Returns the members that are in an odd number of the sets (of two: in one of them only), as a local Set. O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.symmetricDifference(otherTags)
   */
  symmetricDifference(...others: SetOperand<T>[]): Pending<Set<T>> {
    const op = this.context.op('symmetricDifference')
    const { keys, plain } = this.#operands(op, others)
    const [mine = this.context.key, theirs = mine] = keys
    const two = keys.length === 2
    const requests = two
      ? [command('SDIFF', mine, theirs), command('SDIFF', theirs, mine)]
      : keys.map(key => command('SMEMBERS', key))
    const decode = (...found: Reply[]): Set<T> => this.#local(op, oddlyOften([...(found as string[][]), ...plain]))
    return op.read(requests, decode)
  }

  /**
   * Returns whether all its members are in `other`. A script (`SDIFF`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isSubsetOf(allTags)
   */
  isSubsetOf(other: SetOperand<T>): Pending<boolean> {
    const op = this.context.op('isSubsetOf')
    const { keys, plain } = this.#operands(op, [other])
    const [texts] = plain
    if (texts === undefined) return op.read(script(setDifferenceSize, keys), left => left === 0)
    const requests = [command('SCARD', this.context.key), ...areMembers(this.context.key, texts)]
    return op.read(requests, (size, ...found) => found.flat().filter(one => one === 1).length === size)
  }

  /**
   * Returns whether it has all members of `other`. A script (`SDIFF`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isSupersetOf(['red'])
   */
  isSupersetOf(other: SetOperand<T>): Pending<boolean> {
    const op = this.context.op('isSupersetOf')
    const { keys, plain } = this.#operands(op, [other])
    const [texts] = plain
    if (texts === undefined) {
      return op.read(script(setDifferenceSize, [...keys].reverse()), left => left === 0)
    }
    return this.#membersOfAll(op, keys, texts, found => found.length === texts.length)
  }

  /**
   * Returns whether it shares no member with `other`. A script (`SINTER`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isDisjointFrom(['red'])
   */
  isDisjointFrom(other: SetOperand<T>): Pending<boolean> {
    const op = this.context.op('isDisjointFrom')
    const { keys, plain } = this.#operands(op, [other])
    const [texts] = plain
    if (texts === undefined) return op.read(script(setIntersectionSize, keys), shared => shared === 0)
    return this.#membersOfAll(op, keys, texts, found => found.length === 0)
  }

  /**
   * Adds the members of all the others, in place. A script (`SUNIONSTORE`), O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.update(otherTags, ['green'])
   */
  update(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change(this.context.op('update'), 'union', others)
  }

  /**
   * Keeps the members that are in all of the others, in place. A script (`SINTERSTORE`), O(n).
   *
   * @example await tags.intersectionUpdate(otherTags)
   */
  intersectionUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change(this.context.op('intersectionUpdate'), 'intersection', others)
  }

  /**
   * Removes the members of all the others, in place. A script (`SDIFFSTORE`), O(n).
   *
   * @example await tags.differenceUpdate(['red'])
   */
  differenceUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change(this.context.op('differenceUpdate'), 'difference', others)
  }

  /**
   * Keeps what is in an odd number of the sets (of two: in one of them only), in place. A script, O(n).
   *
   * @example await tags.symmetricDifferenceUpdate(otherTags)
   */
  symmetricDifferenceUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change(this.context.op('symmetricDifferenceUpdate'), 'symmetricDifference', others)
  }

  /**
   * Iterates over the members, read in pages during the loop: any size, constant memory. What exists during the whole loop
   * comes once (repeats are recognised among the last 100,000 members). `SSCAN`, O(n) in all.
   *
   * @example for await (const tag of tags.values()) console.log(tag)
   */
  values(): AsyncGenerator<T, void, undefined> {
    return scan(this.context, 'SSCAN', 1, () => {
      const op = this.context.op('values')
      return (texts, at) => op.decodeText(texts[at] as string) as T
    })
  }

  /** The same as `values()`: `for await (const tag of tags)`. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.values()
  }

  #members(op: Op, texts: readonly string[]): T[] {
    const decode = op.decoder<T>()
    return texts.map(text => decode(text) as T)
  }

  #local(op: Op, texts: readonly string[]): Set<T> {
    return new Set(this.#members(op, [...new Set(texts)]))
  }

  /** Separates operands that are handles from plain ones. The set's own key is the first one. */
  #operands(op: Op, others: readonly unknown[]): Operands {
    const keys = [this.context.key]
    const plain: string[][] = []
    for (const other of others) {
      const set = this.#setOf(op, other)
      if (set) keys.push(set.context.key)
      else plain.push([...new Set(Array.from(membersOf(op.operation, other), value => op.plain(value)))])
    }
    return { keys, plain }
  }

  #setOf(op: Op, other: unknown): HotSet<unknown> | undefined {
    const handle = operand(op, other)
    if (!handle || handle instanceof HotSet) return handle as HotSet<unknown> | undefined
    throw new TypeError(`${op.operation}: only a Set handle can be an operand: give await other.toJS()`)
  }

  /** Finds the texts that are members of all sets at `keys`, at one moment. */
  #membersOfAll<R>(op: Op, keys: readonly Key[], texts: readonly string[], decode: (found: string[]) => R): Pending<R> {
    if (texts.length === 0)
      return op.read(
        keys.map(key => command('SCARD', key)),
        () => decode([])
      )
    const requests = keys.map(key => areMembers(key, texts))
    return op.read(requests.flat(), (...replies) => {
      const perKey = keys.map((_, index) =>
        replies.slice(index * chunkCount(texts), (index + 1) * chunkCount(texts)).flat()
      )
      return decode(texts.filter((_, at) => perKey.every(found => found[at] === 1)))
    })
  }

  /** Plain operands are written as sets within one MULTI: no other client sees them. */
  #change(op: Op, how: string, others: readonly unknown[]): Pending<void> {
    const { key } = this.context
    const { keys, plain } = this.#operands(
      op,
      others.map(other => this.#checked(op, other))
    )
    const staging = plain.map((texts, index) => ({ key: stagingKey(key, index), texts }))
    if (keys.length === 1 && staging.length === 0) return op.writeNothing(command('SCARD', key))
    const helper = auxKey(key, 'helper')
    const stagingKeys = staging.map(({ key }) => key)
    const stage = staging.flatMap(({ key, texts }) => commands('SADD', key, texts))
    const change = script(setUpdate, [key, helper, ...keys.slice(1), ...stagingKeys], how)
    const requests = staging.length === 0 ? change : [...stage, change, command('DEL', ...stagingKeys)]
    const unchanged = keys.filter(({ name }) => name !== key.name)
    return op.run(op.writeCommand(requests, undefined, { unchanged }))
  }

  /** Validates the members of a plain operand, which will be stored. */
  #checked(op: Op, other: unknown): unknown {
    if (this.#setOf(op, other)) return other
    const values = Array.from(membersOf(op.operation, other))
    for (const value of values) op.encode(value)
    return values
  }
}

/** The members of a plain operand; those of a Map are its keys, as for the native methods. */
function membersOf(operation: string, other: unknown): Iterable<unknown> {
  if (types.isMap(other)) return other.keys() as Iterable<unknown>
  return iterable(operation, 'an operand', other)
}

const chunkCount = (texts: readonly string[]): number => chunked(texts).length

function areMembers(key: Key, texts: readonly string[]): readonly Request[] {
  return commands('SMISMEMBER', key, texts)
}

function oddlyOften(sets: readonly (readonly string[])[]): string[] {
  const odd = new Set<string>()
  for (const set of sets) for (const text of set) if (!odd.delete(text)) odd.add(text)
  return [...odd]
}

export const set: TypeDefinition<SetFactory> = valueType(HotSet)
