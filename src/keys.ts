import slotOf from 'cluster-key-slot'

/** The part of a key that decides its slot: what stands in the first non-empty braces, or all of it. */
function hasHashTag(key: string): boolean {
  const open = key.indexOf('{')
  return open !== -1 && key.indexOf('}', open + 1) > open + 1
}

/**
 * The name of a key's companion: further data of the same value (who waits, what is leased), in the same slot of a
 * cluster. `todo` has `{todo}:waiters`, `{app}:todo` has `{app}:todo:waiters`.
 */
export function companion(key: string, name: string): string {
  if (hasHashTag(key)) return `${key}:${name}`
  if (!key.includes('}')) return `{${key}}:${name}`
  return `{${tagOfSlot(slotOf(key))}}:${key}:${name}`
}

/** A hash tag for a slot, for the rare key that has a `}` but no tag and so can't be one itself: about 16,000 tries. */
function tagOfSlot(slot: number): string {
  for (let tag = 0; ; tag++) if (slotOf(String(tag)) === slot) return String(tag)
}
