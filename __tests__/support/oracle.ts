import fc from 'fast-check'
import type { Hot } from '../../src/index.js'
import { anyJson, anyNumber } from './arbitraries.js'

/** What a command knows of the sequence it is part of. */
export interface Scene<Native> {
  readonly hot: Hot
  /** A key for another handle, in the slot of this one's. */
  readonly newKey: () => string
  /** The native value as it is before the call. */
  readonly before: Native
}

/** One call, made on the handle and on the native value. */
export interface Step<Handle, Native> {
  readonly kind: 'call' | 'assignment' | 'stream'
  readonly args: readonly unknown[]
  readonly onHandle: (handle: Handle, scene: Scene<Native>) => unknown
  readonly onNative: (native: Native) => unknown
  /** Whether the call is to be made at all; it always is where this is undefined. */
  readonly applies: ((native: Native) => boolean) | undefined
}

/** A step of a sequence, by its name in the table. */
export type NamedStep<Handle, Native> = Step<Handle, Native> & { readonly name: string }

/** A type's row: how to make it in Redis and natively, and what can be called on it. */
export interface OracleType<Handle, Native> {
  readonly name: string
  readonly handle: (hot: Hot, key: string) => Handle & { toJS(): PromiseLike<unknown> } & AsyncIterable<unknown>
  readonly native: () => Native
  readonly commands: Readonly<Record<string, fc.Arbitrary<Step<Handle, Native>>>>
  /** The whole state as `for await` gives it, in any order that `comparable` undoes. */
  readonly items: (native: Native) => unknown
  readonly comparable: (items: unknown[]) => unknown
  /** The same out of toJS(). */
  readonly fromJS: (js: unknown) => unknown
}

/** The library refuses where the native value would not. */
export class Refused extends Error {
  constructor(readonly by: string) {
    super(by)
  }
}

type Arbitraries<Args extends unknown[]> = { [Index in keyof Args]: fc.Arbitrary<Args[Index]> }

/** Makes the rows of a type's table of commands. */
export function commandsOf<Handle, Native>() {
  const maker =
    (kind: Step<Handle, Native>['kind']) =>
    <Args extends unknown[]>(
      arbitraries: Arbitraries<Args>,
      onHandle: (handle: Handle, args: Args, scene: Scene<Native>) => unknown,
      onNative: (native: Native, args: Args) => unknown,
      applies?: (native: Native) => boolean
    ): fc.Arbitrary<Step<Handle, Native>> =>
      fc.tuple<Args>(...arbitraries).map(args => ({
        kind,
        args,
        onHandle: (handle, scene) => onHandle(handle, args, scene),
        onNative: native => onNative(native, args),
        applies
      }))
  return {
    /** A method, or a property that is read: its result is compared. */
    call: maker('call'),
    /** An assignment or `delete`: what it fails with is compared when the sequence ends. */
    assignment: maker('assignment'),
    /** A `for await` to the end: its items are compared. */
    stream: maker('stream')
  }
}

const LONGEST = 50

/** Random sequences of a type's commands. */
export function sequenceOf<Handle, Native>(
  type: OracleType<Handle, Native>
): fc.Arbitrary<NamedStep<Handle, Native>[]> {
  const steps = Object.entries(type.commands).map(([name, step]) =>
    step.map(made => ({ ...made, name, [fc.toStringMethod]: () => `${name} ${fc.stringify(made.args)}` }))
  )
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength: LONGEST, size: 'max' })
}

/** The items of a `for await`. */
export async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Values that come again and again, so that they are found, and any others. */
export const someJson = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<readonly [] | string | number | { b: number; a: null }>('a', '1', 1, '😀') },
  { weight: 1, arbitrary: fc.constantFrom({ b: 1, a: null }, { a: null, b: 1 }, [], [[1]], null, true) },
  { weight: 3, arbitrary: anyJson }
)

/** Numbers and texts, which sort. */
export const someSortable = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(10, 9, '10', '9', 'a', 'B', 'é', '😀', '\uffff', '\ud800', '') },
  { weight: 2, arbitrary: anyNumber },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) }
)

/** Text that is the same for equal JSON values. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part
  )

/** Whether two values are the same value in JSON. */
export const same = (one: unknown, other: unknown): boolean => textOf(one) === textOf(other)

/** The same items in an order of their own, for what has none. */
export const unordered = <T>(items: Iterable<T>): T[] =>
  [...items].sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
