import fc from 'fast-check'
import assert from 'node:assert/strict'
import type { Hot } from '../../src/index.js'
import { closeAll, inTime, readAfterFaults, type FaultyEnvironment, type FaultyProgram } from './faulty-program.js'
import { collect, sequenceOf, type NamedStep, type OracleType, type Scene } from './oracle.js'
import { PossibleStates, type Made, type Outcome } from './possible-states.js'

const MOST_TOGETHER = 5

/** The result of an assignment: it has none. */
const NO_RESULT: Outcome = { value: undefined }

/** A step that can't be made here; it has sent nothing. */
class Skipped extends Error {}

/**
 * A random sequence of calls on one handle, some made one by one and some together. What was answered must be what a native
 * value answers that is in one of the states that are possible by all answers so far.
 */
export class FaultyPlay<Handle, Native> implements FaultyProgram {
  readonly #hot: Hot
  readonly #handle: ReturnType<OracleType<Handle, Native>['handle']>
  readonly #possible: PossibleStates<Handle, Native>
  readonly #steps: readonly NamedStep<Handle, Native>[]
  readonly #assignmentErrors: unknown[] = []

  constructor(
    private readonly type: OracleType<Handle, Native>,
    private readonly environment: FaultyEnvironment,
    seed: number
  ) {
    this.#hot = environment.createHot(error => void this.#assignmentErrors.push(error))
    this.#handle = type.handle(this.#hot, environment.newKey(type.name))
    this.#possible = new PossibleStates(type)
    this.#steps = fc.sample(sequenceOf(type), { seed, numRuns: 1 })[0] ?? []
  }

  async run(): Promise<void> {
    const { random } = this.environment
    const waiting = [...this.#steps]
    while (waiting.length > 0 && !this.#possible.tooMany) {
      const together = random.chance(0.5) ? 1 : 1 + random.upTo(MOST_TOGETHER - 1)
      await this.#make(waiting.splice(0, together))
      await this.environment.pause()
    }
  }

  async check(): Promise<void> {
    const end = await readAfterFaults('toJS()', () => this.#handle.toJS())
    this.#possible.end(this.type.fromJS(end))
    await closeAll([this.#hot])
  }

  /** Makes calls one after another without waiting, and records what became of them. */
  async #make(steps: readonly NamedStep<Handle, Native>[]): Promise<void> {
    const made: { step: NamedStep<Handle, Native>; outcome: Promise<Outcome> | undefined }[] = []
    for (const step of steps) {
      // Such a stream consumes: what it leaves leased comes back at a time of its own.
      if (step.kind === 'stream' && step.applies) continue
      const alone = step.kind === 'stream' || step.applies !== undefined
      if (alone && made.length > 0) await this.#record(made.splice(0))
      if (step.kind === 'assignment' && made.some(({ outcome }) => outcome === undefined)) continue
      if (step.applies && !this.#possible.states.every(step.applies)) continue
      const { answer, looked } = this.#start(step, made.length === 0)
      if (answer === undefined) continue
      made.push({ step, outcome: step.kind === 'assignment' ? undefined : answer })
      // What is expected of a call that was made of the state before it does not hold when it is sent again behind others.
      if (alone || looked) await this.#record(made.splice(0))
    }
    await this.#record(made)
  }

  /** `looked`: the call was made of the state before it. */
  #start(step: NamedStep<Handle, Native>, first: boolean): { answer?: Promise<Outcome>; looked: boolean } {
    let looked = false
    const [before, ...others] = first ? this.#possible.states : []
    const scene: Scene<Native> = {
      get hot(): never {
        throw new Skipped()
      },
      newKey: () => {
        throw new Skipped()
      },
      get before() {
        if (before === undefined || others.length > 0) throw new Skipped()
        looked = true
        return before
      }
    }
    try {
      const answer = step.onHandle(this.#handle, scene)
      const outcome = outcomeOf(step.kind === 'stream' ? this.#streamed(answer as AsyncIterable<unknown>) : answer)
      return { answer: outcome, looked }
    } catch (error) {
      if (error instanceof Skipped) return { looked }
      throw error
    }
  }

  async #streamed(items: AsyncIterable<unknown>): Promise<unknown> {
    return this.type.comparable(await collect(items))
  }

  async #record(
    made: readonly { step: NamedStep<Handle, Native>; outcome: Promise<Outcome> | undefined }[]
  ): Promise<void> {
    if (made.length === 0) return
    const names = made.map(({ step }) => step.name).join(', ')
    const outcomes = await inTime(names, Promise.all(made.map(async ({ outcome }) => outcome)))
    await inTime('flush()', this.#hot.flush())
    const [assignmentError, ...more] = this.#assignmentErrors.splice(0)
    assert.deepStrictEqual(more, [], 'one assignment failed more than once')
    const assigned = assignmentError === undefined ? NO_RESULT : { error: assignmentError }
    this.#possible.record(
      made
        .map(({ step }, at): Made<Handle, Native> => ({ step, outcome: outcomes[at] ?? assigned }))
        .filter(({ outcome }) => !('error' in outcome && outcome.error instanceof Skipped))
    )
  }
}

async function outcomeOf(answer: unknown): Promise<Outcome> {
  try {
    return { value: await answer }
  } catch (error) {
    return { error }
  }
}
