/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/require-await,
   @typescript-eslint/no-invalid-void-type
   -- some of it must not compile, and all of it is about functions that return promises */
import { hot, type HotDefaultDict, type HotDict, type HotList } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const todo: HotList<string>
declare const user: HotDict<{ name: string; visits: number }>
declare const counts: HotDefaultDict<{ apples: number }>

export async function anArrayOfCallsIsFilledIn() {
  const [n, name] = await hot.transaction(() => [todo.push('x'), user.name])
  expectType<number>()(n)
  expectType<string | undefined>()(name)
  expectType<[number, string | undefined]>()(await hot.transaction(() => [todo.push('x'), user.name]))
  expectType<[number, string | undefined]>()(await hot.transaction(async () => [todo.push('x'), user.name]))
  expectType<[void, string | undefined]>()(await hot.transaction(() => [todo.reverse(), todo.pop()]))
  expectType<[number]>()(await hot.transaction(() => [counts.get('apples')]))
}

export async function plainValuesAmongThemStay() {
  expectType<[number, string, undefined]>()(await hot.transaction(() => [todo.push('x'), 'plain', undefined]))
}

export async function anyNumberOfCallsIsFilledIn() {
  expectType<number[]>()(await hot.transaction(() => ['a', 'b'].map(item => todo.push(item))))
}

export async function aRecordOfCallsIsFilledIn() {
  expectType<{ n: number }>()(await hot.transaction(() => ({ n: todo.push('x') })))
  expectType<{ n: number; name: string | undefined; plain: boolean }>()(
    await hot.transaction(async () => ({ n: todo.push('x'), name: user.name, plain: true }))
  )
}

export async function aSingleCallIsFilledIn() {
  expectType<number>()(await hot.transaction(() => todo.push('x')))
  expectType<string[]>()(await hot.transaction(() => todo.toJS()))
  expectType<string | undefined>()(await hot.transaction(() => user.get('name')))
}

export async function aFieldIsFilledIn() {
  expectType<string | undefined>()(await hot.transaction(() => user.name))
  expectType<string | undefined>()(await hot.transaction(async () => user.name))
}

export async function anythingElseIsItself() {
  expectType<number>()(await hot.transaction(() => 5))
  expectType<Date>()(await hot.transaction(() => new Date()))
  expectType<{ deep: { n: number } }>()(await hot.transaction(() => ({ deep: { n: 5 } })))
  const nothing = hot.transaction(() => void todo.push('x'))
  expectType<Promise<undefined>>()(nothing)
  const steps = hot.transaction(async () => {
    user.visits = ((await user.visits) ?? 0) + 1
  })
  expectType<Promise<void>>()(steps)
}

export async function aHandleIsItself() {
  expectType<HotList<string>>()(await hot.transaction(() => todo))
  expectType<HotDict<{ name: string; visits: number }>>()(await hot.transaction(async () => user))
}

export async function aNestedTransactionHasTheSameResults() {
  expectType<[number, string | undefined]>()(
    await hot.transaction(() => hot.transaction(() => [todo.push('x'), user.name]))
  )
}

export async function detachedGivesWhatItsFunctionGives() {
  expectType<number>()(await hot.detached(() => todo.push('x')))
  expectType<number>()(hot.detached(() => 5))
}

export async function resultsAreOfTheirTypes() {
  const [n, name] = await hot.transaction(() => [todo.push('x'), user.name])
  // @ts-expect-error a number is no string
  n.toUpperCase()
  // @ts-expect-error there may be no such field
  name.toUpperCase()
  // @ts-expect-error there are two results
  const [, , third] = await hot.transaction(() => [todo.push('x'), user.name])
  return third
}

export async function itTakesAFunctionAndItsOptions() {
  await hot.transaction(() => 5, { retries: 3, timeout: 100 })
  // @ts-expect-error a call, not a function
  await hot.transaction(todo.push('x'))
  // @ts-expect-error no such option
  await hot.transaction(() => 5, { retry: 3 })
  // @ts-expect-error a number is wanted
  await hot.transaction(() => 5, { retries: '3' })
  // @ts-expect-error the function gets nothing: handles are the same inside and outside
  await hot.transaction((transaction: unknown) => transaction)
}
