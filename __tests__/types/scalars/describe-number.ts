import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { HotFloat, HotInt } from '../../../src/index.js'
import { backends, type Backend } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { describeOracle } from '../../support/describe-oracle.js'
import { Refused } from '../../support/oracle.js'
import { scaled } from '../../support/runs.js'
import type { Expected, NumberType } from './number-type.js'

/** So many random pairs for each operation, and those of edges; many of them in `npm run soak`. */
const RANDOM_PAIRS = scaled(200)

/** Holds a kind of numbers against the language: pairs of operands for each operation, and sequences of calls. */
export function describeNumber<Handle extends HotInt | HotFloat>(type: NumberType<Handle>): void {
  describe.each(backends)(`${type.name} on $name`, backend => describePairs(type, backend))
  describeOracle(type.oracle)
}

/**
 * A number is stored, the operation called with another; the result and the text in Redis are compared with what the
 * language gives. Nothing is awaited in between: each pair has a key of its own.
 */
function describePairs<Handle extends HotInt | HotFloat>(
  { name, make, edges, number, normal, textOf, operations }: NumberType<Handle>,
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
