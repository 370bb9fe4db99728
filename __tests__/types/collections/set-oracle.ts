import fc from 'fast-check'
import type { HotSet, JsonValue } from '../../../src/index.js'
import { anyText } from '../../support/arbitraries.js'
import { commandsOf, same, someJson, textOf, type OracleType, type Scene } from '../../support/oracle.js'

type Members = HotSet<JsonValue>

/** Members are told apart by value, which a native Set of their texts does. */
type Native = Set<string>
const { call, stream } = commandsOf<Members, Native>()

/** What is given to a set method. */
interface Operand {
  readonly way: (typeof ways)[number]
  readonly values: readonly JsonValue[]
}

const ways = ['handle', 'Set', 'array', 'generator', 'Map', 'itself', 'missing'] as const

function given({ way, values }: Operand, set: Members, { hot, newKey }: Scene<Native>): Members | Iterable<JsonValue> {
  switch (way) {
    case 'handle':
      return hot.set(newKey(), { initial: values })
    case 'missing':
      return hot.set(newKey())
    case 'itself':
      return set
    case 'Set':
      return new Set(values)
    case 'Map':
      // As for the native methods, a Map's keys count.
      return new Map(values.map(value => [value, 'ignored']))
    case 'array':
      return values
    case 'generator':
      return generated(values)
  }
}

function* generated<T>(values: readonly T[]): Generator<T> {
  yield* values
}

const nativeOf = ({ way, values }: Operand, self: Native): Native =>
  way === 'itself' ? new Set(self) : way === 'missing' ? new Set() : new Set(values.map(textOf))

// ES2025's methods by hand: Node 20 does not have them.
const union = (one: Native, other: Native): Native => new Set([...one, ...other])
const intersection = (one: Native, other: Native): Native => new Set([...one].filter(member => other.has(member)))
const difference = (one: Native, other: Native): Native => new Set([...one].filter(member => !other.has(member)))
const symmetricDifference = (one: Native, other: Native): Native =>
  union(difference(one, other), difference(other, one))
const isSubset = (one: Native, other: Native): boolean => difference(one, other).size === 0
const isDisjoint = (one: Native, other: Native): boolean => intersection(one, other).size === 0

type Combine = (one: Native, other: Native) => Native

const combined = (set: Native, operands: readonly Operand[], combine: Combine): Native =>
  operands.map(operand => nativeOf(operand, set)).reduce(combine, new Set(set))

function become(set: Native, members: Native): void {
  set.clear()
  for (const member of members) set.add(member)
}

const sorted = (set: Native): string[] => [...set].sort()

/** The texts of members, repeats included, so that one that comes twice is seen. */
const textsOf = (members: Iterable<JsonValue>): string[] => [...members].map(textOf).sort()

/** Only a Set will do. */
async function textsOfSet(members: PromiseLike<Set<JsonValue>>): Promise<string[]> {
  const set = await members
  if (!(set instanceof Set)) throw new TypeError('a local Set is promised')
  return textsOf(set)
}

function setOf(name: string, value: fc.Arbitrary<JsonValue>): OracleType<Members, Native> {
  const values = fc.array(value, { maxLength: 6 })
  const operand: fc.Arbitrary<Operand> = fc.record({ way: fc.constantFrom(...ways), values })
  const operands = fc.array(operand, { maxLength: 3 })

  const local = (method: 'union' | 'intersection' | 'difference' | 'symmetricDifference', combine: Combine) =>
    call(
      [operands],
      (set, [operands], scene) => textsOfSet(set[method](...operands.map(one => given(one, set, scene)))),
      (set, [operands]) => sorted(combined(set, operands, combine))
    )
  const question = (
    method: 'isSubsetOf' | 'isSupersetOf' | 'isDisjointFrom',
    answer: (one: Native, other: Native) => boolean
  ) =>
    call(
      [operand],
      (set, [operand], scene) => set[method](given(operand, set, scene)),
      (set, [operand]) => answer(set, nativeOf(operand, set))
    )
  const inPlace = (
    method: 'update' | 'intersectionUpdate' | 'differenceUpdate' | 'symmetricDifferenceUpdate',
    combine: Combine
  ) =>
    call(
      [operands],
      (set, [operands], scene) => set[method](...operands.map(one => given(one, set, scene))),
      (set, [operands]) => become(set, combined(set, operands, combine))
    )

  return {
    name,
    handle: (hot, key): Members => hot.set(key),
    native: () => new Set(),
    items: sorted,
    comparable: items => textsOf(items as JsonValue[]),
    fromJS: js => textsOf(js as Set<JsonValue>),
    commands: {
      add: call(
        [values],
        (set, [values]) => set.add(...values),
        (set, [values]) => {
          const before = set.size
          for (const value of values) set.add(textOf(value))
          return set.size - before
        }
      ),
      has: call(
        [value],
        (set, [value]) => set.has(value),
        (set, [value]) => set.has(textOf(value))
      ),
      hasMany: call(
        [values],
        (set, [values]) => set.hasMany(...values),
        (set, [values]) => values.map(value => set.has(textOf(value)))
      ),
      deleteMany: call(
        [values],
        (set, [values]) => set.deleteMany(...values),
        (set, [values]) => values.filter(value => set.delete(textOf(value))).length
      ),
      delete: call(
        [value],
        (set, [value]) => set.delete(value),
        (set, [value]) => set.delete(textOf(value))
      ),
      'pop of the last member': call(
        [],
        async set => {
          const popped = await set.pop()
          return popped === undefined ? undefined : textOf(popped)
        },
        set => {
          const [only] = set
          set.clear()
          return only
        },
        set => set.size <= 1
      ),
      'sample of all': call(
        [fc.nat({ max: 5 })],
        async (set, [more], { before }) => textsOf(await set.sample(before.size + more)),
        set => sorted(set)
      ),
      size: call(
        [],
        set => set.size,
        set => set.size
      ),
      union: local('union', union),
      intersection: local('intersection', intersection),
      difference: local('difference', difference),
      symmetricDifference: local('symmetricDifference', symmetricDifference),
      isSubsetOf: question('isSubsetOf', isSubset),
      isSupersetOf: question('isSupersetOf', (one, other) => isSubset(other, one)),
      isDisjointFrom: question('isDisjointFrom', isDisjoint),
      update: inPlace('update', union),
      intersectionUpdate: inPlace('intersectionUpdate', intersection),
      differenceUpdate: inPlace('differenceUpdate', difference),
      symmetricDifferenceUpdate: inPlace('symmetricDifferenceUpdate', symmetricDifference),
      values: stream(
        [],
        set => set.values(),
        set => sorted(set)
      ),
      'for await': stream(
        [],
        set => set,
        set => sorted(set)
      ),
      toJS: call(
        [],
        set => textsOfSet(set.toJS()),
        set => sorted(set)
      ),
      'equals(itself)': call(
        [fc.boolean()],
        (set, [asHandle], { hot, newKey, before }) => {
          const members = [...before].reverse().map(member => JSON.parse(member) as JsonValue)
          return set.equals(asHandle ? hot.set(newKey(), { initial: members }) : new Set(members))
        },
        () => true
      ),
      equals: call(
        [values, fc.boolean()],
        (set, [values, asHandle], { hot, newKey }) =>
          set.equals(asHandle ? hot.set(newKey(), { initial: values }) : values),
        (set, [values]) => same(sorted(set), sorted(new Set(values.map(textOf))))
      ),
      replace: call(
        [values],
        (set, [values]) => set.replace(values),
        (set, [values]) => become(set, new Set(values.map(textOf)))
      ),
      exists: call(
        [],
        set => set.exists(),
        set => set.size > 0
      ),
      clear: call(
        [],
        set => set.clear(),
        set => set.clear()
      )
    }
  }
}

export const sets = [
  setOf('Set of any JSON values', someJson),
  setOf('Set of texts and numbers', fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', '1', 1, 2, 0.1), anyText))
]
