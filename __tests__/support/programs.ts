import fc from 'fast-check'
import { setImmediate as turn } from 'node:timers/promises'
import type { Hot, HotDict, HotList } from '../../src/index.js'

interface World {
  readonly list: HotList<number>
  readonly dict: HotDict<Record<string, number>>
}

interface Model {
  list: number[]
  readonly dict: Map<string, number>
}

/** One call, and the same on an Array and a Map. */
export interface Step {
  readonly text: string
  /** Sends the call. Assignments have no result. */
  readonly call: (world: World) => Promise<unknown> | undefined
  readonly model: (model: Model) => unknown
  /** What comes before the next call: nothing, a turn of the event loop, or the answer. */
  readonly then: 'go on' | 'turn' | 'await'
}

type Calls = Omit<Step, 'then' | 'text'>

const n = fc.integer({ min: -3, max: 9 })
const index = fc.integer({ min: -8, max: 8 })
const field = fc.constantFrom('a', 'b', 'c')
const sum = (total: number, by: number) => total + by

const pause = fc.constantFrom<Step['then'][]>('go on', 'go on', 'go on', 'turn', 'await')

const made = <T extends unknown[]>(name: string, args: fc.Arbitrary<T>, of: (...args: T) => Calls) =>
  fc.tuple(args, pause).map(([args, then]): Step => ({ ...of(...args), then, text: `${name}(${args.join()})` }))

/** Sets an item that is there; Python and Redis know no other. */
function assign(list: number[], at: number, value: number): void {
  const place = at < 0 ? list.length + at : at
  if (place >= 0 && place < list.length) list[place] = value
}

/** Removes and returns an item that is there. */
function take(list: number[], at: number): number | undefined {
  const place = at < 0 ? list.length + at : at
  return place >= 0 && place < list.length ? list.splice(place, 1)[0] : undefined
}

const steps = [
  made('push', fc.tuple(n, n), (a, b) => ({
    call: ({ list }) => list.push(a, b),
    model: ({ list }) => list.push(a, b)
  })),
  made('unshift', fc.tuple(n), a => ({ call: ({ list }) => list.unshift(a), model: ({ list }) => list.unshift(a) })),
  made('reverse', fc.tuple(), () => ({ call: ({ list }) => list.reverse(), model: ({ list }) => void list.reverse() })),
  made('insert', fc.tuple(index, n), (at, a) => ({
    call: ({ list }) => list.insert(at, a),
    model: ({ list }) => void list.splice(at, 0, a)
  })),
  made('splice', fc.tuple(index, fc.nat(3), n), (at, many, a) => ({
    call: ({ list }) => list.splice(at, many, a),
    model: ({ list }) => list.splice(at, many, a)
  })),
  made('pop', fc.tuple(index), at => ({ call: ({ list }) => list.pop(at), model: ({ list }) => take(list, at) })),
  made('sort', fc.tuple(), () => ({
    call: ({ list }) => list.sort(),
    model: ({ list }) => void list.sort((a, b) => a - b)
  })),
  made('assign', fc.tuple(index, n), (at, a) => ({
    call: ({ list }) => void (list[at] = a),
    model: ({ list }) => assign(list, at, a)
  })),
  made('length=', fc.tuple(fc.integer({ min: 3, max: 12 })), length => ({
    call: ({ list }) => void (list.length = length),
    model: ({ list }) => void list.splice(length)
  })),
  made('push many', fc.tuple(n), a => ({
    call: ({ list }) => list.push(...new Array<number>(20_000).fill(a)),
    model: ({ list }) => list.push(...new Array<number>(20_000).fill(a))
  })),
  made('truncate', fc.tuple(fc.nat(6)), length => ({
    call: ({ list }) => list.truncate(length),
    model: ({ list }) => void list.splice(length)
  })),
  made('at', fc.tuple(index), at => ({
    call: ({ list }) => list[at] as Promise<unknown>,
    model: ({ list }) => list.at(at)
  })),
  made('length', fc.tuple(), () => ({ call: ({ list }) => list.length, model: ({ list }) => list.length })),
  made('count', fc.tuple(n), a => ({
    call: ({ list }) => list.count(a),
    model: ({ list }) => list.filter(item => item === a).length
  })),
  made('set', fc.tuple(field, n), (name, a) => ({
    call: ({ dict }) => dict.set(name, a),
    model: ({ dict }) => void dict.set(name, a)
  })),
  made('field=', fc.tuple(field, n), (name, a) => ({
    call: ({ dict }) => void (dict[name] = a),
    model: ({ dict }) => void dict.set(name, a)
  })),
  made('delete field', fc.tuple(field), name => ({
    call: ({ dict }) => {
      delete dict[name]
      return undefined
    },
    model: ({ dict }) => void dict.delete(name)
  })),
  made('increment', fc.tuple(field, n), (name, by) => ({
    call: ({ dict }) => dict.increment(name, by),
    model: ({ dict }) => dict.set(name, sum(dict.get(name) ?? 0, by)).get(name)
  })),
  made('getOrInsert', fc.tuple(field, n), (name, a) => ({
    call: ({ dict }) => dict.getOrInsert(name, a),
    model: ({ dict }) => (dict.has(name) ? dict : dict.set(name, a)).get(name)
  })),
  made('field', fc.tuple(field), name => ({
    call: ({ dict }) => dict[name] as Promise<unknown>,
    model: ({ dict }) => dict.get(name)
  })),
  made('size', fc.tuple(), () => ({ call: ({ dict }) => dict.size, model: ({ dict }) => dict.size }))
]

/** Rare where it is big. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  ...steps.map((arbitrary, place) => ({ arbitrary, weight: place === 9 ? 1 : 12 }))
)

/** Carries out a program in Redis without waiting, and in JavaScript; what each call and the end gave, side by side. */
export async function carryOut(hot: Hot, program: readonly Step[]) {
  const world: World = { list: hot.list<number>(), dict: hot.dict<Record<string, number>>() }
  const model: Model = { list: [], dict: new Map() }
  const answers: (Promise<unknown> | undefined)[] = []
  const expected: unknown[] = []
  for (const { text, call, model: inModel, then } of program) {
    const answer = call(world)
    const wanted = inModel(model)
    answers.push(answer)
    expected.push(answer ? `${text} ${JSON.stringify(wanted)}` : undefined)
    if (then === 'turn') await turn()
    if (then === 'await') await answer
  }
  const [list, dict] = await Promise.all([world.list.toJS(), world.dict.toJS()])
  const seen = await Promise.all(
    answers.map(async (answer, place) => answer && `${program[place]!.text} ${JSON.stringify(await answer)}`)
  )
  void world.list.clear()
  void world.dict.clear()
  return {
    seen: [...seen, summary(list), Object.entries(dict).sort()],
    expected: [...expected, summary(model.list), [...model.dict].sort()]
  }
}

/** Short, so that a failure can be read. */
const summary = (list: readonly number[]) =>
  list.length < 50
    ? list
    : { length: list.length, sum: list.reduce((all, item, place) => (all * 31 + item + place) | 0, 7) }
