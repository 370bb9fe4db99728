import type { HotDict, HotInt, HotList, HotQueue, HotSet, HotString, Hot } from '../../src/index.js'

/** One call: what it is, and its argument. */
export type Call = readonly [name: CallName, argument: number]

/** What a call gave; undefined when nobody knows. */
export type Answer = { readonly value: unknown } | { readonly error: string } | undefined

/** Calls in a row, with what they gave; `dropped` ones were taken back. */
export interface Group {
  readonly calls: readonly Call[]
  readonly answers: Answer[]
  readonly dropped: boolean
}

/** A transaction: what it called, on which of the sets of keys. */
export interface Done {
  readonly world: number
  readonly groups: readonly Group[]
  /** Why it failed, if it did. */
  readonly failed: string | undefined
}

/** How many sets of keys there are. */
export const WORLDS = 4

/** One handle of each kind, in one slot. */
export interface Handles {
  readonly int: HotInt
  readonly text: HotString
  readonly list: HotList<number>
  readonly set: HotSet<number>
  readonly dict: HotDict<Record<string, number>>
  readonly queue: HotQueue<number>
}

export function handlesOf(hot: Hot, tag: string): Handles {
  return {
    int: hot.int(`${tag}:int`),
    text: hot.string(`${tag}:text`),
    list: hot.list(`${tag}:list`),
    set: hot.set(`${tag}:set`),
    dict: hot.dict(`${tag}:dict`),
    queue: hot.queue(`${tag}:queue`)
  }
}

/** The same values in JavaScript. */
export interface Model {
  int: number
  text: string
  list: number[]
  set: Set<number>
  dict: Map<string, number>
  queue: number[]
}

export const emptyModel = (): Model => ({ int: 0, text: '', list: [], set: new Set(), dict: new Map(), queue: [] })

interface Behaviour {
  readonly call: (handles: Handles, argument: number) => Promise<unknown>
  /** What it has to give; a call that chooses at random is told what it has given. */
  readonly model: (model: Model, argument: number, given: unknown) => unknown
}

class Empty extends Error {
  override readonly name = 'QueueEmptyError'
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((one, two) => one - two)

export const behaviours = {
  'int.increment': {
    call: ({ int }, by) => int.increment(by),
    model: (model, by) => (model.int += by)
  },
  'int.value': { call: ({ int }) => int.value, model: ({ int }) => int },
  'text.append': {
    call: ({ text }, n) => text.append(`a${n}`),
    model: (model, n) => void (model.text = (model.text + `a${n}`).slice(0))
  },
  'text.toUpperCase': {
    call: ({ text }) => text.toUpperCase(),
    model: model => void (model.text = model.text.toUpperCase())
  },
  'text.splice': {
    call: ({ text }, n) => text.splice(n, 3, 'é'),
    model: (model, n) => void (model.text = model.text.slice(0, n) + 'é' + model.text.slice(n + 3))
  },
  'text.value': { call: ({ text }) => text.value, model: ({ text }) => text },
  'list.push': { call: ({ list }, n) => list.push(n), model: ({ list }, n) => list.push(n) },
  'list.shift': { call: ({ list }) => list.shift(), model: ({ list }) => list.shift() },
  'list.reverse': { call: ({ list }) => list.reverse(), model: ({ list }) => void list.reverse() },
  'list.toJS': { call: ({ list }) => list.toJS(), model: ({ list }) => [...list] },
  'set.add': {
    call: ({ set }, n) => set.add(n),
    model: ({ set }, n) => (set.has(n) ? 0 : set.add(n) && 1)
  },
  'set.pop': {
    call: ({ set }) => set.pop(),
    model: ({ set }, _, given) => (set.size === 0 ? undefined : set.delete(given as number) ? given : 'a member')
  },
  'set.toJS': { call: async ({ set }) => sorted(await set.toJS()), model: ({ set }) => sorted(set) },
  'dict.increment': {
    call: ({ dict }, n) => dict.increment(`f${n % 3}`, n),
    model: ({ dict }, n) => dict.set(`f${n % 3}`, (dict.get(`f${n % 3}`) ?? 0) + n).get(`f${n % 3}`)
  },
  'dict.delete': { call: ({ dict }, n) => dict.delete(`f${n % 3}`), model: ({ dict }, n) => dict.delete(`f${n % 3}`) },
  'dict.size': { call: ({ dict }) => dict.size, model: ({ dict }) => dict.size },
  'queue.putNowait': { call: ({ queue }, n) => queue.putNowait(n), model: ({ queue }, n) => void queue.push(n) },
  'queue.getNowait': {
    call: ({ queue }) => queue.getNowait(),
    model: ({ queue }) => {
      if (queue.length === 0) throw new Empty()
      return queue.shift()
    }
  },
  'queue.size': { call: ({ queue }) => queue.size, model: ({ queue }) => queue.length }
} satisfies Record<string, Behaviour>

export type CallName = keyof typeof behaviours

/** Applies groups to the model; returns what was answered otherwise. */
export function violations(model: Model, groups: readonly Group[]): string[] {
  return groups.flatMap(({ calls, answers, dropped }) => {
    const before = dropped ? structuredClone(model) : undefined
    const wrong = calls.flatMap(([name, argument], index) => {
      const given = answers[index]
      const value = given && 'value' in given ? given.value : undefined
      const expected = expectedOf(() => (behaviours[name] as Behaviour).model(model, argument, value))
      const same = given === undefined || JSON.stringify(given) === JSON.stringify(expected)
      return same ? [] : [`${name}(${argument}) gave ${JSON.stringify(given)} instead of ${JSON.stringify(expected)}`]
    })
    if (before) Object.assign(model, before)
    return wrong
  })
}

function expectedOf(act: () => unknown): Answer {
  try {
    return { value: act() }
  } catch (error) {
    return { error: (error as Error).name }
  }
}
