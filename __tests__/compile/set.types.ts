/* eslint-disable @typescript-eslint/no-meaningless-void-operator -- expressions stand alone here, and some must not compile */
import { hot, type HotMultiSet, type HotSet, type JsonValue, type Pending } from 'hot-redis'
import { z } from 'zod'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const tags: HotSet<string>
declare const scores: HotSet<number>
declare const words: HotMultiSet
declare const fetchName: () => Promise<string>
declare const fetchCount: () => Promise<number>

export async function aSetHasTypes() {
  expectType<Pending<number>>()(tags.size)
  expectType<number>()(await tags.add('a', 'b'))
  expectType<boolean>()(await tags.has('a'))
  expectType<boolean[]>()(await tags.hasMany('a', 'b'))
  expectType<boolean>()(await tags.delete('a'))
  expectType<string | undefined>()(await tags.pop())
  expectType<string[]>()(await tags.sample(2))
  expectType<Set<string>>()(await tags.toJS())
  expectType<boolean>()(await tags.equals(new Set(['a'])))
  expectType<boolean>()(await tags.equals(tags))
  for await (const tag of tags) expectType<string>()(tag)
  for await (const tag of tags.values()) expectType<string>()(tag)
}

export async function setMethodsTakeAnyMix() {
  const native = new Set(['a'])
  expectType<Set<string>>()(await tags.union(tags, native, ['a'], native.values()))
  expectType<Set<string>>()(await tags.intersection(tags, native))
  expectType<Set<string>>()(await tags.difference())
  expectType<Set<string>>()(await tags.symmetricDifference(tags))
  expectType<boolean>()(await tags.isSubsetOf(native))
  expectType<boolean>()(await tags.isSupersetOf(['a']))
  expectType<boolean>()(await tags.isDisjointFrom(tags))
  expectType<Pending<void>>()(tags.update(tags, native, ['a']))
  expectType<Pending<void>>()(tags.intersectionUpdate(tags))
  expectType<Pending<void>>()(tags.differenceUpdate(native))
  expectType<Pending<void>>()(tags.symmetricDifferenceUpdate(['a']))
}

export function aSetTakesOnlyItsType() {
  // @ts-expect-error a string is wanted
  void tags.add(1)
  // @ts-expect-error a string is wanted
  void tags.has(1)
  // @ts-expect-error a forgotten await
  void tags.add(fetchName())
  // @ts-expect-error undefined can't be stored
  void tags.add(undefined)
  // @ts-expect-error strings are wanted
  void tags.update([1])
  // @ts-expect-error strings are wanted
  void tags.update(scores)
  // @ts-expect-error strings are wanted
  void tags.union(new Set([1]))
  // @ts-expect-error a number of members is wanted
  void tags.sample('2')
  // @ts-expect-error a list is no set
  void tags.union(hot.list<string>('x'))
  // @ts-expect-error isSubsetOf asks of one
  void tags.isSubsetOf(['a'], ['b'])
  // @ts-expect-error strings are wanted
  void tags.replace([1])
  // @ts-expect-error it is not iterable at once: toJS() gives a Set
  void [...tags]
  // @ts-expect-error a set has no positions
  void tags[0]
  // @ts-expect-error size can only be read
  tags.size = 0
  // @ts-expect-error not awaited: a promise never equals a number
  void (tags.size === 3)
}

export async function aSetIsMadeWithTypes() {
  expectType<HotSet<string>>()(hot.set('x', { initial: ['a'] }))
  expectType<HotSet<JsonValue>>()(hot.set('x'))
  // @ts-expect-error numbers are wanted
  hot.set<number>('x', { initial: ['a'] })
  const numbers = hot.set('numbers', { schema: z.string().transform(Number), initial: ['1'] })
  expectType<HotSet<number, string>>()(numbers)
  expectType<number | undefined>()(await numbers.pop())
  void numbers.add('1')
  // @ts-expect-error the input is wanted, text
  void numbers.add(1)
}

export async function aMultiSetHasTypes() {
  expectType<number>()(await words.get('apple'))
  expectType<number>()(await words.increment('apple'))
  expectType<number>()(await words.decrement('apple', 2))
  expectType<Pending<number>>()(words.size)
  expectType<number>()(await words.total())
  expectType<[string, number][]>()(await words.mostCommon(3))
  expectType<Map<string, number>>()(await words.toJS())
  expectType<Pending<void>>()(words.update(['apple']))
  expectType<Pending<void>>()(words.subtract({ apple: 1 }))
  expectType<Pending<void>>()(words.intersectionUpdate(new Map([['apple', 1]])))
  expectType<Pending<void>>()(words.unionUpdate(words))
  expectType<Map<string, number>>()(await words.sum(words))
  expectType<Map<string, number>>()(await words.difference(new Set(['apple'])))
  expectType<Map<string, number>>()(await words.intersection(['apple']))
  expectType<Map<string, number>>()(await words.union({ apple: 1 }))
  for await (const [item, count] of words) {
    expectType<string>()(item)
    expectType<number>()(count)
  }
  for await (const item of words.elements()) expectType<string>()(item)
}

export function aMultiSetCountsInNumbers() {
  words['apple'] = 3
  delete words['apple']
  // @ts-expect-error counts are numbers
  words['apple'] = '3'
  // @ts-expect-error a forgotten await
  words['apple'] = fetchCount()
  // @ts-expect-error not awaited: a promise can't be incremented
  words['apple']++
  // @ts-expect-error counts are numbers
  void words.set('apple', '3')
  // @ts-expect-error items are strings
  void words.update([1])
  // @ts-expect-error counts are numbers
  void words.update({ apple: 'x' })
  // @ts-expect-error it counts plain text: there is no codec
  hot.multiSet('x', { codec: { encode: String, decode: String } })
  // @ts-expect-error items are strings
  hot.multiSet('x', { initial: [1] })
}
