import { count, integer, iterable, options, position } from '../arguments.js'
import { VALUES_PER_REQUEST, chunked, script, words, type Reply, type Request } from '../command.js'
import { companion } from '../keys.js'
import {
  listCount,
  listInsert,
  listPop,
  listRepeat,
  listReverse,
  listSort,
  listSplice
} from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { Handle, fromPlain, fromReply, operand, readAll, writeAll, type Each, type ToText } from './handle.js'
import type { TypeShape } from './issuer.js'
import { pages } from './stream.js'

/** No list is so long. Of an index beyond that the LSET of newer servers takes 32 bits, and so some other item. */
const FARTHEST = 2 ** 31 - 1

const last = (...lengths: Reply[]): number => Number(lengths.at(-1))

/**
 * A list in Redis, used like an Array: `await todo[0]`, `todo[0] = 'A'`, `delete todo[1]`, `for await (const item of todo)`.
 * Negative positions count from the end. Every method is one atomic step, at any length.
 */
export class List<T, Input = T> extends Handle<T[], Iterable<Input>> {
  static readonly shape: TypeShape = { name: 'List', holds: 'list', indexedBy: 'position' };

  /** @internal */
  [readAll](): Request {
    return words('LRANGE', this.issue.key, 0, -1)
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): V[] {
    return (reply as string[]).map(text => each(text))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): string[] {
    return Array.from(iterable(operation, 'the value', value), item => encode(item))
  }

  /** @internal New items first, then the old ones are cut off: the list is never empty, and keeps its time to live. */
  [writeAll](texts: readonly string[]): readonly Request[] {
    const { key } = this.issue
    if (texts.length === 0) return [words('LTRIM', key, 1, 0)]
    return [...this.#push('RPUSH', texts), words('LTRIM', key, -texts.length, -1)]
  }

  /**
   * How many items there are; assigning cuts the list to that length. `LLEN`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await todo.length // 3
   * @example todo.length = 0
   */
  get length(): Pending<number> {
    return this.issue.read('length', words('LLEN', this.issue.key), Number)
  }

  set length(length: number) {
    this.issue.assign(this.truncate(length))
  }

  /**
   * The item at a position, undefined when there is none: `await todo[0]` is the same. `LINDEX`, O(n) toward the middle.
   *
   * @throws TypeError when the index is not a whole number
   * @example await todo.at(-1) // the last one
   */
  at(index: number): Pending<T | undefined> {
    const at = integer(this.issue.operation('at'), 'the index', index)
    return this.issue.read('at', words('LINDEX', this.issue.key, at), this.issue.decoder<T>('at'))
  }

  /**
   * Replaces the item at a position: `todo[0] = value`, awaited. `LSET`, O(n) toward the middle.
   *
   * @throws IndexError when there is no such item
   * @example await todo.set(0, 'A')
   */
  set(index: number, value: Input): Pending<void> {
    const at = integer(this.issue.operation('set'), 'the index', index)
    const within = Math.min(Math.max(at, -FARTHEST), FARTHEST)
    return this.issue.write('set', words('LSET', this.issue.key, within, this.issue.encode('set', value)))
  }

  /**
   * Appends items and returns the new length. `RPUSH`, O(1) for each.
   *
   * @throws CodecError when a value can't be stored
   * @example await todo.push('a', 'b') // 2
   */
  push(...values: Input[]): Pending<number> {
    return this.#append(
      'push',
      values.map(value => this.issue.encode('push', value))
    )
  }

  /**
   * Appends what an iterable gives, however much, and returns the new length. `RPUSH`, O(1) for each.
   *
   * @throws TypeError when it is not iterable; CodecError when a value can't be stored
   * @example await todo.extend(['a', 'b']) // 2
   */
  extend(values: Iterable<Input>): Pending<number> {
    const items = iterable<Input>(this.issue.operation('extend'), 'the argument', values)
    return this.#append(
      'extend',
      Array.from(items, value => this.issue.encode('extend', value))
    )
  }

  /**
   * Takes an item out and returns it, the last one unless a position is given; undefined when there is none. `RPOP`,
   * `LPOP` at the ends, O(1); elsewhere a script, O(n).
   *
   * @throws TypeError when the index is not a whole number
   * @example await todo.pop() // the last
   * @example await todo.pop(1) // the second
   */
  pop(index = -1): Pending<T | undefined> {
    const { key } = this.issue
    const at = integer(this.issue.operation('pop'), 'the index', index)
    const atEnd = at === 0 ? 'LPOP' : 'RPOP'
    const request = at === 0 || at === -1 ? words(atEnd, key) : script(listPop, [key], at)
    return this.issue.write('pop', request, this.issue.decoder<T>('pop'))
  }

  /**
   * Takes the first item out and returns it; undefined when there is none. `LPOP`, O(1).
   *
   * @example await todo.shift()
   */
  shift(): Pending<T | undefined> {
    return this.issue.write('shift', words('LPOP', this.issue.key), this.issue.decoder<T>('shift'))
  }

  /**
   * Puts items in front, in the order given, and returns the new length. `LPUSH`, O(1) for each.
   *
   * @throws CodecError when a value can't be stored
   * @example await todo.unshift('first', 'second')
   */
  unshift(...values: Input[]): Pending<number> {
    const texts = values.map(value => this.issue.encode('unshift', value))
    if (texts.length === 0) return this.issue.write('unshift', words('LLEN', this.issue.key), Number)
    return this.issue.write('unshift', this.#push('LPUSH', texts.reverse()), last)
  }

  /**
   * Inserts an item before a position; a position past either end means that end. A script, O(n).
   *
   * @throws TypeError when the index is not a whole number; CodecError when the value can't be stored
   * @example await todo.insert(1, 'in between')
   */
  insert(index: number, value: Input): Pending<void> {
    const at = integer(this.issue.operation('insert'), 'the index', index)
    return this.issue.write('insert', script(listInsert, [this.issue.key], at, this.issue.encode('insert', value)))
  }

  /**
   * Removes items equal to `value`, the first `limit` of them (the last, if negative; all, if 0), and returns how many.
   * `LREM`, O(n).
   *
   * @example await todo.remove('a') // 1
   */
  remove(value: Input, limit = 1): Pending<number> {
    const most = integer(this.issue.operation('remove'), 'the count', limit)
    return this.issue.write('remove', words('LREM', this.issue.key, most, this.issue.encode('remove', value)), Number)
  }

  /**
   * The items from `start` up to, not including, `end`, as Array.slice has it. `LRANGE`, O(n).
   *
   * @example await todo.slice(0, 10)
   */
  slice(start = 0, end = Infinity): Pending<T[]> {
    const operation = this.issue.operation('slice')
    const from = position(operation, 'start', start)
    const to = position(operation, 'end', end)
    // LRANGE counts the last one in, and has no way to say "up to nothing".
    const range = to === 0 ? [1, 0] : [from, end === Infinity ? -1 : to - 1]
    return this.issue.read('slice', words('LRANGE', this.issue.key, ...range), this.#items('slice'))
  }

  /**
   * Removes `deleteCount` items from `start` on, inserts others there and returns the removed ones, as Array.splice does.
   * A script, O(n).
   *
   * @throws RangeError when a count or position is not whole; CodecError when a value can't be stored
   * @example await todo.splice(1, 2, 'x') // ['b', 'c']
   */
  splice(start: number, ...rest: [deleteCount?: number, ...values: Input[]]): Pending<T[]> {
    // Array.splice takes a missing count for all there is, and undefined for none.
    const [deleteCount = rest.length === 0 ? Infinity : 0, ...values] = rest
    const { key } = this.issue
    const operation = this.issue.operation('splice')
    const from = position(operation, 'start', start)
    const most = Math.max(0, position(operation, 'deleteCount', deleteCount))
    const texts = values.map(value => this.issue.encode('splice', value))
    const removed = this.#items('splice')
    if (texts.length <= VALUES_PER_REQUEST) {
      return this.issue.write('splice', script(listSplice, [key], from, most, ...texts), removed)
    }
    const staged = companion(key, 'staged')
    const stage = chunked(texts).map(chunk => words('RPUSH', staged, ...chunk))
    const requests = [words('DEL', staged), ...stage, script(listSplice, [key, staged], from, most)]
    return this.issue.write('splice', requests, (...replies) => removed(replies.at(-1) ?? []))
  }

  /**
   * The position of the first item equal to `value`, -1 when there is none; found in Redis. `LPOS`, O(n).
   *
   * @example await todo.indexOf('b') // 1
   */
  indexOf(value: Input): Pending<number> {
    return this.#position('indexOf', value, 1)
  }

  /**
   * The position of the last item equal to `value`, -1 when there is none; found in Redis. `LPOS`, O(n).
   *
   * @example await todo.lastIndexOf('b')
   */
  lastIndexOf(value: Input): Pending<number> {
    return this.#position('lastIndexOf', value, -1)
  }

  /**
   * Whether an item equals `value`; found in Redis. `LPOS`, O(n).
   *
   * @example await todo.includes('b') // true
   */
  includes(value: Input): Pending<boolean> {
    const request = words('LPOS', this.issue.key, this.issue.encode('includes', value))
    return this.issue.read('includes', request, found => found !== null)
  }

  /**
   * How many items equal `value`; counted in Redis. A script (`LPOS`), O(n).
   *
   * @example await todo.count('b') // 1
   */
  count(value: Input): Pending<number> {
    return this.issue.read('count', script(listCount, [this.issue.key], this.issue.encode('count', value)), Number)
  }

  /**
   * Reverses the list in place. A script, O(n).
   *
   * @example await todo.reverse()
   */
  reverse(): Pending<void> {
    return this.issue.write('reverse', script(listReverse, [this.issue.key]))
  }

  /**
   * Sorts the list in place: numbers by value, then strings by UTF-16 code unit, then everything else by its JSON. With a
   * codec of your own items are sorted by their stored text. A script, O(n log n).
   *
   * @example await scores.sort({ reverse: true })
   */
  sort(order: { readonly reverse?: boolean } = {}): Pending<void> {
    const { key, values } = this.issue
    const { reverse } = options(this.issue.operation('sort'), order, ['reverse'])
    const request = script(listSort, [key, companion(key, 'sorting')], values.sortsAs, reverse ? 'DESC' : 'ASC')
    return this.issue.write('sort', request)
  }

  /**
   * A local array: these items and then those of arrays and other lists, and single values, read in one step. O(n).
   *
   * @throws CrossSlotError on a cluster, when another list's key lives in another slot
   * @example await todo.concat(['x'], otherList, 'y')
   */
  concat(...others: readonly (T | readonly T[] | List<T, Input>)[]): Pending<T[]> {
    const parts = others.map(other => this.#concatenated(other))
    const lists = [this, ...parts.filter(part => part instanceof List)] as List<T, Input>[]
    const keys = lists.map(list => list.issue.key)
    const requests = lists.map(list => list[readAll]())
    return this.issue.read(
      'concat',
      requests,
      (mine, ...replies) =>
        // Array's own concat, for it is what the result should be: arrays are taken apart, single values appended.
        this.#items('concat')(mine).concat(
          ...parts.map(part =>
            part instanceof List ? (part as List<T, Input>).#items('concat')(replies.shift()) : (part as T | T[])
          )
        ),
      { keys }
    )
  }

  /**
   * Makes the list its own contents `times` times over, in place; 0 empties it. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 2^32 - 1 items
   * @example await todo.repeat(2)
   */
  repeat(times: number): Pending<void> {
    const { key } = this.issue
    const copies = count(this.issue.operation('repeat'), 'the count', times)
    return this.issue.write('repeat', copies === 0 ? words('LTRIM', key, 1, 0) : script(listRepeat, [key], copies))
  }

  /**
   * Keeps the first `length` items at most: `todo.length = n`, awaited. `LTRIM`, O(n) in what goes.
   *
   * @throws RangeError when `length` is negative
   * @example await todo.truncate(100)
   */
  truncate(length: number): Pending<void> {
    const keep = count(this.issue.operation('truncate'), 'the length', length)
    return this.issue.write('truncate', words('LTRIM', this.issue.key, ...(keep === 0 ? [1, 0] : [0, keep - 1])))
  }

  /**
   * Positions and items, read in pages as the loop goes on: any length, constant memory. `LRANGE`, O(n) in all.
   *
   * @example for await (const [index, item] of todo.entries()) console.log(index, item)
   */
  async *entries(): AsyncGenerator<[number, T], void, undefined> {
    const decode = this.issue.decoder<T>('entries')
    let index = 0
    for await (const items of this.#pages()) for (const item of items) yield [index++, decode(item) as T]
  }

  /**
   * The items, read in pages as the loop goes on: any length, constant memory. `LRANGE`, O(n) in all.
   *
   * @example for await (const item of todo) console.log(item)
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const decode = this.issue.decoder<T>('entries')
    for await (const items of this.#pages()) for (const item of items) yield decode(item) as T
  }

  /** Pages of items until one is empty: as for an Array, what is appended during the loop belongs to it. */
  async *#pages(): AsyncGenerator<readonly string[], void, undefined> {
    let index = 0
    for (let more = true; more;) {
      more = false
      for await (const { items } of pages(index, (from, size) => this.#page(from, size))) {
        index += items.length
        more = items.length > 0
        yield items
      }
    }
  }

  async #page(from: number, size: number): Promise<{ items: string[]; next: number | undefined }> {
    const items = await this.issue.read(
      'entries',
      words('LRANGE', this.issue.key, from, from + size - 1),
      reply => reply as string[]
    )
    return { items, next: items.length === size ? from + size : undefined }
  }

  #concatenated(other: unknown): unknown {
    const handle = operand(this.issue, 'concat', other)
    if (!handle || handle instanceof List) return handle ?? other
    throw new TypeError(
      `${this.issue.operation('concat')}: only a List handle can be an operand: give await other.toJS()`
    )
  }

  #items(method: string): (reply: Reply | undefined) => T[] {
    const decode = this.issue.decoder<T>(method)
    return reply => (reply as string[]).map(text => decode(text) as T)
  }

  #position(method: string, value: Input, rank: number): Pending<number> {
    const request = words('LPOS', this.issue.key, this.issue.encode(method, value), 'RANK', rank)
    return this.issue.read(method, request, found => (found === null ? -1 : Number(found)))
  }

  #append(method: string, texts: readonly string[]): Pending<number> {
    if (texts.length === 0) return this.issue.write(method, words('LLEN', this.issue.key), Number)
    return this.issue.write(method, this.#push('RPUSH', texts), last)
  }

  #push(command: 'RPUSH' | 'LPUSH', texts: readonly string[]): readonly Request[] {
    return chunked(texts).map(chunk => words(command, this.issue.key, ...chunk))
  }
}
