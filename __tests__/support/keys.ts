import { Key, auxKey } from '../../src/core/keys.js'

/** The names of keys that tests look at past the handles: the only place where they come from the library's inside. */
export { slotOf, tagOfSlot } from '../../src/core/keys.js'

/** The name of an auxiliary key. */
export const auxKeyName = (key: string, role: string): string => auxKey(new Key(key), role).name
