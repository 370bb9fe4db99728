/* eslint-disable @typescript-eslint/no-meaningless-void-operator -- expressions stand alone here */
import { hot, type HotDefaultDict, type HotDict } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

type User = { name: string; address: { street: string }; nickname?: string }
declare const user: HotDict<User>
declare const probed: HotDict<{ hasAttribute: boolean; constructor: string; nodeType: number; name: string }>

export async function anyFieldOfAPlainCopyMayBeMissing() {
  expectType<Partial<User>>()(await user.toJS())
  const defaults: HotDefaultDict<User> = hot.defaultDict<User>(() => 'x')
  expectType<Partial<User>>()(await defaults.toJS())
  // @ts-expect-error there may be no such field
  void (await user.toJS()).name.length
  void (await user.toJS()).name?.length
  expectType<Record<string, number>>()(await hot.dict<Record<string, number>>('counts').toJS())
  await user.replace(await user.toJS())
  expectType<boolean>()(await user.equals(await user.toJS()))
}

export function nothingIsSetOnAValueThatIsStillInRedis() {
  // @ts-expect-error the address was not awaited
  user.address.street = 'y'
  // @ts-expect-error the address was not awaited
  delete user.address.street
}

export async function whatToolsLookForIsNoField() {
  // @ts-expect-error not reached by a dot: set() reaches it
  probed.hasAttribute = true
  // @ts-expect-error not reached by a dot: set() reaches it
  probed.constructor = 'x'
  // @ts-expect-error not reached by a dot: delete() reaches it
  delete probed.constructor
  // @ts-expect-error not reached by a dot: set() reaches it
  probed.nodeType = 1
  // @ts-expect-error not reached by a dot: get() reaches it
  void probed.hasAttribute
  probed.name = 'x'
  await probed.set('hasAttribute', true)
  await probed.set('constructor', 'x')
  expectType<boolean | undefined>()(await probed.get('hasAttribute'))
  expectType<string | undefined>()(await probed.get('constructor'))
}
