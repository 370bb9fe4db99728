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
export function tagOfSlot(slot: number): string {
  for (let tag = 0; ; tag++) if (slotOf(String(tag)) === slot) return String(tag)
}

/**
 * The name of a new key in the same slot as `key`, with the same prefix: `name` is what the user calls `key`, without the
 * prefix.
 */
export function beside(name: string, key: string, id: string): string {
  const prefix = key.slice(0, key.length - name.length)
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  const candidates = [id, `{${tag}}:${id}`]
  const slot = slotOf(key)
  return (
    candidates.find(candidate => hasHashTag(prefix + candidate) && slotOf(prefix + candidate) === slot) ??
    `{${tagOfSlot(slot)}}:${id}`
  )
}
