import fc from 'fast-check'
import type { HotDict, JsonValue } from '../../../src/index.js'
import { anyNumber, anyText, throughJson } from '../../support/arbitraries.js'
import { commandsOf, Refused, same, someJson, unordered, type OracleType } from '../../support/oracle.js'

type Fields = Record<string, JsonValue>
type AnyDict = HotDict<Fields>
type Native = Map<string, JsonValue>
const { call, assignment, stream } = commandsOf<AnyDict, Native>()

/** Names that a dot reaches: no member of a handle is called so. */
const plainName = fc.constantFrom('name', 'visits', 'a', 'b', '0', '-1', 'é', '😀', 'two words')

/** Any name; a text that is not well-formed is no field's name in Redis. */
const anyName = fc.oneof(
  { weight: 5, arbitrary: plainName },
  { weight: 2, arbitrary: fc.constantFrom('size', 'get', 'key', 'then', '__proto__', 'constructor', 'toString', '') },
  { weight: 1, arbitrary: anyText.map(name => name.toWellFormed()) }
)

const names = fc.array(anyName, { maxLength: 6 })

/** Numbers often, so that there is something to increment. */
const anyValue = fc.oneof(fc.constantFrom(0, 1, 0.1, -0.5), anyNumber, someJson).map(throughJson)
const pairs = fc.array(fc.tuple(anyName, anyValue), { maxLength: 5 })
const ways = fc.constantFrom('object', 'pairs', 'map')

function given(entries: readonly [string, JsonValue][], way: string): Fields | Iterable<[string, JsonValue]> {
  return way === 'object' ? Object.fromEntries(entries) : way === 'map' ? new Map(entries) : entries
}

function setAll(map: Native, entries: Iterable<readonly [string, JsonValue]>): void {
  for (const [name, value] of entries) map.set(name, value)
}

function take(map: Native, name: string): JsonValue | undefined {
  const value = map.get(name)
  map.delete(name)
  return value
}

/** JavaScript's sum; what is not a number, or not exact where it is whole, is refused. */
function incremented(map: Native, name: string, by: number, missing: JsonValue): number {
  const present = map.has(name) ? map.get(name) : missing
  if (typeof present !== 'number') throw new Refused('CodecError')
  const sum = present + by
  if (!Number.isFinite(sum) || (Number.isInteger(sum) && !Number.isSafeInteger(sum))) throw new Refused('OverflowError')
  map.set(name, sum === 0 ? 0 : sum)
  return sum === 0 ? 0 : sum
}

interface DictOptions {
  readonly handle: (hot: Parameters<OracleType<AnyDict, Native>['handle']>[0], key: string) => AnyDict
  /** What a missing field is when it is read; made and stored, if it is not undefined. */
  readonly missing?: JsonValue
}

/** A dict's row; a DefaultDict is one whose missing fields have a value. */
function dictOf(name: string, { handle, missing }: DictOptions): OracleType<AnyDict, Native> {
  const read = (map: Native, name: string) => {
    if (!map.has(name) && missing !== undefined) map.set(name, missing)
    return map.get(name)
  }
  return {
    name,
    handle,
    native: () => new Map(),
    items: map => unordered(map),
    comparable: unordered,
    fromJS: js => unordered(Object.entries(js as object)),
    commands: {
      '.field': call(
        [plainName],
        (dict, [name]) => dict[name],
        (map, [name]) => read(map, name)
      ),
      '.field =': assignment(
        [plainName, anyValue],
        (dict, [name, value]) => void (dict[name] = value),
        (map, [name, value]) => void map.set(name, value)
      ),
      'delete .field': assignment(
        [plainName],
        (dict, [name]) => delete dict[name],
        (map, [name]) => void map.delete(name)
      ),
      get: call(
        [anyName],
        (dict, [name]) => dict.get(name),
        (map, [name]) => read(map, name)
      ),
      set: call(
        [anyName, anyValue],
        (dict, [name, value]) => dict.set(name, value),
        (map, [name, value]) => void map.set(name, value)
      ),
      has: call(
        [anyName],
        (dict, [name]) => dict.has(name),
        (map, [name]) => map.has(name)
      ),
      delete: call(
        [anyName],
        (dict, [name]) => dict.delete(name),
        (map, [name]) => map.delete(name)
      ),
      getMany: call(
        [names],
        (dict, [names]) => dict.getMany(...names),
        (map, [names]) => names.map(name => read(map, name))
      ),
      hasMany: call(
        [names],
        (dict, [names]) => dict.hasMany(...names),
        (map, [names]) => names.map(name => map.has(name))
      ),
      deleteMany: call(
        [names],
        (dict, [names]) => dict.deleteMany(...names),
        (map, [names]) => names.filter(name => map.delete(name)).length
      ),
      update: call(
        [pairs, ways],
        (dict, [pairs, way]) => dict.update(given(pairs, way)),
        (map, [pairs]) => setAll(map, pairs)
      ),
      getOrInsert: call(
        [anyName, anyValue],
        (dict, [name, value]) => dict.getOrInsert(name, value),
        (map, [name, value]) => {
          if (!map.has(name)) map.set(name, value)
          return map.get(name)
        }
      ),
      pop: call(
        [anyName],
        (dict, [name]) => dict.pop(name),
        (map, [name]) => take(map, name)
      ),
      'increment(k)': call(
        [plainName],
        (dict, [name]) => dict.increment(name as never),
        (map, [name]) => incremented(map, name, 1, missing ?? 0)
      ),
      increment: call(
        [plainName, anyNumber],
        (dict, [name, by]) => dict.increment(name as never, by),
        (map, [name, by]) => incremented(map, name, by, missing ?? 0)
      ),
      size: call(
        [],
        dict => dict.size,
        map => map.size
      ),
      keys: stream(
        [],
        dict => dict.keys(),
        map => unordered(map.keys())
      ),
      values: stream(
        [],
        dict => dict.values(),
        map => unordered(map.values())
      ),
      entries: stream(
        [],
        dict => dict.entries(),
        map => unordered(map)
      ),
      'for await': stream(
        [],
        dict => dict,
        map => unordered(map)
      ),
      toJS: call(
        [],
        async dict => new Map(Object.entries(await dict.toJS())),
        map => new Map(map)
      ),
      copyTo: call(
        [pairs],
        async (dict, [pairs], { hot, newKey }) => {
          const key = newKey()
          void hot.dict(key).replace(pairs)
          const copy = await dict.copyTo(key)
          return [copy.key === key, new Map(Object.entries(await copy.toJS()))]
        },
        map => [true, new Map(map)]
      ),
      // In two calls: what comes after them would be seen by the second.
      'copyTo(itself)': stream(
        [],
        async function* (dict) {
          const copy = await dict.copyTo(dict.key)
          if (copy.key !== dict.key) throw new Error('the copy has another key')
          yield* copy
        },
        map => unordered(map)
      ),
      'equals(itself)': call(
        [fc.boolean()],
        (dict, [asHandle], { hot, newKey, before }) =>
          dict.equals(asHandle ? hot.dict<Fields>(newKey(), { initial: [...before] }) : new Map(before)),
        () => true
      ),
      equals: call(
        [pairs, ways],
        (dict, [pairs, way]) => dict.equals(given(pairs, way)),
        (map, [pairs]) => same(unordered(map), unordered(new Map(pairs)))
      ),
      replace: call(
        [pairs, ways],
        (dict, [pairs, way]) => dict.replace(given(pairs, way)),
        (map, [pairs]) => {
          map.clear()
          setAll(map, pairs)
        }
      ),
      exists: call(
        [],
        dict => dict.exists(),
        map => map.size > 0
      ),
      clear: call(
        [],
        dict => dict.clear(),
        map => map.clear()
      )
    }
  }
}

const defaultDictOf = (name: string, missing: JsonValue) =>
  dictOf(name, { missing, handle: (hot, key) => hot.defaultDict(() => missing, key) as AnyDict })

export const dict = dictOf('Dict', { handle: (hot, key) => hot.dict(key) })

export const defaultDicts = [
  defaultDictOf('DefaultDict of a number', 0.5),
  defaultDictOf('DefaultDict of an array', ['42', { é: null }])
]
