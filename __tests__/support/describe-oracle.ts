import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import type { Hot } from '../../src/index.js'
import { backends } from './backends.js'
import { FaultyPlay } from './faulty-play.js'
import { collect, sequenceOf, type NamedStep, type OracleType } from './oracle.js'
import { expectedOf, type Outcome } from './possible-states.js'
import { inLane, scaled } from './runs.js'
import { underFaults } from './under-faults.js'

const sequences = scaled(50)
const seeds = inLane(50, 2_000)

/**
 * The language is the oracle: random sequences of calls on the handle and on the native value, each result and the end
 * state compared. Half of the sequences await every call, the others only the last: the order of calls is promised. Half of
 * them have their calls fused, and half not.
 */
export function describeOracle<Handle, Native>(type: OracleType<Handle, Native>): void {
  describe.each(backends)(`${type.name} on $name`, ({ createHot, provider }) => {
    test(`${sequences} random sequences of calls give the same results and the same end state`, async () => {
      const failures: string[] = []
      const onError = (error: unknown) => failures.push(nameOf(error))
      const [fused, single] = [createHot({ onError }), createHot({ onError, fusion: false })]
      const used = new Set<string>()
      let run = 0
      const property = fc.asyncProperty(
        sequenceOf(type),
        fc.boolean(),
        fc.boolean(),
        async (steps, awaitEach, fusion) => {
          const hot = fusion ? fused : single
          const keys: [string, ...string[]] = [`oracle:{${type.name}:${++run}}`]
          failures.length = 0
          const refused = await play({ type, hot, keys, steps, awaitEach, used })
          await hot.flush()
          assert.deepStrictEqual(failures, refused, 'assignments failed otherwise than they should')
          await Promise.all(keys.map(key => hot.list(key).clear()))
        }
      )
      const unused = () => Object.keys(type.commands).filter(name => !used.has(name))
      await fc.assert(property, { numRuns: sequences })
      // What few states allow may not have come up yet.
      for (let more = 0; more < 5 && unused().length > 0; more++) await fc.assert(property, { numRuns: sequences })
      expect(unused()).toEqual([])
    })

    test(`${seeds} random sequences under faults lose and repeat no write that was answered`, async () => {
      await underFaults(seeds, provider, (environment, seed) => new FaultyPlay(type, environment, seed))
    })
  })
}

interface Play<Handle, Native> {
  readonly type: OracleType<Handle, Native>
  readonly hot: Hot
  /** The key of the handle; those of other handles join it. */
  readonly keys: [string, ...string[]]
  readonly steps: readonly NamedStep<Handle, Native>[]
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
    if (step.applies?.(native) === false) continue
    used.add(step.name)
    const what = { index, step: step.name }
    // A page that is fetched later would see the calls that follow, so a stream is not left behind.
    if (step.kind === 'stream') await Promise.all(answers)
    const answer = step.onHandle(handle, scene)
    if (step.kind === 'assignment') {
      const outcome = expectedOf(() => step.onNative(native))
      if ('error' in outcome) refused.push(outcome.error as string)
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

async function outcomeOf(answer: unknown): Promise<Outcome> {
  try {
    return { value: await answer }
  } catch (error) {
    return { error: nameOf(error) }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
