import type { HotLock } from '../../src/index.js'

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Waits for many locks, or many times for one, at the same time; tells who came inside, in order. */
export function waitFor(locks: readonly HotLock[]) {
  const inside: number[] = []
  const done = Promise.all(locks.map((lock, place) => lock.run(() => inside.push(place))))
  return { inside, done }
}
