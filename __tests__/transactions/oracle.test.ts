import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { TransactionError, type Hot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { collect, sequenceOf, type NamedStep, type OracleType } from '../support/oracle.js'
import { expectedOf, type Outcome } from '../support/possible-states.js'
import { scaled } from '../support/runs.js'
import { ofAllTypes } from '../types/all-types.js'

const sequences = scaled(20)

/** How the results of calls are asked for: one after another, all at once, or by returning them. */
type Manner = 'awaited' | 'together' | 'returned'

/** Cuts a sequence in transactions of 1 to 10 calls. */
function chunksOf<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  const chunks: T[][] = []
  for (let at = 0, index = 0; at < items.length; index++) {
    const size = sizes[index % sizes.length] as number
    chunks.push(items.slice(at, at + size))
    at += size
  }
  return chunks
}

/** What the outcomes of a chunk are, and what they should be. */
interface Chunk {
  readonly answers: Promise<Outcome>[]
  readonly raw: unknown[]
  readonly expected: (Outcome & { readonly step: string })[]
  /** Assignments that were to fail. */
  refused: number
}

describe('Random sequences of calls inside transactions give what the language gives:', () => {
  describe.each(backends)('on $name', ({ createHot }) => {
    const hot = createHot({ onError: () => undefined })
    const tests = ofAllTypes(type => ({ name: type.name, run: () => playAll(hot, type) }))
    test.each(tests)('$name', async ({ run }) => {
      await run()
    })
  })
})

async function playAll<Handle, Native>(hot: Hot, type: OracleType<Handle, Native>): Promise<void> {
  const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 8 })
  const manner = fc.constantFrom<Manner>('awaited', 'together', 'returned')
  let run = 0
  const property = fc.asyncProperty(sequenceOf(type), sizes, manner, async (steps, cuts, how) => {
    const keys: [string, ...string[]] = [`oracle in transactions:{${type.name}:${++run}}`]
    await play(hot, type, keys, chunksOf(steps, cuts), how)
    await Promise.all(keys.map(key => hot.list(key).clear()))
  })
  await fc.assert(property, { numRuns: sequences })
}

async function play<Handle, Native>(
  hot: Hot,
  type: OracleType<Handle, Native>,
  keys: [string, ...string[]],
  chunks: readonly (readonly NamedStep<Handle, Native>[])[],
  manner: Manner
): Promise<void> {
  const handle = type.handle(hot, keys[0])
  const native = type.native()
  const newKey = () => {
    const key = `${keys[0]}:${keys.length}`
    keys.push(key)
    return key
  }
  for (const steps of chunks) {
    let chunk: Chunk = { answers: [], raw: [], expected: [], refused: 0 }
    const whole = await outcomeOf(
      hot.transaction(async () => {
        chunk = { answers: [], raw: [], expected: [], refused: 0 }
        for (const step of steps) {
          if (step.applies?.(native) === false) continue
          const answer = step.onHandle(handle, { hot, before: native, newKey })
          const asked =
            step.kind === 'stream' ? collect(answer as AsyncIterable<unknown>).then(type.comparable) : answer
          const outcome = manner === 'returned' && step.kind !== 'stream' ? undefined : outcomeOf(asked)
          if (step.kind === 'assignment') {
            if ('error' in expectedOf(() => step.onNative(native))) chunk.refused++
            continue
          }
          if (outcome) chunk.answers.push(outcome)
          else chunk.raw.push(asked)
          if (manner === 'awaited' || step.kind === 'stream') await outcome
          if (outcome) chunk.expected.push({ step: step.name, ...expectedOf(() => step.onNative(native)) })
          else chunk.raw.push(expectedOf(() => step.onNative(native)))
        }
        const inside = await Promise.all(chunk.answers)
        assert.deepStrictEqual(
          inside.map((outcome, index) => ({ step: chunk.expected[index]?.step, ...outcome })),
          chunk.expected
        )
        return chunk.raw
      })
    )
    check(whole, chunk, type.name)
    assert.deepStrictEqual(type.fromJS(await handle.toJS()), type.items(native), 'toJS() is not the native value')
  }
}

/** What was returned is compared pair by pair: the result, and what it should be. */
function check(whole: Outcome, { raw, refused }: Chunk, name: string): void {
  const expected = raw.filter((_, index) => index % 2 === 1) as Outcome[]
  if (refused > 0 || expected.some(outcome => 'error' in outcome)) {
    assert.ok('error' in whole, `${name}: what was not awaited and failed has to fail the transaction`)
    return
  }
  if ('error' in whole) throw whole.error
  const results = (whole.value as unknown[]).filter((_, index) => index % 2 === 0)
  assert.deepStrictEqual(
    results.map(value => ({ value })),
    expected
  )
}

async function outcomeOf(answer: unknown): Promise<Outcome> {
  try {
    return { value: await answer }
  } catch (error) {
    if (error instanceof assert.AssertionError) return { error }
    return { error: error instanceof TransactionError ? error : nameOf(error) }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

test('Sequences are cut in chunks', () => {
  expect(chunksOf([1, 2, 3, 4, 5], [1, 3])).toEqual([[1], [2, 3, 4], [5]])
})
