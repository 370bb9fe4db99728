import type { HotDefaultDict, HotDict } from 'hot-redis'

// Compiled with exactOptionalPropertyTypes, without which TypeScript takes undefined for every property that can be deleted.

declare const user: HotDict<{ name: string; nickname?: string }>
declare const counts: HotDefaultDict<Record<string, number>>

export function undefinedIsNoField() {
  // @ts-expect-error undefined can't be stored
  user.name = undefined
  // @ts-expect-error undefined can't be stored
  user.nickname = undefined
  user.name = 'Ada'
  delete user.name
  delete user.nickname
  delete counts['apples']
}
