import type { TypeDefinition } from './handles/define-type.js'
import { defaultDict } from './types/collections/default-dict/default-dict.js'
import { dict } from './types/collections/dict/dict.js'
import { list } from './types/collections/list/list.js'
import { multiSet } from './types/collections/multi-set/multi-set.js'
import { set } from './types/collections/set/set.js'
import { rlock } from './types/coordination/rlock/rlock.js'
import { boundedSemaphore, lock, semaphore } from './types/coordination/semaphore/semaphore.js'
import { lifoQueue, lifoSetQueue, queue, setQueue } from './types/queues/queue/queue.js'
import { float } from './types/scalars/float/float.js'
import { immutableString } from './types/scalars/immutable-string/immutable-string.js'
import { int } from './types/scalars/int/int.js'
import { string } from './types/scalars/string/string.js'

/** Every type, under the name of its factory: `hot.list(key)`. */
export const types = {
  list,
  dict,
  defaultDict,
  set,
  multiSet,
  string,
  immutableString,
  int,
  float,
  queue,
  lifoQueue,
  setQueue,
  lifoSetQueue,
  boundedSemaphore,
  semaphore,
  lock,
  rlock
}

/** The factories of a Hot. */
export type Factories = {
  readonly [Name in keyof typeof types]: (typeof types)[Name] extends TypeDefinition<infer Factory> ? Factory : never
}
