import fc from 'fast-check'
import type { HotList, JsonValue } from '../../../src/index.js'
import { throughJson } from '../../support/arbitraries.js'
import { commandsOf, Refused, same, someJson, someSortable, type OracleType } from '../../support/oracle.js'

type List = HotList<JsonValue>
const { call, assignment, stream } = commandsOf<List, JsonValue[]>()

const index = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 3, arbitrary: fc.integer({ min: -40, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER) }
)
const length = fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 60 }))
const bound = fc.option(fc.oneof(index, fc.constantFrom(Infinity, -Infinity)), { nil: undefined })

const positionOf = (array: readonly JsonValue[], index: number) => {
  const position = index < 0 ? array.length + index : index
  return position >= 0 && position < array.length ? position : undefined
}

function setItem(array: JsonValue[], [index, value]: [number, JsonValue]): void {
  const position = positionOf(array, index)
  if (position === undefined) throw new Refused('IndexError')
  array[position] = value
}

function takeItem(array: JsonValue[], index: number): JsonValue | undefined {
  const position = positionOf(array, index)
  return position === undefined ? undefined : array.splice(position, 1)[0]
}

/** What LREM does: the first `limit` equal items, the last ones if it is negative, all if it is 0. */
function removeItems(array: JsonValue[], value: JsonValue, limit: number): number {
  const found = array.flatMap((item, position) => (same(item, value) ? [position] : []))
  const gone = new Set(limit < 0 ? found.slice(limit) : limit > 0 ? found.slice(0, limit) : found)
  replaceItems(
    array,
    array.filter((_, position) => !gone.has(position))
  )
  return gone.size
}

function replaceItems(array: JsonValue[], values: Iterable<JsonValue>): void {
  array.splice(0, array.length, ...values)
}

const repeated = (array: readonly JsonValue[], times: number) =>
  Array.from({ length: array.length * times }, (_, position) => array[position % array.length]!)

const isSortable = (value: JsonValue): value is number | string =>
  typeof value === 'number' || typeof value === 'string'

function compareItems(one: JsonValue, other: JsonValue): number {
  if (!isSortable(one) || !isSortable(other)) throw new Error('only numbers and strings are compared here')
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1
  return one < other ? -1 : one > other ? 1 : 0
}

function* given<T>(values: readonly T[]): Generator<T> {
  yield* values
}

const isShort = (array: readonly JsonValue[]) => array.length <= 100

function listOf(name: string, item: fc.Arbitrary<JsonValue>): OracleType<List, JsonValue[]> {
  const value = item.map(throughJson)
  const values = fc.array(item.map(throughJson), { maxLength: 5 })
  const iterable = values.chain(all => fc.constantFrom<Iterable<JsonValue>>(all, new Set(all)).map(some => [...some]))
  const numberOfTimes = fc.nat({ max: 3 })
  const ways = fc.constantFrom('array', 'set', 'generator')
  const made = (way: string, all: readonly JsonValue[]): Iterable<JsonValue> =>
    way === 'array' ? all : way === 'set' ? new Set(all) : given(all)

  return {
    name,
    handle: (hot, key): List => hot.list(key),
    native: () => [],
    items: array => [...array],
    comparable: items => items,
    fromJS: js => js,
    commands: {
      '[i]': call(
        [index],
        (list, [at]) => list[at],
        (array, [at]) => array.at(at)
      ),
      '[i] =': assignment(
        [index, value],
        (list, [at, value]) => void (list[at] = value),
        (array, args) => setItem(array, args)
      ),
      'delete [i]': assignment(
        [index],
        (list, [at]) => delete list[at],
        (array, [at]) => void takeItem(array, at)
      ),
      length: call(
        [],
        list => list.length,
        array => array.length
      ),
      'length =': assignment(
        [length],
        (list, [length]) => void (list.length = length),
        (array, [length]) => void (array.length = Math.min(array.length, length))
      ),
      at: call(
        [index],
        (list, [at]) => list.at(at),
        (array, [at]) => array.at(at)
      ),
      set: call(
        [index, value],
        (list, [at, value]) => list.set(at, value),
        (array, args) => setItem(array, args)
      ),
      push: call(
        [values],
        (list, [values]) => list.push(...values),
        (array, [values]) => array.push(...values)
      ),
      extend: call(
        [iterable, ways],
        (list, [values, way]) => list.extend(made(way, values)),
        (array, [values, way]) => array.push(...made(way, values))
      ),
      unshift: call(
        [values],
        (list, [values]) => list.unshift(...values),
        (array, [values]) => array.unshift(...values)
      ),
      pop: call(
        [],
        list => list.pop(),
        array => array.pop()
      ),
      'pop(i)': call(
        [index],
        (list, [at]) => list.pop(at),
        (array, [at]) => takeItem(array, at)
      ),
      shift: call(
        [],
        list => list.shift(),
        array => array.shift()
      ),
      insert: call(
        [index, value],
        (list, [at, value]) => list.insert(at, value),
        (array, [at, value]) => void array.splice(at, 0, value)
      ),
      remove: call(
        [value],
        (list, [value]) => list.remove(value),
        (array, [value]) => removeItems(array, value, 1)
      ),
      'remove(v, count)': call(
        [value, fc.integer({ min: -3, max: 3 })],
        (list, [value, count]) => list.remove(value, count),
        (array, [value, count]) => removeItems(array, value, count)
      ),
      slice: call(
        [bound, bound],
        (list, [start, end]) => list.slice(start, end),
        (array, [start, end]) => array.slice(start, end)
      ),
      splice: call(
        [index, fc.oneof(fc.integer({ min: -2, max: 8 }), fc.constant(Infinity)), values],
        (list, [start, deleteCount, values]) => list.splice(start, deleteCount, ...values),
        (array, [start, deleteCount, values]) => array.splice(start, deleteCount, ...values)
      ),
      'splice(start)': call(
        [index],
        (list, [start]) => list.splice(start),
        (array, [start]) => array.splice(start)
      ),
      indexOf: call(
        [value],
        (list, [value]) => list.indexOf(value),
        (array, [value]) => array.findIndex(item => same(item, value))
      ),
      lastIndexOf: call(
        [value],
        (list, [value]) => list.lastIndexOf(value),
        (array, [value]) => array.findLastIndex(item => same(item, value))
      ),
      includes: call(
        [value],
        (list, [value]) => list.includes(value),
        (array, [value]) => array.some(item => same(item, value))
      ),
      count: call(
        [value],
        (list, [value]) => list.count(value),
        (array, [value]) => array.filter(item => same(item, value)).length
      ),
      reverse: call(
        [],
        list => list.reverse(),
        array => void array.reverse()
      ),
      sort: call(
        [],
        list => list.sort(),
        array => void array.sort(compareItems),
        array => array.every(isSortable)
      ),
      'sort({ reverse })': call(
        [fc.boolean()],
        (list, [reverse]) => list.sort({ reverse }),
        (array, [reverse]) => void array.sort((one, other) => compareItems(one, other) * (reverse ? -1 : 1)),
        array => array.every(isSortable)
      ),
      concat: call(
        [fc.array(fc.oneof(value, values), { maxLength: 3 })],
        (list, [others]) => list.concat(...others),
        (array, [others]) => array.concat(...others)
      ),
      'concat(list)': call(
        [values],
        (list, [values], { hot, newKey }) => list.concat(hot.list(newKey(), { initial: values }), list),
        (array, [values]) => array.concat(values, array)
      ),
      repeat: call(
        [numberOfTimes],
        (list, [times]) => list.repeat(times),
        (array, [times]) => replaceItems(array, repeated(array, times)),
        isShort
      ),
      truncate: call(
        [length],
        (list, [length]) => list.truncate(length),
        (array, [length]) => void (array.length = Math.min(array.length, length))
      ),
      entries: stream(
        [],
        list => list.entries(),
        array => [...array.entries()]
      ),
      'for await': stream(
        [],
        list => list,
        array => [...array]
      ),
      toJS: call(
        [],
        list => list.toJS(),
        array => [...array]
      ),
      'equals(itself)': call(
        [fc.boolean()],
        (list, [asHandle], { hot, newKey, before }) =>
          list.equals(asHandle ? hot.list(newKey(), { initial: [...before] }) : [...before]),
        () => true
      ),
      equals: call(
        [values, fc.boolean()],
        (list, [values, asHandle], { hot, newKey }) =>
          list.equals(asHandle ? hot.list(newKey(), { initial: values }) : values),
        (array, [values]) => same(array, values)
      ),
      replace: call(
        [values, ways],
        (list, [values, way]) => list.replace(made(way, values)),
        (array, [values, way]) => replaceItems(array, made(way, values))
      ),
      exists: call(
        [],
        list => list.exists(),
        array => array.length > 0
      ),
      clear: call(
        [],
        list => list.clear(),
        array => replaceItems(array, [])
      )
    }
  }
}

export const lists = [listOf('List of any JSON values', someJson), listOf('List of numbers and strings', someSortable)]
