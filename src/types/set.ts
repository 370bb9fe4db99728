import { count, iterable } from '../arguments.js'
import { chunked, script, words, type Reply, type Request } from '../command.js'
import { companion, neverThere } from '../keys.js'
import { replace, setDifferenceSize, setIntersectionSize, setUpdate } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
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
} from './handle.js'
import { scan } from './scan.js'
import type { TypeShape } from './issuer.js'

/** What the set methods take: another handle, a Set, a Map's keys, or anything iterable. */
export type SetOperand<T> = Handle<Set<T>, never> | Iterable<T>

/** Operands sorted out: keys of other handles, and the texts of plain members, a list for each plain operand. */
interface Operands {
  readonly keys: readonly string[]
  readonly plain: readonly (readonly string[])[]
}

/**
 * A set in Redis, used like a Set with the methods of ES2025. Members are told apart by value, objects too. Between handles
 * the work is done in Redis; every method is one atomic step.
 */
export class HotSet<T, Input = T> extends Handle<Set<T>, Iterable<Input>> {
  static readonly shape: TypeShape = { name: 'Set', holds: 'set', indexedBy: 'nothing' };

  /** @internal */
  [readAll](): Request {
    return words('SMEMBERS', this.issue.key)
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
  [writeAll](texts: readonly string[]): readonly Request[] {
    const { key } = this.issue
    const [first = [], ...others] = chunked(texts)
    return [
      script(replace, [key, neverThere(key)], 'SCARD', 'SADD', ...first),
      ...others.map(chunk => words('SADD', key, ...chunk))
    ]
  }

  /**
   * How many members there are. `SCARD`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await tags.size // 2
   */
  get size(): Pending<number> {
    return this.issue.read('size', words('SCARD', this.issue.key), Number)
  }

  /**
   * Adds members and returns how many of them are new. `SADD`, O(1) for each.
   *
   * @throws CodecError when a value can't be stored
   * @example await tags.add('red', 'blue') // 2
   */
  add(...values: Input[]): Pending<number> {
    const texts = values.map(value => this.issue.encode('add', value))
    if (texts.length === 0) return this.issue.write('add', words('SCARD', this.issue.key), () => 0)
    const requests = chunked(texts).map(chunk => words('SADD', this.issue.key, ...chunk))
    return this.issue.write('add', requests, (...added) => added.reduce<number>((sum, n) => sum + Number(n), 0))
  }

  /**
   * Whether `value` is a member. `SISMEMBER`, O(1).
   *
   * @example await tags.has('red') // true
   */
  has(value: Input): Pending<boolean> {
    const request = words('SISMEMBER', this.issue.key, this.issue.encode('has', value))
    return this.issue.read('has', request, found => found === 1)
  }

  /**
   * For each value whether it is a member, all at one moment. `SMISMEMBER`, O(1) for each.
   *
   * @example await tags.hasMany('red', 'green') // [true, false]
   */
  hasMany(...values: Input[]): Pending<boolean[]> {
    const texts = values.map(value => this.issue.encode('hasMany', value))
    if (texts.length === 0) return this.issue.read('hasMany', words('SCARD', this.issue.key), () => [])
    return this.issue.read('hasMany', areMembers(this.issue.key, texts), (...found) =>
      found.flat().map(one => one === 1)
    )
  }

  /**
   * Removes a member and tells whether it was one. `SREM`, O(1).
   *
   * @example await tags.delete('red') // true
   */
  delete(value: Input): Pending<boolean> {
    const request = words('SREM', this.issue.key, this.issue.encode('delete', value))
    return this.issue.write('delete', request, removed => removed === 1)
  }

  /**
   * Takes a random member out and returns it; undefined when there is none. `SPOP`, O(1).
   *
   * @example await tickets.pop()
   */
  pop(): Pending<T | undefined> {
    return this.issue.write('pop', words('SPOP', this.issue.key), this.issue.decoder<T>('pop'))
  }

  /**
   * Up to `n` different members at random; they stay. `SRANDMEMBER`, O(n).
   *
   * @throws RangeError when `n` is negative
   * @example await tickets.sample(3)
   */
  sample(n = 1): Pending<T[]> {
    const most = count(this.issue.operation('sample'), 'the count', n)
    return this.issue.read('sample', words('SRANDMEMBER', this.issue.key, most), reply =>
      this.#members('sample', reply as string[])
    )
  }

  /**
   * The members that are in any of the sets, as a local Set. `SUNION`, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.union(otherTags, ['green'])
   */
  union(...others: SetOperand<T>[]): Pending<Set<T>> {
    const { keys, plain } = this.#operands('union', others)
    const decode = (found: Reply): Set<T> => this.#local('union', [...(found as string[]), ...plain.flat()])
    return this.issue.read('union', words('SUNION', ...keys), decode, { keys })
  }

  /**
   * The members that are in all of the sets, as a local Set. `SINTER`, or `SMISMEMBER` for plain operands, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.intersection(otherTags)
   */
  intersection(...others: SetOperand<T>[]): Pending<Set<T>> {
    const { keys, plain } = this.#operands('intersection', others)
    const [first, ...more] = plain
    if (first === undefined) {
      return this.issue.read(
        'intersection',
        words('SINTER', ...keys),
        found => this.#local('intersection', found as string[]),
        { keys }
      )
    }
    const sets = more.map(texts => new Set(texts))
    const candidates = first.filter(text => sets.every(set => set.has(text)))
    return this.#membersOfAll('intersection', keys, candidates, found => this.#local('intersection', found))
  }

  /**
   * The members that are in none of the others, as a local Set. `SDIFF`, O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.difference(['red'])
   */
  difference(...others: SetOperand<T>[]): Pending<Set<T>> {
    const { keys, plain } = this.#operands('difference', others)
    const gone = new Set(plain.flat())
    const decode = (left: Reply): Set<T> =>
      this.#local(
        'difference',
        (left as string[]).filter(text => !gone.has(text))
      )
    return this.issue.read('difference', words('SDIFF', ...keys), decode, { keys })
  }

  /**
   * The members that are in one of the two sets but not in both (of several: in an odd number of them), as a local Set. O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.symmetricDifference(otherTags)
   */
  symmetricDifference(...others: SetOperand<T>[]): Pending<Set<T>> {
    const { keys, plain } = this.#operands('symmetricDifference', others)
    const [mine = '', theirs = ''] = keys
    const two = keys.length === 2
    const requests = two
      ? [words('SDIFF', mine, theirs), words('SDIFF', theirs, mine)]
      : keys.map(key => words('SMEMBERS', key))
    const decode = (...found: Reply[]): Set<T> =>
      this.#local('symmetricDifference', oddlyOften([...(found as string[][]), ...plain]))
    return this.issue.read('symmetricDifference', requests, decode, { keys })
  }

  /**
   * Whether all its members are in `other`. A script (`SDIFF`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isSubsetOf(allTags)
   */
  isSubsetOf(other: SetOperand<T>): Pending<boolean> {
    const { keys, plain } = this.#operands('isSubsetOf', [other])
    const [texts] = plain
    if (texts === undefined)
      return this.issue.read('isSubsetOf', script(setDifferenceSize, keys), left => left === 0, { keys })
    const requests = [words('SCARD', this.issue.key), ...areMembers(this.issue.key, texts)]
    return this.issue.read(
      'isSubsetOf',
      requests,
      (size, ...found) => found.flat().filter(one => one === 1).length === size
    )
  }

  /**
   * Whether it has all the members of `other`. A script (`SDIFF`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isSupersetOf(['red'])
   */
  isSupersetOf(other: SetOperand<T>): Pending<boolean> {
    const { keys, plain } = this.#operands('isSupersetOf', [other])
    const [texts] = plain
    if (texts === undefined) {
      return this.issue.read('isSupersetOf', script(setDifferenceSize, [...keys].reverse()), left => left === 0, {
        keys
      })
    }
    return this.#membersOfAll('isSupersetOf', keys, texts, found => found.length === texts.length)
  }

  /**
   * Whether it shares no member with `other`. A script (`SINTER`), or `SMISMEMBER`, O(n).
   *
   * @example await tags.isDisjointFrom(['red'])
   */
  isDisjointFrom(other: SetOperand<T>): Pending<boolean> {
    const { keys, plain } = this.#operands('isDisjointFrom', [other])
    const [texts] = plain
    if (texts === undefined)
      return this.issue.read('isDisjointFrom', script(setIntersectionSize, keys), shared => shared === 0, { keys })
    return this.#membersOfAll('isDisjointFrom', keys, texts, found => found.length === 0)
  }

  /**
   * Adds the members of all the others, in place. A script (`SUNIONSTORE`), O(n).
   *
   * @throws TypeError for a handle of another Hot; CrossSlotError on a cluster, for keys in different slots
   * @example await tags.update(otherTags, ['green'])
   */
  update(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change('update', 'union', others)
  }

  /**
   * Keeps the members that are in all of the others, in place. A script (`SINTERSTORE`), O(n).
   *
   * @example await tags.intersectionUpdate(otherTags)
   */
  intersectionUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change('intersectionUpdate', 'intersection', others)
  }

  /**
   * Removes the members of all the others, in place. A script (`SDIFFSTORE`), O(n).
   *
   * @example await tags.differenceUpdate(['red'])
   */
  differenceUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change('differenceUpdate', 'difference', others)
  }

  /**
   * Keeps what is in one of the two but not in both (of several: in an odd number of them), in place. A script, O(n).
   *
   * @example await tags.symmetricDifferenceUpdate(otherTags)
   */
  symmetricDifferenceUpdate(...others: SetOperand<Input>[]): Pending<void> {
    return this.#change('symmetricDifferenceUpdate', 'symmetricDifference', others)
  }

  /**
   * The members, read in pages as the loop goes on: any size, constant memory. What is there during the whole loop comes
   * once (repeats are recognised among the last 100,000 members). `SSCAN`, O(n) in all.
   *
   * @example for await (const tag of tags.values()) console.log(tag)
   */
  async *values(): AsyncGenerator<T, void, undefined> {
    const decode = this.issue.decoder<T>('values')
    for await (const [text] of scan(this.issue, 'SSCAN', 1)) yield decode(text) as T
  }

  /** The same as `values()`: `for await (const tag of tags)`. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.values()
  }

  #members(method: string, texts: readonly string[]): T[] {
    const decode = this.issue.decoder<T>(method)
    return texts.map(text => decode(text) as T)
  }

  #local(method: string, texts: readonly string[]): Set<T> {
    return new Set(this.#members(method, [...new Set(texts)]))
  }

  /** The keys, its own first, and the plain members as texts. */
  #operands(method: string, others: readonly unknown[]): Operands {
    const keys = [this.issue.key]
    const plain: string[][] = []
    for (const other of others) {
      const set = this.#setOf(method, other)
      if (set) keys.push(set.issue.key)
      else
        plain.push([
          ...new Set(
            Array.from(membersOf(this.issue.operation(method), other), value =>
              this.issue.values.plain(this.issue.operation(method), value)
            )
          )
        ])
    }
    return { keys, plain }
  }

  #setOf(method: string, other: unknown): HotSet<unknown> | undefined {
    const handle = operand(this.issue, method, other)
    if (!handle || handle instanceof HotSet) return handle as HotSet<unknown> | undefined
    throw new TypeError(`${this.issue.operation(method)}: only a Set handle can be an operand: give await other.toJS()`)
  }

  /** Which of the texts are members of all the sets at `keys`, all asked at one moment. */
  #membersOfAll<R>(
    method: string,
    keys: readonly string[],
    texts: readonly string[],
    decode: (found: string[]) => R
  ): Pending<R> {
    if (texts.length === 0) return this.issue.read(method, words('SCARD', this.issue.key), () => decode([]), { keys })
    const requests = keys.map(key => areMembers(key, texts))
    return this.issue.read(
      method,
      requests.flat(),
      (...replies) => {
        const perKey = keys.map((_, index) =>
          replies.slice(index * chunkCount(texts), (index + 1) * chunkCount(texts)).flat()
        )
        return decode(texts.filter((_, at) => perKey.every(found => found[at] === 1)))
      },
      { keys }
    )
  }

  /** Plain operands become sets in Redis for the time of one MULTI: never seen, never left. */
  #change(method: string, how: string, others: readonly unknown[]): Pending<void> {
    const { key } = this.issue
    const { keys, plain } = this.#operands(
      method,
      others.map(other => this.#checked(method, other))
    )
    const staged = plain.map((texts, index) => ({ key: companion(key, `staged:${index}`), texts }))
    if (keys.length === 1 && staged.length === 0) return this.issue.write(method, words('SCARD', key))
    const helper = companion(key, 'helper')
    const stage = staged.flatMap(({ key, texts }) => chunked(texts).map(chunk => words('SADD', key, ...chunk)))
    const others_ = [...keys.slice(1), ...staged.map(({ key }) => key)]
    const change = script(setUpdate, [key, helper, ...others_], how)
    const requests = staged.length === 0 ? change : [...stage, change, words('DEL', ...staged.map(({ key }) => key))]
    return this.issue.write(method, requests, undefined, { keys })
  }

  /** What is to be stored passes the schema first. */
  #checked(method: string, other: unknown): unknown {
    if (this.#setOf(method, other)) return other
    const values = Array.from(membersOf(this.issue.operation(method), other))
    for (const value of values) this.issue.encode(method, value)
    return values
  }
}

/** The members of a plain operand; of a Map, as for the native methods, its keys. */
function membersOf(operation: string, other: unknown): Iterable<unknown> {
  if (other instanceof Map) return other.keys() as Iterable<unknown>
  return iterable(operation, 'an operand', other)
}

const chunkCount = (texts: readonly string[]): number => chunked(texts).length

function areMembers(key: string, texts: readonly string[]): readonly Request[] {
  if (texts.length === 0) return []
  return chunked(texts).map(chunk => words('SMISMEMBER', key, ...chunk))
}

function oddlyOften(sets: readonly (readonly string[])[]): string[] {
  const odd = new Set<string>()
  for (const set of sets) for (const text of set) if (!odd.delete(text)) odd.add(text)
  return [...odd]
}
