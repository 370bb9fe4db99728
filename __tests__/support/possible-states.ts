import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'
import { ConnectionError, HotError } from '../../src/index.js'
import { Refused, type NamedStep, type OracleType, type Step } from './oracle.js'

/** What became of a call: its value, or its error. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A step that was made, and what became of it. */
export interface Made<Handle, Native> {
  readonly step: NamedStep<Handle, Native>
  readonly outcome: Outcome
}

/** Errors of Redis that mean that nothing was applied; those that are thrown on purpose say so. */
const NOT_APPLIED = /\b(?:OOM|NOSCRIPT|READONLY|LOADING|BUSY|EXECABORT)\b/

/** Tells states apart, -0 from 0 too. */
const EVERYTHING = { depth: Infinity, maxArrayLength: null, maxStringLength: null, sorted: true } as const

/** How many states to keep; a sequence in which more are possible says too little. */
const MOST_STATES = 64

/** How many groups of calls an error shows. */
const LAST_GROUPS = 5

/**
 * All native states that Redis may be in by what it has answered: a write whose outcome is unknown leaves two. Each is told
 * by the steps that lead to it.
 */
export class PossibleStates<Handle, Native> {
  readonly #groups: string[] = []
  #histories: (readonly Step<Handle, Native>[])[] = [[]]

  constructor(private readonly type: OracleType<Handle, Native>) {}

  get states(): Native[] {
    return this.#histories.map(history => this.#stateAfter(history))
  }

  /** Whether the states have become too many to say anything. */
  get tooMany(): boolean {
    return this.#histories.length > MOST_STATES
  }

  /** Takes the outcomes of calls that were made one after another without waiting. */
  record(group: readonly Made<Handle, Native>[]): void {
    // A read that is asked again may see writes after it whose outcome is unknown.
    const unknowns = group.filter(({ outcome }) => isUnknown(outcome)).map(({ step }) => step)
    this.#groups.push(group.map(describe).join(', '))
    for (const made of group) {
      const next = this.#histories.flatMap(history => this.#after(history, made, unknowns))
      assert.ok(next.length > 0, this.#contradiction(made))
      this.#histories = this.#distinct(next)
    }
  }

  #contradiction(made: Made<Handle, Native>): string {
    const states = inspect(this.states.map(this.type.items), EVERYTHING)
    return `${describe(made)} fits none of ${states}; the last calls:\n${this.#groups.slice(-LAST_GROUPS).join('\n')}`
  }

  /** Compares the end state. */
  end(actual: unknown): void {
    const possible = this.states.map(state => this.type.items(state))
    assert.ok(
      possible.some(state => isDeepStrictEqual(state, actual)),
      `the end state ${inspect(actual)} is none of ${inspect(possible)}`
    )
  }

  #after(
    history: readonly Step<Handle, Native>[],
    { step, outcome }: Made<Handle, Native>,
    unknowns: readonly Step<Handle, Native>[]
  ): (readonly Step<Handle, Native>[])[] {
    const applied = [...history, step]
    if (step.kind === 'assignment' && 'value' in outcome) {
      return 'error' in this.#resultOf(history, step) ? [] : [applied]
    }
    if (isUnknown(outcome)) return [history, applied]
    if (fits(this.#resultOf(history, step), outcome)) return [applied]
    if (isNotApplied(outcome)) return [history]
    const seenLater = subsequences(unknowns).some(later => fits(this.#resultOf([...history, ...later], step), outcome))
    return seenLater ? [applied] : []
  }

  #stateAfter(history: readonly Step<Handle, Native>[]): Native {
    const state = this.type.native()
    for (const step of history) expectedOf(() => step.onNative(state))
    return state
  }

  #resultOf(history: readonly Step<Handle, Native>[], step: Step<Handle, Native>): Outcome {
    const state = this.#stateAfter(history)
    return expectedOf(() => step.onNative(state))
  }

  #distinct(histories: readonly (readonly Step<Handle, Native>[])[]): (readonly Step<Handle, Native>[])[] {
    const byState = new Map(
      histories.map(history => [inspect(this.type.items(this.#stateAfter(history)), EVERYTHING), history] as const)
    )
    return [...byState.values()]
  }
}

export function expectedOf(call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (error) {
    if (error instanceof Refused) return { error: error.by }
    throw error
  }
}

function fits(expected: Outcome, actual: Outcome): boolean {
  if ('error' in expected) return 'error' in actual && nameOf(actual.error) === expected.error
  if ('error' in actual) return false
  return isDeepStrictEqual(actual.value, expected.value)
}

function isUnknown(outcome: Outcome): boolean {
  return 'error' in outcome && outcome.error instanceof ConnectionError && outcome.error.outcome === 'unknown'
}

function isNotApplied(outcome: Outcome): boolean {
  if (!('error' in outcome)) return false
  const { error } = outcome
  if (error instanceof ConnectionError) return error.outcome === 'not-sent'
  return error instanceof HotError && NOT_APPLIED.test(error.message)
}

/** All selections of some, in their order. */
function subsequences<T>(some: readonly T[]): T[][] {
  return some.reduce<T[][]>((all, one) => [...all, ...all.map(chosen => [...chosen, one])], [[]])
}

function describe<Handle, Native>({ step, outcome }: Made<Handle, Native>): string {
  const result = 'error' in outcome ? `failing with ${String(outcome.error)}` : `resulting in ${inspect(outcome.value)}`
  return `${step.name}(${inspect(step.args)}) ${result}`
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
