/* eslint-disable @typescript-eslint/no-meaningless-void-operator, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/restrict-plus-operands
   -- expressions stand alone here, and some must not compile */
import { hot, type HotDict, type JsonValue, type Pending } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

type User = { name: string; visits: number; nickname?: string; tags: readonly string[]; active: boolean | null }
declare const user: HotDict<User>
declare const fetchName: () => Promise<string>
declare const fetchVisits: () => Promise<number>

export async function fieldsAreAwaitedToRead() {
  expectType<string | undefined>()(await user.name)
  expectType<number | undefined>()(await user.visits)
  expectType<string | undefined>()(await user.nickname)
  expectType<readonly string[] | undefined>()(await user.tags)
  expectType<boolean | null | undefined>()(await user.active)
  expectType<number | undefined>()(await user['visits'])
}

export function fieldsAreAssignedAndDeleted() {
  user.name = 'Ada'
  user.visits = 3
  user.nickname = 'A.'
  user.tags = ['a']
  user.active = null
  user['name'] = 'Ada'
  delete user.name
  delete user.nickname
  delete user['visits']
}

export function aFieldIsNotItsValue() {
  // @ts-expect-error not awaited: a promise has no length
  void user.name.length
  // @ts-expect-error not awaited: a promise has no methods of a string
  void user.name.toUpperCase()
  // @ts-expect-error not awaited: nothing can be added to a promise
  void (user.visits + 1)
  // @ts-expect-error not awaited: a promise is not less than anything
  void (user.visits < 1)
  // @ts-expect-error a promise can't be incremented: increment() can
  user.visits++
  // @ts-expect-error nothing can be added to a promise: increment() can
  user.visits += 1
  // @ts-expect-error not awaited: a promise is no string
  const name: string = user.name
  // @ts-expect-error not awaited: a promise never equals a number
  void (user.size === 3)
  return name
}

export async function aFieldMayBeMissing() {
  // @ts-expect-error there may be no such field
  void (await user.name).length
  // @ts-expect-error there may be no such field
  const visits: number = await user.visits
  return visits
}

export async function aFieldTakesOnlyItsType() {
  // @ts-expect-error a number is wanted
  user.visits = 'x'
  // @ts-expect-error a string is wanted
  user.name = 1
  // @ts-expect-error a forgotten await
  user.name = fetchName()
  // @ts-expect-error a forgotten await
  user.visits = fetchVisits()
  // @ts-expect-error null is not among its types
  user.name = null
  user.name = await fetchName()
}

export function noOtherFieldsThanItsOwn() {
  // @ts-expect-error no such field
  void user.nmae
  // @ts-expect-error no such field
  user.nmae = 'x'
  // @ts-expect-error no such field
  void user.get('nmae')
  // @ts-expect-error no such field
  void user.set('nmae', 'x')
  // @ts-expect-error no such field
  void user.has('nmae')
  // @ts-expect-error no such field
  void user.delete('nmae')
  // @ts-expect-error no such field
  void user.pop('nmae')
  // @ts-expect-error no such field
  void user.update({ nmae: 'x' })
  // @ts-expect-error no such field
  void user.getOrInsert('nmae', 'x')
}

export function membersAreNotAssigned() {
  // @ts-expect-error size is a member and can only be read
  user.size = 3
  // @ts-expect-error key is a member and can only be read
  user.key = 'x'
  // @ts-expect-error a handle is not thenable
  user.then = () => undefined
}

export function aFieldNamedLikeAMemberIsReachedByMethods() {
  const shadowed = hot.dict<{ size: string; get: number; name: string }>('x')
  expectType<Pending<number>>()(shadowed.size)
  expectType<Pending<string | undefined>>()(shadowed.get('size'))
  void shadowed.set('size', 'large')
  void shadowed.set('get', 1)
  // @ts-expect-error size is a member: set('size', …) reaches the field
  shadowed.size = 'large'
  // @ts-expect-error the field holds a string
  void shadowed.set('size', 1)
}

export async function methodsHaveTypes() {
  expectType<string>()(user.key)
  expectType<number>()(await user.size)
  expectType<string | undefined>()(await user.get('name'))
  expectType<string | undefined>()(await user.get('nickname'))
  expectType<Pending<void>>()(user.set('name', 'Ada'))
  expectType<boolean>()(await user.has('name'))
  expectType<boolean>()(await user.delete('name'))
  expectType<Pending<void>>()(user.update({ name: 'Ada', visits: 1 }))
  expectType<Pending<void>>()(user.update(new Map<'name', string>([['name', 'Ada']])))
  expectType<Pending<void>>()(user.update([['visits', 1]]))
  expectType<number>()(await user.getOrInsert('visits', 0))
  expectType<string>()(await user.getOrInsert('nickname', 'A.'))
  expectType<readonly string[] | undefined>()(await user.pop('tags'))
  expectType<number>()(await user.increment('visits'))
  expectType<number>()(await user.increment('visits', -2))
  expectType<Partial<User>>()(await user.toJS())
  expectType<Pending<void>>()(user.replace({ name: 'Ada' }))
  expectType<boolean>()(await user.equals({ name: 'Ada' }))
  expectType<boolean>()(await user.equals(user))
  expectType<Pending<void>>()(user.clear())
  expectType<boolean>()(await user.exists())
  expectType<boolean>()(await user.expire(1_000))
  expectType<boolean>()(await user.expireAt(new Date()))
  expectType<number | undefined>()(await user.ttl())
  expectType<boolean>()(await user.persist())
  // A copy is as good as the original: its fields can be read too.
  const copy = await user.copyTo('copy')
  expectType<string | undefined>()(await copy.name)
  expectType<string | undefined>()(await copy.get('name'))
}

export async function loopsHaveTypes() {
  for await (const pair of user) {
    expectType<[keyof User, string | number | boolean | readonly string[] | null]>()(pair)
  }
  for await (const field of user.keys()) expectType<keyof User>()(field)
  for await (const value of user.values()) {
    expectType<string | number | boolean | readonly string[] | null>()(value)
  }
  // @ts-expect-error it is not iterable at once: toJS() gives a plain object
  for (const pair of user) void pair
}

export function methodsTakeOnlyTheirTypes() {
  // @ts-expect-error a number is wanted
  void user.set('visits', 'x')
  // @ts-expect-error a forgotten await
  void user.set('name', fetchName())
  // @ts-expect-error undefined can't be stored: delete() removes a field
  void user.set('name', undefined)
  // @ts-expect-error there is no value
  void user.set('name')
  // @ts-expect-error a field that holds a string can't be incremented
  void user.increment('name')
  // @ts-expect-error an amount is a number
  void user.increment('visits', '1')
  // @ts-expect-error a number is wanted
  void user.getOrInsert('visits', 'x')
  // @ts-expect-error a number is wanted
  void user.update({ visits: 'x' })
  // @ts-expect-error a forgotten await
  void user.update({ name: fetchName() })
  // @ts-expect-error a number is wanted
  void user.replace({ visits: 'x' })
  // @ts-expect-error durations are milliseconds
  void user.expire('1s')
  // @ts-expect-error a Date is wanted
  void user.expireAt('2030-01-01')
}

export async function promisesTogetherHaveTypes() {
  const todo = hot.list<string>('todo')
  expectType<[string | undefined, number | undefined, number]>()(
    await Promise.all([user.get('name'), user.get('visits'), todo.length])
  )
  const [name, visits, length] = await Promise.all([user.name, user.visits, todo.length])
  expectType<string | undefined>()(name)
  expectType<number | undefined>()(visits)
  expectType<number>()(length)
}

export async function withoutATypeArgumentFieldsHoldJson() {
  const dict = hot.dict('x')
  expectType<JsonValue | undefined>()(await dict['anything'])
  expectType<Record<string, JsonValue>>()(await dict.toJS())
  dict['anything'] = { nested: [1, 'two', null, true] }
  // @ts-expect-error JSON has no functions
  dict['anything'] = () => 1
  // @ts-expect-error JSON has no dates
  dict['anything'] = new Date()
  // @ts-expect-error a forgotten await
  dict['anything'] = fetchName()
}

export async function aRecordOfAnyFields() {
  const counts = hot.dict<Record<string, number>>('counts')
  expectType<number | undefined>()(await counts['apples'])
  expectType<number>()(await counts.increment('apples'))
  counts['apples'] = 1
  delete counts['apples']
  // @ts-expect-error a number is wanted
  counts['apples'] = 'x'
}

export async function anInterfaceWillDo() {
  interface Session {
    token: string
    seen: number
  }
  const session = hot.dict<Session>('session', { initial: { token: 'x' } })
  expectType<string | undefined>()(await session.token)
  session.seen = 1
}

export async function defaultDictsReadWithoutUndefined() {
  const counts = hot.defaultDict<Record<string, number>>(() => 0, 'counts')
  expectType<number>()(await counts.get('apples'))
  expectType<number>()(await counts['apples']!)
  expectType<number>()(await counts.increment('apples'))
  counts['apples'] = 1

  const tags = hot.defaultDict<{ fruits: string[]; nuts: string[] }>(() => [], 'tags')
  expectType<string[]>()(await tags.get('fruits'))
  expectType<string[]>()(await tags.fruits!)
  // @ts-expect-error the factory makes no string[]
  hot.defaultDict<{ fruits: string[] }>(() => 0, 'tags')
  // @ts-expect-error the factory comes first
  hot.defaultDict<Record<string, number>>('counts', () => 0)
  // @ts-expect-error without a factory it is a dict
  hot.defaultDict<Record<string, number>>()
}

export async function initialGivesTheTypeToo() {
  const ada = hot.dict('ada', { initial: { name: 'Ada', visits: 1 } })
  expectType<string | undefined>()(await ada.name)
  expectType<number | undefined>()(await ada.get('visits'))
  ada.visits = 2
  // @ts-expect-error a number is wanted
  ada.visits = 'x'
  // @ts-expect-error a number is wanted
  hot.dict<User>('ada', { initial: { visits: 'x' } })
  hot.dict<User>('ada', { initial: new Map<'name', string>([['name', 'Ada']]) })
  hot.dict<User>('ada', { initial: [['name', 'Ada']] })
}
