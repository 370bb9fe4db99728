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
          const expected = { step: step.name, ...expectedOf(() => step.onNative(native)) }
          if (step.kind === 'assignment') {
            if ('error' in expected) chunk.refused++
          } else if (manner === 'returned' && step.kind === 'call' && !('error' in expected)) {
            chunk.raw.push(answer, expected)
          } else {
            const isStream = step.kind === 'stream'
            const asked = isStream ? collect(answer as AsyncIterable<unknown>).then(type.comparable) : answer
            const outcome = outcomeOf(asked)
            chunk.answers.push(outcome)
            chunk.expected.push(expected)
            if (manner === 'awaited' || isStream) await outcome
          }
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
  if (refused > 0) {
    assert.ok(isTransactionError(whole), `${name}: what was not awaited and failed has to fail the transaction`)
    return
  }
  if ('error' in whole) throw whole.error
  const given = whole.value as unknown[]
  for (let at = 0; at < raw.length; at += 2) {
    const { step } = raw[at + 1] as { step: string }
    assert.deepStrictEqual({ step, value: given[at] }, raw[at + 1])
  }
}

function isTransactionError(outcome: Outcome): boolean {
  return 'error' in outcome && outcome.error instanceof TransactionError
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
