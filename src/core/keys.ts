/** A key inside a request: told apart from values by its class. */
export class Key {
  constructor(readonly name: string) {}
}

/** How many slots a cluster has. */
export const SLOTS = 16_384

/** What stands in the first braces of a key, if anything does: on a cluster, keys of one tag share a slot. */
function hashTag(key: string): string | undefined {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : undefined
}

/** CRC16 as Redis Cluster has it (XMODEM), by byte. */
const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** The slot of a cluster that a key lives in. (cluster-key-slot gets keys such as `x{}y{z}` wrong.) */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(hashTag(key) ?? key)) {
    crc = ((crc << 8) ^ (crcTable[((crc >> 8) ^ byte) & 0xff] as number)) & 0xffff
  }
  return crc % SLOTS
}

/** What every auxiliary key has in its name, and no other key: a handle of such a key is refused. */
const AUX = ':hot-redis:'

/** Whether a key's name has the form of an auxiliary key. */
export function isAuxKey(name: string): boolean {
  return name.includes(AUX)
}

/**
 * An auxiliary key: further data of the same value (who waits, what is leased), in the same slot of a cluster. `todo` has
 * `{todo}:hot-redis:getters`, `{app}:todo` has `{app}:todo:hot-redis:getters`; a key that can't be told from another so,
 * like `{todo}`, stands behind the role: `{todo}:hot-redis:getters:{todo}`.
 */
export function auxKey({ name }: Key, role: string): Key {
  const tag = hashTag(name)
  if (tag !== undefined && name !== `{${tag}}`) return new Key(name + AUX + role)
  if (!name.includes('}')) return new Key(`{${name}}${AUX}${role}`)
  return new Key(`{${tag ?? tagOfSlot(slotOf(name))}}${AUX}${role}:${name}`)
}

/** The name of the key that an auxiliary key belongs to. */
export function ownerOf(auxName: string): string {
  const at = auxName.indexOf(AUX)
  const [before, role] = [auxName.slice(0, at), auxName.slice(at + AUX.length)]
  const colon = role.indexOf(':')
  if (colon !== -1) return role.slice(colon + 1)
  return hashTag(before) === before.slice(1, -1) ? before.slice(1, -1) : before
}

/** The handle's key and its auxiliary keys, in the order in which a script declares them. */
export function keysFor(key: Key, roles: readonly string[]): readonly Key[] {
  return [key, ...roles.slice(1).map(role => auxKey(key, role))]
}

/**
 * An auxiliary key that never exists, for scripts that remove a key and make it again. A cluster node whose slot is moving
 * away would let them remove the key and refuse the rest; a missing key among KEYS has it refuse the whole script.
 */
export function slotGuardKey(key: Key): Key {
  return auxKey(key, 'guard')
}

/** An auxiliary key that exists only within one MULTI: values on their way to a script. */
export function stagingKey(key: Key, number = 0): Key {
  return auxKey(key, `staging-${number}`)
}

/** Hash tags by slot, as far as they have been tried. */
const tags: string[] = []
let tried = 0

/** A hash tag for a slot, for the rare key that has a `}` but no tag and so can't be one itself: some 16,000 tries. */
export function tagOfSlot(slot: number): string {
  for (; tags[slot] === undefined; tried++) tags[slotOf(String(tried))] ??= String(tried)
  return tags[slot]
}

/**
 * The name of a new key in the same slot as `key`, with the same prefix: `name` is what the user calls `key`, without the
 * prefix.
 */
export function newKeyInSlot(name: string, { name: key }: Key, id: string): string {
  const prefix = key.slice(0, key.length - name.length)
  const tag = hashTag(key) ?? key
  const slot = slotOf(key)
  const fits = (candidate: string): boolean => slotOf(prefix + candidate) === slot
  const [plain, tagged] = [id, `{${tag}}:${id}`]
  if (hashTag(prefix) !== undefined && fits(plain)) return plain
  if (fits(tagged)) return tagged
  // A prefix with a brace of its own: about 16,000 tries.
  for (let n = 0; ; n++) if (fits(`${n}:${id}`)) return `${n}:${id}`
}

/** A copy of a key, or of an auxiliary key, that one transaction has to itself; `id` tells it from those of others. */
export function shadowKey(key: Key, id: string): Key {
  if (!isAuxKey(key.name)) return auxKey(key, `shadow-${id}`)
  return new Key(key.name.replace(AUX, `${AUX}shadow-${id}-`))
}

/** The lock by which transactions that keep colliding take turns; held by nobody, it does not exist. */
export function turnKey(key: Key): Key {
  return isAuxKey(key.name) ? turnKey(new Key(ownerOf(key.name))) : auxKey(key, 'turn')
}

/** The roles of auxiliary keys that hold who waits. */
const WAIT_QUEUES = /:hot-redis:(?:getters|putters|joiners|waiters)(?::|$)/

/** Whether a key is a wait queue: the calls that wait, in order. */
export function isWaitQueue(name: string): boolean {
  return isAuxKey(name) && WAIT_QUEUES.test(name)
}
