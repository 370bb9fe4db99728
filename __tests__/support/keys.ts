/** The names of keys that tests look at past the handles: the only place where they come from the library's inside. */
export { companion, slotOf, tagOfSlot } from '../../src/keys.js'
