import { types } from 'node:util'
import { integer, text } from '../../../core/arguments.js'
import { chunked, command, commands, isOne, script, type Reply, type Request } from '../../../core/command.js'
import { codecs } from '../../../values/codec.js'
import { CodecError, OverflowError } from '../../../core/errors.js'
import { slotGuardKey, stagingKey, type Key } from '../../../core/keys.js'
import { dictIncrement, multiSetUpdate, replace } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import {
  Handle,
  asComparable,
  asPlain,
  fromPlain,
  fromReply,
  operand,
  readAll,
  writeAll
} from '../../../handles/handle.js'
import { plainType, type TypeDefinition } from '../../../handles/define-type.js'
import type { PlainOptions } from '../../../handles/factory-options.js'
import { scan } from '../scan.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'

/** Whole counts by item in Redis. */
export type HotMultiSet = MultiSet & { [item: string]: number | Pending<number> }

/**
 * A multiset: whole counts by item. See {@link HotMultiSet}.
 *
 * @throws TypeError when the key is empty or not a string
 * @example const words = hot.multiSet('words', { initial: ['apple', 'pear', 'apple'] })
 */
export type MultiSetFactory = (key?: string, options?: PlainOptions<Counts>) => HotMultiSet

/** A source of counts: another handle, a Map or record of counts, or an iterable, of which each item counts once. */
type Counts = MultiSet | ReadonlyMap<string, number> | Readonly<Record<string, number>> | Iterable<string>

type Combine = (mine: number, theirs: number) => number

/**
 * A multiset in Redis: whole counts by item, used like Python's Counter: `await words.apple` is 0 when missing,
 * `words.apple = 3`. Counts may be zero or negative; the methods that combine two multisets keep counts above zero only.
 * Every method is one atomic step.
 */
class MultiSet extends Handle<Map<string, number>, Counts> {
  static readonly descriptor: TypeDescriptor = { name: 'MultiSet', redisType: 'hash', indexedBy: 'field' };

  /** @internal */
  [readAll](): Request {
    return command('HGETALL', this.context.key)
  }

  /** @internal */
  [fromReply](reply: Reply): Record<string, number> {
    return Object.fromEntries(this.#counts(this.context.op('toJS'), reply))
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown): Record<string, number> {
    return Object.fromEntries(this.#local(operation, value))
  }

  /** @internal */
  override [asComparable](counts: unknown): unknown {
    return Object.fromEntries(Object.entries(counts as Record<string, number>).filter(([, number]) => number !== 0))
  }

  /** @internal */
  override [asPlain](values: unknown): Map<string, number> {
    return new Map(Object.entries(values as Record<string, number>))
  }

  /** @internal */
  [writeAll](counts: unknown, key: Key): readonly Request[] {
    const [first = [], ...others] = chunked(
      Object.entries(counts as Record<string, number>)
        .flat()
        .map(String)
    )
    return [
      script(replace, [key, slotGuardKey(key)], 'HLEN', 'HSET', ...first),
      ...others.map(chunk => command('HSET', key, ...chunk))
    ]
  }

  /**
   * The number of different items. `HLEN`, O(1).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await words.size
   */
  get size(): Pending<number> {
    return this.context.op('size').read(command('HLEN', this.context.key), Number)
  }

  /**
   * Returns the count of an item, 0 when it is missing. `await words.apple` is the same. `HGET`, O(1).
   *
   * @throws CodecError when what is stored is not a count
   * @example await words.get('apple') // 3
   */
  get(item: string): Pending<number> {
    const op = this.context.op('get')
    const name = this.#item(op, item)
    return op.read(command('HGET', this.context.key, name), stored => this.#count(op, name, stored))
  }

  /**
   * Sets the count of an item; `words.apple = 3` that can be awaited. `HSET`, O(1).
   *
   * @throws TypeError or RangeError when the count is not a safe integer
   * @example await words.set('apple', 3)
   */
  set(item: string, to: number): Pending<void> {
    const op = this.context.op('set')
    const number = op.integer('the count', to)
    return op.write(command('HSET', this.context.key, this.#item(op, item), number))
  }

  /**
   * Returns whether an item exists, whatever its count. `HEXISTS`, O(1).
   *
   * @example await words.has('apple') // true
   */
  has(item: string): Pending<boolean> {
    const op = this.context.op('has')
    return op.read(command('HEXISTS', this.context.key, this.#item(op, item)), isOne)
  }

  /**
   * Removes an item and returns whether it existed. `HDEL`, O(1).
   *
   * @example await words.delete('apple') // true
   */
  delete(item: string): Pending<boolean> {
    const op = this.context.op('delete')
    return op.write(command('HDEL', this.context.key, this.#item(op, item)), isOne)
  }

  /**
   * Adds to the count of an item and returns the new one. A script, O(1).
   *
   * @throws TypeError or RangeError when `by` is not a safe integer; OverflowError when the sum would not be one
   * @example await words.increment('apple') // 4
   */
  increment(item: string, by = 1): Pending<number> {
    const op = this.context.op('increment')
    return this.#add(op, item, op.integer('the amount', by))
  }

  /**
   * Subtracts from the count of an item and returns the new one, which may be negative. A script, O(1).
   *
   * @throws TypeError or RangeError when `by` is not a safe integer; OverflowError when the difference would not be one
   * @example await words.decrement('apple') // 3
   */
  decrement(item: string, by = 1): Pending<number> {
    const op = this.context.op('decrement')
    return this.#add(op, item, -op.integer('the amount', by))
  }

  /**
   * Returns the sum of all counts. `HVALS`, O(n).
   *
   * @example await words.total() // 7
   */
  total(): Pending<number> {
    const op = this.context.op('total')
    const count = (stored: Reply): bigint => BigInt(this.#count(op, undefined, stored))
    // A partial sum may be past the safe integers.
    const sum = (counts: Reply): number =>
      this.#safe(op, Number((counts as string[]).reduce((all, one) => all + count(one), 0n)))
    return op.read(command('HVALS', this.context.key), sum)
  }

  /**
   * Returns items and counts, all or the first `n`: highest count first, equal counts in the order of their items.
   * O(n log n).
   *
   * @throws RangeError when `n` is negative
   * @example await words.mostCommon(3) // [['apple', 3], ['pear', 2], ['fig', 1]]
   */
  mostCommon(n?: number): Pending<[string, number][]> {
    const op = this.context.op('mostCommon')
    const most = n === undefined ? undefined : op.count('the count', n)
    const order = ([a, m]: [string, number], [b, k]: [string, number]): number => k - m || (a < b ? -1 : 1)
    return op.read(this[readAll](), reply => [...this.#counts(op, reply)].sort(order).slice(0, most))
  }

  /**
   * Iterates over the items, each as often as it is counted, read in pages during the loop. `HSCAN`, O(total).
   *
   * @example for await (const word of words.elements()) console.log(word)
   */
  async *elements(): AsyncGenerator<string, void, undefined> {
    for await (const [item, times] of this) for (let i = 0; i < times; i++) yield item
  }

  /**
   * Iterates over items and counts, read in pages during the loop: `for await (const [item, count] of words)`. What exists
   * during the whole loop comes once (repeats are recognised among the last 100,000 items). `HSCAN`, O(n) in all.
   */
  [Symbol.asyncIterator](): AsyncGenerator<[string, number], void, undefined> {
    return scan(this.context, 'HSCAN', 2, () => {
      const op = this.context.op('entries')
      return (texts, at) => {
        const item = texts[at] as string
        return [item, this.#count(op, item, texts[at + 1])]
      }
    })
  }

  /**
   * Adds counts in place. A script, O(n).
   *
   * @throws TypeError or RangeError when a count is not a safe integer; OverflowError when a sum would not be one
   * @example await words.update(['apple', 'pear', 'apple'])
   */
  update(other: Counts): Pending<void> {
    return this.#change(this.context.op('update'), 'add', other)
  }

  /**
   * Subtracts counts in place; the results may be negative. A script, O(n).
   *
   * @example await words.subtract({ apple: 2 })
   */
  subtract(other: Counts): Pending<void> {
    return this.#change(this.context.op('subtract'), 'subtract', other)
  }

  /**
   * Keeps the lower count of each item, if above zero, in place. A script, O(n).
   *
   * @example await words.intersectionUpdate(otherWords)
   */
  intersectionUpdate(other: Counts): Pending<void> {
    return this.#change(this.context.op('intersectionUpdate'), 'intersection', other)
  }

  /**
   * Keeps the higher count of each item, if above zero, in place. A script, O(n).
   *
   * @example await words.unionUpdate(otherWords)
   */
  unionUpdate(other: Counts): Pending<void> {
    return this.#change(this.context.op('unionUpdate'), 'union', other)
  }

  /**
   * Returns the sums of the counts, those above zero, as a local Map. O(n).
   *
   * @throws CrossSlotError on a cluster, when the other's key lives in another slot
   * @example await words.sum(otherWords)
   */
  sum(other: Counts): Pending<Map<string, number>> {
    return this.#combine(this.context.op('sum'), other, (mine, theirs) => mine + theirs)
  }

  /**
   * Returns the differences of the counts, those above zero, as a local Map. O(n).
   *
   * @example await words.difference(['apple'])
   */
  difference(other: Counts): Pending<Map<string, number>> {
    return this.#combine(this.context.op('difference'), other, (mine, theirs) => mine - theirs)
  }

  /**
   * Returns the lower count of each item, those above zero, as a local Map. O(n).
   *
   * @example await words.intersection(otherWords)
   */
  intersection(other: Counts): Pending<Map<string, number>> {
    return this.#combine(this.context.op('intersection'), other, Math.min)
  }

  /**
   * Returns the higher count of each item, those above zero, as a local Map. O(n).
   *
   * @example await words.union(otherWords)
   */
  union(other: Counts): Pending<Map<string, number>> {
    return this.#combine(this.context.op('union'), other, Math.max)
  }

  #item(op: Op, item: unknown): string {
    return op.text('the item', item)
  }

  #add(op: Op, item: string, by: number): Pending<number> {
    const request = script(dictIncrement, [this.context.key], this.#item(op, item), by, 0, 'whole')
    return op.write(request, Number)
  }

  #count(op: Op, item: string | undefined, stored: Reply | undefined): number {
    if (stored === null || stored === undefined) return 0
    const value = codecs.readable.decode(String(stored))
    if (Number.isSafeInteger(value)) return value as number
    const { key, operation } = op
    const place = item === undefined ? '' : ` item '${item}'`
    throw new CodecError(`${key}${place} does not hold a count: set one first`, { key, operation })
  }

  /** Refuses a count that a number does not hold exactly. */
  #safe(op: Op, count: number): number {
    if (Number.isSafeInteger(count)) return count
    const { key, operation } = op
    throw new OverflowError(`${key} would give ${count}, which is past what a number holds exactly`, { key, operation })
  }

  #counts(op: Op, reply: Reply | undefined): Map<string, number> {
    const flat = reply as string[]
    const counts = new Map<string, number>()
    for (let i = 0; i < flat.length; i += 2) counts.set(flat[i] as string, this.#count(op, flat[i], flat[i + 1]))
    return counts
  }

  /** Checks plain counts: those of a Map or record, or of an iterable, of which each item counts once. */
  #local(operation: string, value: unknown): Map<string, number> {
    if (typeof value !== 'object' || value === null) {
      throw new TypeError(`${operation}: counts come from a MultiSet, a Map, a record or an iterable of items`)
    }
    const pairs: Iterable<unknown> = types.isMap(value)
      ? value
      : Symbol.iterator in value
        ? tally(operation, value as Iterable<unknown>)
        : Object.entries(value)
    const counts = new Map<string, number>()
    for (const [item, number] of pairs as Iterable<[unknown, unknown]>) {
      const name = text(operation, 'an item', item)
      counts.set(name, integer(operation, `the count of '${name}'`, number))
    }
    return counts
  }

  #handleOf(op: Op, other: unknown): MultiSet | undefined {
    const handle = operand(op, other)
    if (!handle || handle instanceof MultiSet) return handle
    throw new TypeError(`${op.operation}: only a MultiSet handle can be an operand: give await other.toJS()`)
  }

  #combine(op: Op, other: Counts, combine: Combine): Pending<Map<string, number>> {
    const handle = this.#handleOf(op, other)
    const local = handle ? undefined : this.#local(op.operation, other)
    const keys = handle ? [this.context.key, handle.context.key] : [this.context.key]
    return op.read(
      keys.map(key => command('HGETALL', key)),
      (mine, theirs) => {
        const counts = positive(this.#counts(op, mine), local ?? this.#counts(op, theirs), combine)
        for (const number of counts.values()) this.#safe(op, number)
        return counts
      }
    )
  }

  /** Plain counts are written as a hash within one MULTI: no other client sees it. */
  #change(op: Op, how: string, other: Counts): Pending<void> {
    const { key } = this.context
    const handle = this.#handleOf(op, other)
    if (handle) {
      const other = handle.context.key
      const unchanged = other.name === key.name ? [] : [other]
      return op.run(
        op.writeCommand(script(multiSetUpdate, [key, other], how), undefined, { unchanged, returnsNothing: false })
      )
    }
    const staging = stagingKey(key)
    const flat = [...this.#local(op.operation, other)].flat().map(String)
    const requests = commands('HSET', staging, flat)
    return op.writeOrFail([...requests, script(multiSetUpdate, [key, staging], how), command('DEL', staging)])
  }
}

function tally(operation: string, items: Iterable<unknown>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) {
    const name = text(operation, 'an item', item)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function positive(mine: Map<string, number>, theirs: Map<string, number>, combine: Combine): Map<string, number> {
  const result = new Map<string, number>()
  for (const item of new Set([...mine.keys(), ...theirs.keys()])) {
    const number = combine(mine.get(item) ?? 0, theirs.get(item) ?? 0)
    if (number > 0) result.set(item, number)
  }
  return result
}

export const multiSet: TypeDefinition<MultiSetFactory> = plainType(MultiSet)
