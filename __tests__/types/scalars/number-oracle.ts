import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Hot, HotFloat, HotInt } from '../../../src/index.js'
import { backends, type Backend } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { singleValue, type NativeValue, type SingleValue } from './single-value.js'
import { describeOracle } from '../../support/describe-oracle.js'
import { commandsOf, Refused } from '../../support/oracle.js'
import { scaled } from '../../support/runs.js'

/** What a call gives, and what is stored then. */
interface Expected {
  readonly result: unknown
  readonly stored: number
}

interface Operation<Handle> {
  readonly call: (handle: Handle, operand: number) => Promise<unknown>
  /** Throws a Refused where the library is to refuse, and to change nothing. */
  readonly model: (stored: number, operand: number) => Expected
}

/** A kind of numbers: how it is made, and what the language makes of two of them. */
interface NumberType<Handle> {
  readonly name: string
  readonly make: (hot: Hot, key?: string, options?: { initial: number }) => Handle
  /** Each of them meets each other. */
  readonly edges: readonly number[]
  readonly number: fc.Arbitrary<number>
  /** A number as it is stored. */
  readonly normal: (value: number) => number
  /** The text of it in Redis. */
  readonly textOf: (value: number) => string
  readonly arithmetic: Readonly<Record<string, (one: number, other: number) => number>>
}

/** So many random pairs for each operation, and those of edges; many of them in `npm run soak`. */
const RANDOM_PAIRS = scaled(200)

/** Holds a kind of numbers against the language: pairs of operands for each operation, and sequences of calls. */
export function describeNumber<Handle extends HotInt | HotFloat>(type: NumberType<Handle>): void {
  const operations = operationsOf(type)
  describe.each(backends)(`${type.name} on $name`, backend => describePairs(type, operations, backend))
  describeSequences(type, operations)
}

type Method = (operand: number) => Promise<unknown>

function operationsOf<Handle extends HotInt | HotFloat>(
  type: NumberType<Handle>
): Readonly<Record<string, Operation<Handle>>> {
  const { arithmetic, normal } = type
  const calculations = Object.entries(arithmetic).map(([name, calculate]): [string, Operation<Handle>] => [
    name,
    {
      call: (handle, operand) => (handle as unknown as Record<string, Method>)[name]!(operand),
      model: (stored, operand) => {
        const result = calculate(stored, operand)
        return { result, stored: result }
      }
    }
  ])
  return {
    ...Object.fromEntries(calculations),
    getAndSet: {
      call: (handle, operand) => handle.getAndSet(operand),
      model: (stored, operand) => ({ result: stored, stored: normal(operand) })
    },
    'compareAndSet(it, 7)': {
      call: (handle, operand) => handle.compareAndSet(operand, 7),
      model: (stored, operand) => ({ result: stored === operand, stored: stored === operand ? 7 : stored })
    },
    replace: {
      call: (handle, operand) => handle.replace(operand),
      model: (_, operand) => ({ result: undefined, stored: normal(operand) })
    },
    equals: {
      call: (handle, operand) => handle.equals(operand),
      model: (stored, operand) => ({ result: stored === operand, stored })
    }
  }
}

/**
 * A number is stored, the operation called with another; the result and the text in Redis are compared with what the
 * language gives. Nothing is awaited in between: each pair has a key of its own.
 */
function describePairs<Handle extends HotInt | HotFloat>(
  { name, make, edges, number, normal, textOf }: NumberType<Handle>,
  operations: Readonly<Record<string, Operation<Handle>>>,
  { createHot, raw }: Backend
): void {
  const hot = createHot()
  const ofEdges = edges.flatMap(one => edges.map(other => [one, other] as const))

  test.each(Object.entries(operations))(
    `%s of ${ofEdges.length + RANDOM_PAIRS} pairs of numbers gives what the language gives`,
    async (_, { call, model }) => {
      const tag = `{${freshKey(name)}}`
      const pairs = [...ofEdges, ...fc.sample(fc.tuple(number, number), RANDOM_PAIRS)]
      const keys = pairs.map((_, index) => `${tag}:${index}`)
      const outcomes = await Promise.all(
        pairs.map(([stored, operand], index) => outcomeOf(call(make(hot, keys[index], { initial: stored }), operand)))
      )
      await hot.flush()
      const texts = await inChunks(keys, chunk => raw(tag, 'MGET', ...chunk))
      const wrong = pairs.flatMap(([stored, operand], index) => {
        const actual = { ...outcomes[index]!, text: texts[index] }
        const { stored: now, ...expected } = expectedOf(model, normal(stored), operand)
        const wanted = { ...expected, text: textOf(now) }
        return isSame(actual, wanted) ? [] : [{ stored, operand, actual, wanted }]
      })
      await inChunks(keys, chunk => raw(tag, 'UNLINK', ...chunk))
      expect(wrong.slice(0, 5)).toEqual([])
    }
  )
}

interface Outcome {
  readonly result?: unknown
  readonly error?: string
}

async function outcomeOf(answer: Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await answer }
  } catch (error) {
    return { error: error instanceof Error ? error.name : typeof error }
  }
}

function expectedOf(
  model: (stored: number, operand: number) => Expected,
  stored: number,
  operand: number
): Outcome & { readonly stored: number } {
  try {
    return model(stored, operand)
  } catch (error) {
    if (error instanceof Refused) return { error: error.by, stored }
    throw error
  }
}

type Compared = Outcome & { readonly text: unknown }

const isSame = (one: Compared, other: Compared): boolean =>
  Object.is(one.result, other.result) && one.error === other.error && one.text === other.text

async function inChunks(
  keys: readonly string[],
  command: (chunk: readonly string[]) => Promise<unknown>
): Promise<unknown[]> {
  const chunks: (readonly string[])[] = []
  for (let start = 0; start < keys.length; start += 500) chunks.push(keys.slice(start, start + 500))
  return (await Promise.all(chunks.map(command))).flat()
}

function describeSequences<Handle extends HotInt | HotFloat>(
  { name, make, number, normal }: NumberType<Handle>,
  operations: Readonly<Record<string, Operation<Handle>>>
): void {
  const { call, assignment } = commandsOf<SingleValue<Handle>, NativeValue<number>>()
  const steps = Object.entries(operations).map(([name, { call: onHandle, model }]) => [
    name,
    call(
      [number],
      ({ handle }, [operand]) => onHandle(handle, operand),
      (native, [operand]) => {
        const { result, stored } = model(native.value, operand)
        native.value = stored
        return result
      }
    )
  ])
  const read = (native: NativeValue<number>) => native.value

  describeOracle<SingleValue<Handle>, NativeValue<number>>({
    name,
    handle: (hot, key) => singleValue(make(hot, key)),
    native: () => ({ value: 0 }),
    items: read,
    comparable: ([value]) => value,
    fromJS: js => js,
    commands: {
      ...(Object.fromEntries(steps) as Record<string, ReturnType<typeof call>>),
      value: call([], ({ handle }) => handle.value, read),
      toJS: call([], ({ handle }) => handle.toJS(), read),
      'value =': assignment(
        [number],
        ({ handle }, [value]) => void (handle.value = value),
        (native, [value]) => void (native.value = normal(value))
      ),
      'increment()': call(
        [],
        ({ handle }) => handle.increment(),
        native => {
          const { result, stored } = operations['increment']!.model(native.value, 1)
          native.value = stored
          return result
        }
      ),
      'decrement()': call(
        [],
        ({ handle }) => handle.decrement(),
        native => {
          const { result, stored } = operations['decrement']!.model(native.value, 1)
          native.value = stored
          return result
        }
      ),
      'compareAndSet(what it is)': call(
        [number],
        ({ handle }, [to], { before }) => handle.compareAndSet(before.value, to),
        (native, [to]) => {
          native.value = normal(to)
          return true
        }
      ),
      'equals(handle)': call(
        [number, fc.boolean()],
        ({ handle }, [other, isSame], { hot, newKey, before }) =>
          handle.equals(make(hot, newKey(), { initial: isSame ? before.value : other })),
        (native, [other, isSame]) => isSame || native.value === other
      ),
      clear: call(
        [],
        ({ handle }) => handle.clear(),
        native => void (native.value = 0)
      )
    }
  })
}
