import { afterAll, describe, test } from '@jest/globals'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { createHot, type Hot } from '../../src/index.js'
import { collect, sequenceOf, type NamedStep, type OracleType } from '../support/oracle.js'
import { ownServer } from '../support/own-server.js'
import { expectedOf, type Outcome } from '../support/possible-states.js'
import { inLane } from '../support/runs.js'
import { ofAllTypes } from '../types/all-types.js'

const sequences = inLane(200, 5_000)
const LONGEST_CHAIN = 8

const own = await ownServer()
const onError = () => undefined
const fused = createHot({ url: own.url, onError })
const single = createHot({ url: own.url, onError, fusion: false })

afterAll(async () => {
  await Promise.all([fused.close(), single.close()])
  await own.close()
})

describe(`Several chains of calls on one handle (${sequences} sequences), each as long as it takes:`, () => {
  const tests = ofAllTypes(type => ({ name: type.name, run: () => playAll(type) }))
  test.each(tests)('$name gives the same results with and without fusion, and the same end state', async ({ run }) => {
    await run()
  })
})

async function playAll<Handle, Native>(type: OracleType<Handle, Native>): Promise<void> {
  const chain = sequenceOf(type).map(steps => steps.slice(0, LONGEST_CHAIN).filter(({ kind }) => kind !== 'stream'))
  const chains = fc.array(chain, { minLength: 2, maxLength: 4 })
  let run = 0
  const property = fc.asyncProperty(
    chains,
    fc.boolean(),
    fc.boolean(),
    fc.array(fc.nat(5)),
    async (given, fusion, flush, hops) => {
      const hot = fusion ? fused : single
      const keys: [string, ...string[]] = [`chains:{${type.name}:${++run}}`]
      await play({ hot, type, keys, chains: given, hops, flush })
      await Promise.all(keys.map(key => hot.list(key).clear()))
    }
  )
  await fc.assert(property, { numRuns: sequences })
}

interface Play<Handle, Native> {
  readonly hot: Hot
  readonly type: OracleType<Handle, Native>
  readonly keys: [string, ...string[]]
  readonly chains: readonly (readonly NamedStep<Handle, Native>[])[]
  /** How many turns of the microtask queue a chain takes between two calls; 5 to await the call. */
  readonly hops: readonly number[]
  /** Whether Redis is made to forget its scripts meanwhile. */
  readonly flush: boolean
}

/** Whatever order the chains' calls come in, each has the result that it has natively at that place. */
async function play<Handle, Native>({ hot, type, keys, chains, hops, flush }: Play<Handle, Native>): Promise<void> {
  const handle = type.handle(hot, keys[0])
  const native = type.native()
  const results: Promise<{ actual: Outcome; expected: Outcome; step: string }>[] = []
  const newKey = () => {
    const key = `${keys[0]}:${keys.length}`
    keys.push(key)
    return key
  }
  let turn = 0

  const playChain = async (steps: readonly NamedStep<Handle, Native>[]) => {
    for (const step of steps) {
      if (step.applies?.(native) === false) continue
      const answer = step.onHandle(handle, { hot, before: native, newKey })
      const expected = expectedOf(() => step.onNative(native))
      const outcome = step.kind === 'assignment' ? Promise.resolve(expected) : outcomeOf(answer)
      results.push(outcome.then(actual => ({ actual, expected, step: step.name })))
      const hop = hops[turn++ % hops.length] ?? 0
      if (hop === 5) await outcome
      else for (let at = 0; at < hop; at++) await Promise.resolve()
    }
  }

  await Promise.all([...chains.map(playChain), flush && own.raw('SCRIPT', 'FLUSH')])
  for (const { actual, expected, step } of await Promise.all(results)) {
    assert.deepStrictEqual({ step, ...actual }, { step, ...expected })
  }
  await hot.flush()
  assert.deepStrictEqual(
    type.comparable(await collect(handle)),
    type.items(native),
    'for await is not the native value'
  )
}

async function outcomeOf(answer: unknown): Promise<Outcome> {
  try {
    return { value: await answer }
  } catch (error) {
    return { error: error instanceof Error ? error.name : typeof error }
  }
}
