const SLOTS = 16_384

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

/**
 * The name of a key's companion: further data of the same value (who waits, what is leased), in the same slot of a
 * cluster. `todo` has `{todo}:waiters`, `{app}:todo` has `{app}:todo:waiters`.
 */
export function companion(key: string, name: string): string {
  if (hashTag(key) !== undefined) return `${key}:${name}`
  if (!key.includes('}')) return `{${key}}:${name}`
  return `{${tagOfSlot(slotOf(key))}}:${key}:${name}`
}

/**
 * A companion that never exists, to be declared by scripts that remove a key and make it again: while a slot is moving its
 * old node would let them remove it and refuse the rest. Named among the keys, it has the whole script refused before it
 * starts, to be sent again.
 */
export function neverThere(key: string): string {
  return companion(key, 'none')
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
  const tag = hashTag(key) ?? key
  const slot = slotOf(key)
  const fits = (candidate: string): boolean => slotOf(prefix + candidate) === slot
  const [plain, tagged] = [id, `{${tag}}:${id}`]
  if (hashTag(prefix) !== undefined && fits(plain)) return plain
  if (fits(tagged)) return tagged
  // A prefix with a brace of its own: about 16,000 tries.
  for (let n = 0; ; n++) if (fits(`${n}:${id}`)) return `${n}:${id}`
}
