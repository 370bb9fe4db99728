import fc from 'fast-check'
import type { Hot, HotFloat, HotInt } from '../../../src/index.js'
import { commandsOf, type OracleType } from '../../support/oracle.js'
import { singleValue, type NativeValue, type SingleValue } from './single-value.js'

/** What a call gives, and what is stored then. */
export interface Expected {
  readonly result: unknown
  readonly stored: number
}

interface Operation<Handle> {
  readonly call: (handle: Handle, operand: number) => Promise<unknown>
  /** Throws a Refused where the library is to refuse, and to change nothing. */
  readonly model: (stored: number, operand: number) => Expected
}

/** A kind of numbers: how it is made, and what the language makes of two of them. */
interface NumberRow<Handle> {
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

/** A row, and what follows from it: what can be called on two numbers, and the same as rows of random sequences. */
export interface NumberType<Handle extends HotInt | HotFloat> extends NumberRow<Handle> {
  readonly operations: Readonly<Record<string, Operation<Handle>>>
  readonly oracle: OracleType<SingleValue<Handle>, NativeValue<number>>
}

export function numberType<Handle extends HotInt | HotFloat>(row: NumberRow<Handle>): NumberType<Handle> {
  const operations = operationsOf(row)
  return { ...row, operations, oracle: oracleOf(row, operations) }
}

type Method = (operand: number) => Promise<unknown>

function operationsOf<Handle extends HotInt | HotFloat>({
  arithmetic,
  normal
}: NumberRow<Handle>): Readonly<Record<string, Operation<Handle>>> {
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

function oracleOf<Handle extends HotInt | HotFloat>(
  { name, make, number, normal }: NumberRow<Handle>,
  operations: Readonly<Record<string, Operation<Handle>>>
): OracleType<SingleValue<Handle>, NativeValue<number>> {
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

  return {
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
  }
}
