import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import type { Hot } from '../../src/index.js'
import { anyJson, anyNumber } from './arbitraries.js'
import { backends } from './backends.js'
import { scaled } from './runs.js'

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
  /** Whether the call is to be made at all. */
  readonly applies: (native: Native) => boolean
}

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
      applies: (native: Native) => boolean = () => true
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

type Named<Handle, Native> = Step<Handle, Native> & { readonly name: string }

const sequences = scaled(50)
const longest = 50

/**
 * The language is the oracle: random sequences of calls on the handle and on the native value, each result and the end
 * state compared. Half of the sequences await every call, the others only the last: the order of calls is promised.
 */
export function describeOracle<Handle, Native>(type: OracleType<Handle, Native>): void {
  describe.each(backends)(`${type.name} on $name`, ({ createHot }) => {
    test(`${sequences} random sequences of calls give the same results and the same end state`, async () => {
      const failures: string[] = []
      const hot = createHot({ onError: error => failures.push(nameOf(error)) })
      const used = new Set<string>()
      let run = 0
      const property = fc.asyncProperty(sequenceOf(type), fc.boolean(), async (steps, awaitEach) => {
        const keys: [string, ...string[]] = [`oracle:{${type.name}:${++run}}`]
        failures.length = 0
        const refused = await play({ type, hot, keys, steps, awaitEach, used })
        await hot.flush()
        assert.deepStrictEqual(failures, refused, 'assignments failed otherwise than they should')
        await Promise.all(keys.map(key => hot.list(key).clear()))
      })
      const unused = () => Object.keys(type.commands).filter(name => !used.has(name))
      await fc.assert(property, { numRuns: sequences })
      // What few states allow may not have come up yet.
      for (let more = 0; more < 5 && unused().length > 0; more++) await fc.assert(property, { numRuns: sequences })
      expect(unused()).toEqual([])
    })
  })
}

function sequenceOf<Handle, Native>(type: OracleType<Handle, Native>): fc.Arbitrary<Named<Handle, Native>[]> {
  const steps = Object.entries(type.commands).map(([name, step]) =>
    step.map(made => ({ ...made, name, [fc.toStringMethod]: () => `${name} ${fc.stringify(made.args)}` }))
  )
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength: longest, size: 'max' })
}

interface Play<Handle, Native> {
  readonly type: OracleType<Handle, Native>
  readonly hot: Hot
  /** The key of the handle; those of other handles join it. */
  readonly keys: [string, ...string[]]
  readonly steps: readonly Named<Handle, Native>[]
  readonly awaitEach: boolean
  readonly used: Set<string>
}

/** Plays one sequence and compares; returns how its assignments were to fail. */
async function play<Handle, Native>({ type, hot, keys, steps, awaitEach, used }: Play<Handle, Native>) {
  const handle = type.handle(hot, keys[0])
  const native = type.native()
  const refused: string[] = []
  const answers: Promise<unknown>[] = []
  const expected: unknown[] = []
  const newKey = () => {
    const key = `${keys[0]}:${keys.length}`
    keys.push(key)
    return key
  }
  const scene = { hot, before: native, newKey }

  for (const [index, step] of steps.entries()) {
    if (!step.applies(native)) continue
    used.add(step.name)
    const what = { index, step: step.name }
    // A page that is fetched later would see the calls that follow, so a stream is not left behind.
    if (step.kind === 'stream') await Promise.all(answers)
    const answer = step.onHandle(handle, scene)
    if (step.kind === 'assignment') {
      const outcome = expectedOf(() => step.onNative(native))
      if ('error' in outcome) refused.push(outcome.error)
      continue
    }
    const outcome = outcomeOf(
      step.kind === 'stream' ? collect(answer as AsyncIterable<unknown>).then(type.comparable) : answer
    )
    answers.push(outcome.then(actual => ({ ...what, ...actual })))
    if (awaitEach || step.kind === 'stream') await outcome
    expected.push({ ...what, ...expectedOf(() => step.onNative(native)) })
  }

  const end = handle.toJS()
  assert.deepStrictEqual(await Promise.all(answers), expected)
  assert.deepStrictEqual(type.fromJS(await end), type.items(native), 'toJS() is not the native value')
  assert.deepStrictEqual(
    type.comparable(await collect(handle)),
    type.items(native),
    'for await is not the native value'
  )
  return refused
}

type Outcome = { readonly value: unknown } | { readonly error: string }

async function outcomeOf(answer: unknown): Promise<Outcome> {
  try {
    return { value: await answer }
  } catch (error) {
    return { error: nameOf(error) }
  }
}

function expectedOf(call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (error) {
    if (error instanceof Refused) return { error: error.by }
    throw error
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
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
