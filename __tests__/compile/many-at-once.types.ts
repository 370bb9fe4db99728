import { hot, type HotDefaultDict, type HotDict, type HotSet } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const user: HotDict<{ name: string; visits: number; nickname?: string }>
declare const counts: HotDefaultDict<{ apples: number; pears: number }>
declare const tags: HotSet<string>

export async function severalFieldsHaveTheirTypes() {
  expectType<[string | undefined, number | undefined]>()(await user.getMany('name', 'visits'))
  expectType<[number, number]>()(await counts.getMany('apples', 'pears'))
  expectType<boolean[]>()(await user.hasMany('name', 'nickname'))
  expectType<number>()(await user.deleteMany('name', 'nickname'))
  expectType<number>()(await tags.deleteMany('red', 'blue'))
  // @ts-expect-error no such field
  await user.getMany('name', 'age')
  // @ts-expect-error no such field
  await user.deleteMany('age')
  // @ts-expect-error one at a time: deleteMany() takes several
  await user.delete('name', 'visits')
  // @ts-expect-error one at a time: deleteMany() takes several
  await tags.delete('red', 'blue')
}

export function locksTakeALease() {
  hot.lock('invoices', { lease: 10_000 })
  hot.rlock('invoices', { lease: 10_000 })
  hot.semaphore('api', { value: 5, lease: 10_000 })
  // @ts-expect-error milliseconds are a number
  hot.lock('invoices', { lease: '10s' })
  expectType<string>()(hot.prefix)
}
