import fc from 'fast-check'
import type { HotMultiSet } from '../../../src/index.js'
import { anyText } from '../../support/arbitraries.js'
import { commandsOf, Refused, same, unordered, type OracleType, type Scene } from '../../support/oracle.js'

/** Python's collections.Counter, which a multiset follows: a Map in which what is missing counts as 0. */
type Counter = Map<string, number>
const { call, assignment, stream } = commandsOf<HotMultiSet, Counter>()

/** Names that a dot reaches: no member of a handle is called so. */
const plainItem = fc.constantFrom('apple', 'pear', 'fig', '0', '-1', 'é', '😀', 'two words')
const anyItem = fc.oneof(
  { weight: 5, arbitrary: plainItem },
  { weight: 2, arbitrary: fc.constantFrom('size', 'get', 'key', 'then', 'total', '__proto__', 'constructor', '') },
  { weight: 1, arbitrary: anyText.map(name => name.toWellFormed()) }
)
const count = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -3, max: 4 }) },
  { weight: 2, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER) }
)

const ways = ['handle', 'itself', 'missing', 'Map', 'record', 'array', 'generator'] as const

/** Where counts come from: as counts, or as items that count once each. */
interface Source {
  readonly way: (typeof ways)[number]
  readonly counts: readonly [string, number][]
  readonly items: readonly string[]
}

const sourceOf = (...ways: readonly Source['way'][]): fc.Arbitrary<Source> =>
  fc.record({
    way: fc.constantFrom(...ways),
    counts: fc.uniqueArray(fc.tuple(anyItem, count), { maxLength: 6, selector: ([item]) => item }),
    items: fc.array(anyItem, { maxLength: 8 })
  })
const source = sourceOf(...ways)
const plainSource = sourceOf('Map', 'record', 'array', 'generator')

function given({ way, counts, items }: Source, words: HotMultiSet, { hot, newKey }: Scene<Counter>) {
  switch (way) {
    case 'handle':
      return hot.multiSet(newKey(), { initial: new Map(counts) })
    case 'missing':
      return hot.multiSet(newKey())
    case 'itself':
      return words
    case 'Map':
      return new Map(counts)
    case 'record':
      return Object.fromEntries(counts)
    case 'array':
      return items
    case 'generator':
      return generated(items)
  }
}

const withoutZeros = (counter: Counter) => unordered([...counter].filter(([, number]) => number !== 0))

function* generated<T>(values: readonly T[]): Generator<T> {
  yield* values
}

function tally(items: Iterable<string>): Counter {
  const counter: Counter = new Map()
  for (const item of items) counter.set(item, (counter.get(item) ?? 0) + 1)
  return counter
}

function counterOf({ way, counts, items }: Source, self: Counter): Counter {
  if (way === 'itself') return new Map(self)
  if (way === 'missing') return new Map()
  return way === 'array' || way === 'generator' ? tally(items) : new Map(counts)
}

function exact(number: number): number {
  if (!Number.isSafeInteger(number)) throw new Refused('OverflowError')
  return number + 0
}

/** Counter.update and Counter.subtract: whatever comes out stays, zeros too. */
function add(counter: Counter, other: Counter, sign: 1 | -1): void {
  const sums = [...other].map(([item, number]) => [item, exact((counter.get(item) ?? 0) + sign * number)] as const)
  for (const [item, sum] of sums) counter.set(item, sum)
}

type Combine = (mine: number, theirs: number) => number

/** What + - & | make of two Counters: only what counts more than 0 is kept. */
function combined(one: Counter, other: Counter, combine: Combine): Counter {
  const result: Counter = new Map()
  for (const item of [...one.keys(), ...other.keys()]) {
    const number = combine(one.get(item) ?? 0, other.get(item) ?? 0)
    if (number > 0) result.set(item, exact(number))
  }
  return result
}

function become(counter: Counter, counts: Iterable<readonly [string, number]>): void {
  counter.clear()
  for (const [item, number] of counts) counter.set(item, number)
}

const elementsOf = (counter: Counter): string[] =>
  [...counter].flatMap(([item, times]) => Array<string>(Math.max(0, times)).fill(item))

const isSmall = (counter: Counter): boolean => [...counter.values()].every(times => times < 100)

const inPlace = (
  method: 'update' | 'subtract' | 'intersectionUpdate' | 'unionUpdate',
  onCounter: (counter: Counter, other: Counter) => void
) =>
  call(
    [source],
    (words, [source], scene) => words[method](given(source, words, scene)),
    (counter, [source]) => onCounter(counter, counterOf(source, counter))
  )

const local = (method: 'sum' | 'difference' | 'intersection' | 'union', combine: Combine) =>
  call(
    [source],
    async (words, [source], scene) => sortedMap(await words[method](given(source, words, scene))),
    (counter, [source]) => sortedMap(combined(counter, counterOf(source, counter), combine))
  )

function sortedMap(map: unknown): unknown[] {
  if (!(map instanceof Map)) throw new TypeError('a local Map is promised')
  return unordered(map as Counter)
}

export const multiSet: OracleType<HotMultiSet, Counter> = {
  name: 'MultiSet',
  handle: (hot, key) => hot.multiSet(key),
  native: () => new Map(),
  items: counter => unordered(counter),
  comparable: unordered,
  fromJS: sortedMap,
  commands: {
    '.item': call(
      [plainItem],
      (words, [item]) => words[item],
      (counter, [item]) => counter.get(item) ?? 0
    ),
    '.item =': assignment(
      [plainItem, count],
      (words, [item, number]) => void (words[item] = number),
      (counter, [item, number]) => void counter.set(item, number)
    ),
    'delete .item': assignment(
      [plainItem],
      (words, [item]) => delete words[item],
      (counter, [item]) => void counter.delete(item)
    ),
    get: call(
      [anyItem],
      (words, [item]) => words.get(item),
      (counter, [item]) => counter.get(item) ?? 0
    ),
    set: call(
      [anyItem, count],
      (words, [item, number]) => words.set(item, number),
      (counter, [item, number]) => void counter.set(item, number)
    ),
    has: call(
      [anyItem],
      (words, [item]) => words.has(item),
      (counter, [item]) => counter.has(item)
    ),
    delete: call(
      [anyItem],
      (words, [item]) => words.delete(item),
      (counter, [item]) => counter.delete(item)
    ),
    'increment(item)': call(
      [anyItem],
      (words, [item]) => words.increment(item),
      (counter, [item]) => {
        add(counter, new Map([[item, 1]]), 1)
        return counter.get(item)
      }
    ),
    increment: call(
      [anyItem, count],
      (words, [item, by]) => words.increment(item, by),
      (counter, [item, by]) => {
        add(counter, new Map([[item, by]]), 1)
        return counter.get(item)
      }
    ),
    'decrement(item)': call(
      [anyItem],
      (words, [item]) => words.decrement(item),
      (counter, [item]) => {
        add(counter, new Map([[item, 1]]), -1)
        return counter.get(item)
      }
    ),
    decrement: call(
      [anyItem, count],
      (words, [item, by]) => words.decrement(item, by),
      (counter, [item, by]) => {
        add(counter, new Map([[item, by]]), -1)
        return counter.get(item)
      }
    ),
    size: call(
      [],
      words => words.size,
      counter => counter.size
    ),
    total: call(
      [],
      words => words.total(),
      counter => {
        const total = [...counter.values()].reduce((sum, number) => sum + BigInt(number), 0n)
        return exact(Number(total))
      }
    ),
    mostCommon: call(
      [fc.option(fc.nat({ max: 6 }), { nil: undefined })],
      (words, [most]) => words.mostCommon(most),
      (counter, [most]) => [...counter].sort(([one, m], [other, n]) => n - m || (one < other ? -1 : 1)).slice(0, most)
    ),
    elements: stream(
      [],
      words => words.elements(),
      counter => unordered(elementsOf(counter)),
      isSmall
    ),
    'for await': stream(
      [],
      words => words,
      counter => unordered(counter)
    ),
    update: inPlace('update', (counter, other) => add(counter, other, 1)),
    subtract: inPlace('subtract', (counter, other) => add(counter, other, -1)),
    intersectionUpdate: inPlace('intersectionUpdate', (counter, other) =>
      become(counter, combined(counter, other, Math.min))
    ),
    unionUpdate: inPlace('unionUpdate', (counter, other) => become(counter, combined(counter, other, Math.max))),
    sum: local('sum', (mine, theirs) => mine + theirs),
    difference: local('difference', (mine, theirs) => mine - theirs),
    intersection: local('intersection', Math.min),
    union: local('union', Math.max),
    toJS: call(
      [],
      async words => sortedMap(await words.toJS()),
      counter => unordered(counter)
    ),
    'equals(itself)': call(
      [fc.boolean()],
      (words, [asHandle], { hot, newKey, before }) =>
        words.equals(asHandle ? hot.multiSet(newKey(), { initial: new Map([...before].reverse()) }) : new Map(before)),
      () => true
    ),
    equals: call(
      [source],
      (words, [source], scene) => words.equals(given(source, words, scene)),
      // As Python's Counter has it: an item of count zero is as good as none.
      (counter, [source]) => same(withoutZeros(counter), withoutZeros(counterOf(source, counter)))
    ),
    replace: call(
      [plainSource],
      (words, [source], scene) => words.replace(given(source, words, scene)),
      (counter, [source]) => become(counter, counterOf(source, counter))
    ),
    exists: call(
      [],
      words => words.exists(),
      counter => counter.size > 0
    ),
    clear: call(
      [],
      words => words.clear(),
      counter => counter.clear()
    )
  }
}
