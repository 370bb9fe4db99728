import fc from 'fast-check'
import assert from 'node:assert/strict'
import type { ClientProvider } from '../../src/clients/port.js'
import type { Hot } from '../../src/index.js'
import { faultyHot } from './faulty-client.js'
import { collect, sequenceOf, type NamedStep, type OracleType, type Scene } from './oracle.js'
import { PossibleStates, type Made, type Outcome } from './possible-states.js'
import { Random } from './random.js'

/** No call takes longer, whatever goes wrong. */
const LIMIT = 20_000

const MOST_TOGETHER = 5

/** Sequences mostly wait for connections. */
const AT_A_TIME = 20

/** The result of an assignment: it has none. */
const NO_RESULT: Outcome = { value: undefined }

/** A step that can't be made here; it has sent nothing. */
class Skipped extends Error {}

/** The seeds to play; HOT_TEST_SEED repeats one that failed. */
export function chosenSeeds(count: number): number[] {
  const chosen = process.env['HOT_TEST_SEED']
  return chosen === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(chosen)]
}

/**
 * Plays a random sequence for each seed, on connections that fail as the seed has it, some calls one by one and some
 * together. What was answered must be what a native value answers that is in one of the states that are possible by all
 * answers so far.
 */
export async function allUnderFaults<Handle, Native>(
  type: OracleType<Handle, Native>,
  provider: () => ClientProvider,
  seeds: number[]
): Promise<void> {
  await forEachSeed(seeds, async seed => new FaultyPlay(type, provider(), seed).run())
}

/** Runs something for each seed; fails with the seed that it failed for, and when a rejection is left unhandled. */
export async function forEachSeed(seeds: number[], run: (seed: number) => Promise<void>): Promise<void> {
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  const runNext = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      await run(seed).catch((error: unknown) => {
        throw new Error(`HOT_TEST_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, runNext))
    assert.deepStrictEqual(unhandled, [], 'rejections were left unhandled')
  } finally {
    process.off('unhandledRejection', onUnhandled)
  }
}

class FaultyPlay<Handle, Native> {
  readonly #random: Random
  readonly #faults: ReturnType<typeof faultyHot>['faults']
  readonly #hot: Hot
  readonly #handle: ReturnType<OracleType<Handle, Native>['handle']>
  readonly #possible: PossibleStates<Handle, Native>
  readonly #steps: readonly NamedStep<Handle, Native>[]
  #assignmentErrors: unknown[] = []

  constructor(
    private readonly type: OracleType<Handle, Native>,
    provider: ClientProvider,
    seed: number
  ) {
    this.#random = new Random(seed)
    const { hot, faults } = faultyHot(provider, this.#random, error => void this.#assignmentErrors.push(error))
    this.#hot = hot
    this.#faults = faults
    this.#handle = type.handle(this.#hot, `faults:{${type.name}:${seed}:${Math.random()}}`)
    this.#possible = new PossibleStates(type)
    this.#steps = fc.sample(sequenceOf(type), { seed, numRuns: 1 })[0] ?? []
  }

  async run(): Promise<void> {
    const waiting = [...this.#steps]
    while (waiting.length > 0 && !this.#possible.tooMany) {
      const together = this.#random.chance(0.5) ? 1 : 1 + this.#random.upTo(MOST_TOGETHER - 1)
      await this.#make(waiting.splice(0, together))
    }
    this.#faults.end()
    const end = await inTime('toJS() at the end', outcomeOf(this.#handle.toJS()))
    // What went wrong before the end may have cost this its connection.
    const settled = 'error' in end ? await inTime('toJS() again', outcomeOf(this.#handle.toJS())) : end
    if ('error' in settled) throw settled.error
    this.#possible.end(this.type.fromJS(settled.value))
    await inTime('close()', this.#hot.close())
    assert.equal(this.#faults.open, 0, 'connections were left open')
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
      const answer = this.#start(step, made.length === 0)
      if (answer === undefined) continue
      made.push({ step, outcome: step.kind === 'assignment' ? undefined : answer })
      if (alone) await this.#record(made.splice(0))
    }
    await this.#record(made)
  }

  #start(step: NamedStep<Handle, Native>, first: boolean): Promise<Outcome> | undefined {
    const [before, ...others] = first ? this.#possible.states : []
    const scene: Scene<Native> = {
      get hot(): never {
        throw new Skipped()
      },
      newKey: () => {
        throw new Skipped()
      },
      get before() {
        if (!before || others.length > 0) throw new Skipped()
        return before
      }
    }
    try {
      const answer = step.onHandle(this.#handle, scene)
      return outcomeOf(step.kind === 'stream' ? this.#streamed(answer as AsyncIterable<unknown>) : answer)
    } catch (error) {
      if (error instanceof Skipped) return undefined
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

/** Fails when something takes longer than any call may. */
export async function inTime<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hung for more than ${LIMIT} ms`)), LIMIT)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
