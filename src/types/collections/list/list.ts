import { iterable } from '../../../core/arguments.js'
import { VALUES_PER_REQUEST, command, commands, script, type Reply, type Request } from '../../../core/command.js'
import { auxKey, stagingKey, type Key } from '../../../core/keys.js'
import { paged, type Page } from '../../../core/paging.js'
import type { Pending } from '../../../core/pending.js'
import { valueType, type TypeDefinition } from '../../../handles/define-type.js'
import type { JsonValue, Positions, SchemaOptions, TypedOptions } from '../../../handles/factory-options.js'
import {
  Handle,
  fromPlain,
  fromReply,
  operand,
  readAll,
  writeAll,
  type Each,
  type ToText
} from '../../../handles/handle.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import { listCount, listPop, listRepeat, listReverse, listSort, listSplice } from '../../../scripts.generated.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../../values/schema.js'

/** A list of `T` in Redis; `Input` are the values accepted for items, where a schema converts them. */
export type HotList<T, Input = T> = List<T, Input> & Positions<T, Input>

export interface ListFactory {
  /**
   * A list: like an Array. See {@link HotList}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const todo = hot.list<string>('todo', { initial: ['a', 'b'] })
   */
  <S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>>
  ): HotList<SchemaOutput<S>, SchemaInput<S>>
  <T = JsonValue>(key?: string, options?: TypedOptions<T, Iterable<T>>): HotList<T>
}

/** No list is longer. Newer servers cut the index of LSET to 32 bits, and would set another item. */
const FARTHEST = 2 ** 31 - 1

const last = (...lengths: Reply[]): number => Number(lengths.at(-1))

/**
 * A list in Redis, used like an Array: `await todo[0]`, `todo[0] = 'A'`, `delete todo[1]`, `for await (const item of todo)`.
 * Negative positions count from the end. Every method is one atomic step, at any length.
 */
class List<T, Input = T> extends Handle<T[], Iterable<Input>> {
  static readonly descriptor: TypeDescriptor = { name: 'List', redisType: 'list', indexedBy: 'position' };

  /** @internal */
  [readAll](): Request {
    return command('LRANGE', this.context.key, 0, -1)
  }

  /** @internal */
  [fromReply]<V>(reply: Reply, each: Each<V>): V[] {
    return (reply as string[]).map(text => each(text))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown, encode: ToText): string[] {
    return Array.from(iterable(operation, 'the value', value), item => encode(item))
  }

  /** @internal Appends the new items, then trims the old ones: the list is never empty, and keeps its time to live. */
  [writeAll](texts: readonly string[], key: Key): readonly Request[] {
    if (texts.length === 0) return [command('LTRIM', key, 1, 0)]
    return [...commands('RPUSH', key, texts), command('LTRIM', key, -texts.length, -1)]
  }

  /**
   * The number of items; assigning truncates the list. `LLEN`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await todo.length // 3
   * @example todo.length = 0
   */
  get length(): Pending<number> {
    return this.context.op('length').read(command('LLEN', this.context.key), Number)
  }

  set length(length: number) {
    this.context.dispatcher.assign(this, 'truncate', length)
  }

  /**
   * Returns the item at a position, or undefined. `await todo[0]` is the same. `LINDEX`, O(n) toward the middle.
   *
   * @throws TypeError when the index is not a whole number
   * @example await todo.at(-1) // the last one
   */
  at(index: number): Pending<T | undefined> {
    const op = this.context.op('at')
    const at = op.integer('the index', index)
    return op.readValue<T>(command('LINDEX', this.context.key, at))
  }

  /**
   * Replaces the item at a position; `todo[0] = value` that can be awaited. `LSET`, O(n) toward the middle.
   *
   * @throws IndexError when there is no such item
   * @example await todo.set(0, 'A')
   */
  set(index: number, value: Input): Pending<void> {
    const op = this.context.op('set')
    const at = op.integer('the index', index)
    const within = Math.min(Math.max(at, -FARTHEST), FARTHEST)
    return op.writeOrFail(command('LSET', this.context.key, within, op.encode(value)))
  }

  /**
   * Appends items and returns the new length. `RPUSH`, O(1) per item.
   *
   * @throws CodecError when a value can't be stored
   * @example await todo.push('a', 'b') // 2
   */
  push(...values: Input[]): Pending<number> {
    const op = this.context.op('push')
    if (values.length === 0) return this.#append(op, [])
    return op.write(op.commandWith('RPUSH', values), last)
  }

  /**
   * Appends the items of an iterable and returns the new length. `RPUSH`, O(1) per item.
   *
   * @throws TypeError when it is not iterable; CodecError when a value can't be stored
   * @example await todo.extend(['a', 'b']) // 2
   */
  extend(values: Iterable<Input>): Pending<number> {
    const op = this.context.op('extend')
    return this.#append(op, op.encodeAll(iterable(op.operation, 'the argument', values)))
  }

  /**
   * Removes an item, the last one by default, and returns it, or undefined. `RPOP` or `LPOP` at the ends, O(1); elsewhere a
   * script, O(n).
   *
   * @throws TypeError when the index is not a whole number
   * @example await todo.pop() // the last
   * @example await todo.pop(1) // the second
   */
  pop(index = -1): Pending<T | undefined> {
    const op = this.context.op('pop')
    const { key } = this.context
    const at = op.integer('the index', index)
    const atEnd = at === 0 ? 'LPOP' : 'RPOP'
    const request = at === 0 || at === -1 ? command(atEnd, key) : script(listPop, [key], at)
    return op.write(request, op.decoder<T>())
  }

  /**
   * Removes the first item and returns it, or undefined. `LPOP`, O(1).
   *
   * @example await todo.shift()
   */
  shift(): Pending<T | undefined> {
    const op = this.context.op('shift')
    return op.write(command('LPOP', this.context.key), op.decoder<T>())
  }

  /**
   * Inserts items at the front, in the given order, and returns the new length. `LPUSH`, O(1) per item.
   *
   * @throws CodecError when a value can't be stored
   * @example await todo.unshift('first', 'second')
   */
  unshift(...values: Input[]): Pending<number> {
    const op = this.context.op('unshift')
    const { key } = this.context
    const texts = op.encodeAll(values).reverse()
    return texts.length === 0
      ? op.writeNothing(command('LLEN', key), Number)
      : op.write(commands('LPUSH', key, texts), last)
  }

  /**
   * Inserts an item before a position; positions past an end mean that end. A script, O(n).
   *
   * @throws TypeError when the index is not a whole number; CodecError when the value can't be stored
   * @example await todo.insert(1, 'in between')
   */
  insert(index: number, value: Input): Pending<void> {
    const op = this.context.op('insert')
    const at = op.integer('the index', index)
    return op.write(script(listSplice, [this.context.key], at, 0, op.encode(value)))
  }

  /**
   * Removes the first `limit` items equal to `value` (the last ones if negative, all if 0) and returns how many were removed.
   * `LREM`, O(n).
   *
   * @example await todo.remove('a') // 1
   */
  remove(value: Input, limit = 1): Pending<number> {
    const op = this.context.op('remove')
    const most = op.integer('the count', limit)
    return op.write(command('LREM', this.context.key, most, op.encode(value)), Number)
  }

  /**
   * Returns the items from `start` up to, but not including, `end`, as Array.slice does. `LRANGE`, O(n).
   *
   * @example await todo.slice(0, 10)
   */
  slice(start = 0, end = Infinity): Pending<T[]> {
    const op = this.context.op('slice')
    const from = op.position('start', start)
    const to = op.position('end', end)
    // LRANGE includes the last position, so an empty range needs a form of its own.
    const range = to === 0 ? [1, 0] : [from, end === Infinity ? -1 : to - 1]
    return op.read(command('LRANGE', this.context.key, ...range), op.arrayDecoder<T>())
  }

  /**
   * Removes `deleteCount` items from `start` on, inserts others there and returns those removed, as Array.splice does.
   * A script, O(n).
   *
   * @throws RangeError when a count or position is not whole; CodecError when a value can't be stored
   * @example await todo.splice(1, 2, 'x') // ['b', 'c']
   */
  splice(start: number, ...rest: [deleteCount?: number, ...values: Input[]]): Pending<T[]> {
    const op = this.context.op('splice')
    // Array.splice removes all items if the count is missing, and none if it is undefined.
    const [deleteCount = rest.length === 0 ? Infinity : 0, ...values] = rest
    const { key } = this.context
    const from = op.position('start', start)
    const most = Math.max(0, op.position('deleteCount', deleteCount))
    const texts = op.encodeAll(values)
    const removed = op.arrayDecoder<T>()
    if (texts.length <= VALUES_PER_REQUEST) {
      return op.write(script(listSplice, [key], from, most, ...texts), removed)
    }
    const staging = stagingKey(key)
    const requests = [...commands('RPUSH', staging, texts), script(listSplice, [key, staging], from, most)]
    return op.write(requests, (...replies) => removed(replies.at(-1) ?? []))
  }

  /**
   * Returns the position of the first item equal to `value`, or -1; searched in Redis. `LPOS`, O(n).
   *
   * @example await todo.indexOf('b') // 1
   */
  indexOf(value: Input): Pending<number> {
    return this.#position(this.context.op('indexOf'), value, 1)
  }

  /**
   * Returns the position of the last item equal to `value`, or -1; searched in Redis. `LPOS`, O(n).
   *
   * @example await todo.lastIndexOf('b')
   */
  lastIndexOf(value: Input): Pending<number> {
    return this.#position(this.context.op('lastIndexOf'), value, -1)
  }

  /**
   * Returns whether an item equals `value`; searched in Redis. `LPOS`, O(n).
   *
   * @example await todo.includes('b') // true
   */
  includes(value: Input): Pending<boolean> {
    const op = this.context.op('includes')
    const request = command('LPOS', this.context.key, op.encode(value))
    return op.read(request, found => found !== null)
  }

  /**
   * Returns how many items equal `value`; counted in Redis. A script (`LPOS`), O(n).
   *
   * @example await todo.count('b') // 1
   */
  count(value: Input): Pending<number> {
    const op = this.context.op('count')
    return op.read(script(listCount, [this.context.key], op.encode(value)), Number)
  }

  /**
   * Reverses the list in place. A script, O(n).
   *
   * @example await todo.reverse()
   */
  reverse(): Pending<void> {
    return this.context.op('reverse').write(script(listReverse, [this.context.key]))
  }

  /**
   * Sorts the list in place: numbers by value, then strings by UTF-16 code unit, then other values by their JSON. With a
   * custom codec, items are sorted by their stored text. A script, O(n log n).
   *
   * @example await scores.sort({ reverse: true })
   */
  sort(order: { readonly reverse?: boolean } = {}): Pending<void> {
    const op = this.context.op('sort')
    const { key, values } = this.context
    const { reverse } = op.options(order, ['reverse'])
    return op.write(script(listSort, [key, auxKey(key, 'sorting')], values.sortsAs, reverse ? 'DESC' : 'ASC'))
  }

  /**
   * Returns a local array of these items and those of arrays, other lists and single values, read in one step. O(n).
   *
   * @throws CrossSlotError on a cluster, when another list's key lives in another slot
   * @example await todo.concat(['x'], otherList, 'y')
   */
  concat(...others: readonly (T | readonly T[] | List<T, Input>)[]): Pending<T[]> {
    const op = this.context.op('concat')
    const parts = others.map(other => this.#concatenated(op, other))
    const lists = [this, ...parts.filter(part => part instanceof List)] as List<T, Input>[]
    const requests = lists.map(list => list[readAll]())
    return op.read(requests, (mine, ...replies) =>
      // Array.concat itself spreads arrays and appends single values.
      op
        .arrayDecoder<T>()(mine)
        .concat(
          ...parts.map(part =>
            part instanceof List
              ? (part as List<T, Input>).context.op('concat').arrayDecoder<T>()(replies.shift())
              : (part as T | T[])
          )
        )
    )
  }

  /**
   * Repeats the contents of the list `times` times, in place; 0 empties it. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 2^32 - 1 items
   * @example await todo.repeat(2)
   */
  repeat(times: number): Pending<void> {
    const op = this.context.op('repeat')
    const { key } = this.context
    const copies = op.count('the count', times)
    return op.write(copies === 0 ? command('LTRIM', key, 1, 0) : script(listRepeat, [key], copies))
  }

  /**
   * Keeps at most the first `length` items; `todo.length = n` that can be awaited. `LTRIM`, O(n) in the removed items.
   *
   * @throws RangeError when `length` is negative
   * @example await todo.truncate(100)
   */
  truncate(length: number): Pending<void> {
    const op = this.context.op('truncate')
    const keep = op.count('the length', length)
    return op.write(command('LTRIM', this.context.key, ...(keep === 0 ? [1, 0] : [0, keep - 1])))
  }

  /**
   * Iterates over positions and items, read in pages during the loop: any length, constant memory. `LRANGE`, O(n) in all.
   *
   * @example for await (const [index, item] of todo.entries()) console.log(index, item)
   */
  entries(): AsyncGenerator<[number, T], void, undefined> {
    let index = 0
    return this.#iterate<[number, T]>(item => [index++, item])
  }

  /**
   * Iterates over the items, read in pages during the loop: any length, constant memory. `LRANGE`, O(n) in all.
   *
   * @example for await (const item of todo) console.log(item)
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.#iterate<T>(item => item)
  }

  /** Reads pages until one is empty. As for an Array, items appended during the loop are part of it. */
  #iterate<E>(entry: (item: T) => E): AsyncGenerator<E, void, undefined> {
    return paged(() => {
      const op = this.context.op('entries')
      return {
        start: 0,
        fetch: (from, size) => this.#page(op, from, size),
        width: 1,
        item: (texts, at) => entry(op.decodeText(texts[at] as string) as T)
      }
    })
  }

  #page(op: Op, from: number, size: number): Promise<Page<number>> {
    return op.read(command('LRANGE', this.context.key, from, from + size - 1), reply => {
      const items = reply as string[]
      const next = items.length === 0 ? undefined : from + items.length
      return { items, next, open: items.length < size }
    })
  }

  #concatenated(op: Op, other: unknown): unknown {
    const handle = operand(op, other)
    if (!handle || handle instanceof List) return handle ?? other
    throw new TypeError(`${op.operation}: only a List handle can be an operand: give await other.toJS()`)
  }

  #position(op: Op, value: Input, rank: number): Pending<number> {
    const request = command('LPOS', this.context.key, op.encode(value), 'RANK', rank)
    return op.read(request, found => (found === null ? -1 : Number(found)))
  }

  #append(op: Op, texts: readonly string[]): Pending<number> {
    if (texts.length === 0) return op.writeNothing(command('LLEN', this.context.key), Number)
    return op.write(commands('RPUSH', this.context.key, texts), last)
  }
}

export const list: TypeDefinition<ListFactory> = valueType(List)
