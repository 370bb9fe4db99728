/* eslint-disable @typescript-eslint/no-meaningless-void-operator, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/restrict-plus-operands
   -- expressions stand alone here, and some must not compile */
import { hot, type HotList, type JsonValue, type Pending } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const todo: HotList<string>
declare const scores: HotList<number>
declare const fetchName: () => Promise<string>

export async function itemsAreAwaitedToRead() {
  expectType<string | undefined>()(await todo[0])
  expectType<string | undefined>()(await todo[-1])
  expectType<string | undefined>()(await todo.at(0))
}

export function itemsAreAssignedAndDeleted() {
  todo[0] = 'A'
  todo[-1] = 'Z'
  delete todo[1]
  todo.length = 0
}

export function anItemIsNotItsValue() {
  // @ts-expect-error not awaited: a promise has no length
  void todo[0].length
  // @ts-expect-error not awaited: nothing can be added to a promise
  void (scores[0] + 1)
  // @ts-expect-error a promise can't be incremented
  scores[0]++
  // @ts-expect-error not awaited: a promise never equals a number
  void (todo.length === 3)
  // @ts-expect-error not awaited: a promise is not less than anything
  for (let i = 0; i < todo.length; i++) void todo[i]
  // @ts-expect-error not awaited: a promise is no string
  const first: string = todo[0]
  return first
}

export async function anItemMayBeMissing() {
  // @ts-expect-error there may be no such item
  void (await todo[0]).length
  // @ts-expect-error there may be no such item
  const popped: string = await todo.pop()
  return popped
}

export async function itTakesOnlyItsType() {
  // @ts-expect-error a string is wanted
  todo[0] = 1
  // @ts-expect-error a forgotten await
  todo[0] = fetchName()
  // @ts-expect-error undefined can't be stored
  todo[0] = undefined
  // @ts-expect-error a forgotten await
  void todo.push(fetchName())
  // @ts-expect-error a string is wanted
  void todo.push('a', 1)
  // @ts-expect-error a string is wanted
  void todo.unshift(1)
  // @ts-expect-error strings are wanted
  void todo.extend([1])
  // @ts-expect-error an async iterable is read first: Array.fromAsync
  void todo.extend(todo)
  // @ts-expect-error a string is wanted
  void todo.insert(0, 1)
  // @ts-expect-error a position is a number
  void todo.insert('x', 'a')
  // @ts-expect-error a position is a number
  void todo.pop('0')
  // @ts-expect-error a string is wanted
  void todo.set(0, 1)
  // @ts-expect-error a string is wanted
  void todo.includes(1)
  // @ts-expect-error a string is wanted
  void todo.splice(0, 1, 2)
  // @ts-expect-error strings are wanted
  void todo.replace([1])
  // @ts-expect-error a length is a number
  todo.length = 'x'
  // @ts-expect-error sort() compares in Redis
  void todo.sort((a: string, b: string) => a.localeCompare(b))
  void todo.push(await fetchName())
}

export function onlyPositionsAndMembers() {
  // @ts-expect-error no such member
  void todo.append('x')
  // @ts-expect-error no such member
  void todo.first
  // @ts-expect-error no such member
  todo.first = 'x'
  // @ts-expect-error key is a member and can only be read
  todo.key = 'x'
}

export async function methodsHaveTypes() {
  expectType<string>()(todo.key)
  expectType<Pending<number>>()(todo.length)
  expectType<Pending<void>>()(todo.set(0, 'A'))
  expectType<number>()(await todo.push('a', 'b'))
  expectType<number>()(await todo.unshift('a', 'b'))
  expectType<number>()(await todo.extend(new Set(['a'])))
  expectType<string | undefined>()(await todo.pop())
  expectType<string | undefined>()(await todo.pop(1))
  expectType<string | undefined>()(await todo.shift())
  expectType<Pending<void>>()(todo.insert(0, 'a'))
  expectType<number>()(await todo.remove('a'))
  expectType<number>()(await todo.remove('a', 2))
  expectType<string[]>()(await todo.slice(1, -1))
  expectType<string[]>()(await todo.splice(0, 1, 'x'))
  expectType<number>()(await todo.indexOf('a'))
  expectType<number>()(await todo.lastIndexOf('a'))
  expectType<boolean>()(await todo.includes('a'))
  expectType<number>()(await todo.count('a'))
  expectType<Pending<void>>()(todo.reverse())
  expectType<Pending<void>>()(todo.sort())
  expectType<Pending<void>>()(todo.sort({ reverse: true }))
  expectType<string[]>()(await todo.concat(['x'], todo, 'y'))
  expectType<Pending<void>>()(todo.repeat(2))
  expectType<Pending<void>>()(todo.truncate(1))
  expectType<string[]>()(await todo.toJS())
  expectType<Pending<void>>()(todo.replace(['a']))
  expectType<boolean>()(await todo.equals(['a']))
  expectType<boolean>()(await todo.equals(todo))
  expectType<Pending<void>>()(todo.clear())
  expectType<boolean>()(await todo.exists())
  expectType<number | undefined>()(await todo.ttl())
}

export async function loopsHaveTypes() {
  for await (const item of todo) expectType<string>()(item)
  for await (const pair of todo.entries()) expectType<[number, string]>()(pair)
  // @ts-expect-error it is not iterable at once: toJS() gives an array
  for (const item of todo) void item
  // @ts-expect-error it is not iterable at once: toJS() gives an array
  void [...todo]
}

export async function withoutATypeArgumentItemsAreJson() {
  const list = hot.list('x')
  expectType<JsonValue | undefined>()(await list[0])
  expectType<JsonValue[]>()(await list.toJS())
  void list.push('text', 1, null, true, [1], { nested: { deep: [] } })
  // @ts-expect-error JSON has no functions
  void list.push(() => 1)
  // @ts-expect-error JSON has no BigInts
  void list.push(1n)
  // @ts-expect-error undefined can't be stored
  void list.push(undefined)
  // @ts-expect-error a forgotten await
  void list.push(fetchName())
}

export async function initialGivesTheTypeToo() {
  const words = hot.list('words', { initial: ['a', 'b'] })
  expectType<string | undefined>()(await words[0])
  const numbers = hot.list('numbers', { initial: new Set([1, 2]) })
  expectType<number | undefined>()(await numbers[0])
  // @ts-expect-error numbers are wanted
  hot.list<number>('numbers', { initial: ['a'] })
  // @ts-expect-error a list of numbers takes more than one
  hot.list<number>('numbers', { initial: 1 })
}

export function keysAndOptionsAreChecked() {
  hot.list()
  hot.list(undefined, { initial: ['a'] })
  // @ts-expect-error a key is a string
  hot.list(5)
  // @ts-expect-error no such option
  hot.list('x', { intial: ['a'] })
  // @ts-expect-error a codec has encode and decode
  hot.list('x', { codec: { encode: String } })
}

export function aPromiseIsNoPending(promise: Promise<string | undefined>, pending: Pending<string | undefined>) {
  const usual: Promise<string | undefined> = pending
  // @ts-expect-error only this library makes them
  const branded: Pending<string | undefined> = promise
  return [usual, branded]
}
