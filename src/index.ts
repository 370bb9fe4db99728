export { configure, createHot, hot, type Hot } from './hot.js'
export type { HotOptions } from './options.js'
export type { HandleOptions, JsonValue, SchemaOptions } from './handles/factory-options.js'
export type { HotHandle } from './handles/handle.js'
export type { CommandReply, CommandWord } from './handles/raw-command.js'
export type { HotDefaultDict } from './types/collections/default-dict/default-dict.js'
export type {
  FieldInputs,
  FieldOutputs,
  FieldSchemas,
  HotDict,
  InitialFields,
  SchemaOf
} from './types/collections/dict/dict.js'
export type { HotList } from './types/collections/list/list.js'
export type { HotMultiSet } from './types/collections/multi-set/multi-set.js'
export type { HotSet } from './types/collections/set/set.js'
export type { HotRLock } from './types/coordination/rlock/rlock.js'
export type { HotBoundedSemaphore, HotLock, HotSemaphore } from './types/coordination/semaphore/semaphore.js'
export type { HotLifoQueue, HotLifoSetQueue, HotQueue, HotSetQueue } from './types/queues/queue/queue.js'
export type { HotFloat } from './types/scalars/float/float.js'
export type { HotImmutableString } from './types/scalars/immutable-string/immutable-string.js'
export type { HotInt } from './types/scalars/int/int.js'
export type { HotString } from './types/scalars/string/string.js'
export type { WaitOptions } from './core/arguments.js'
export type { Permit } from './types/coordination/semaphore/permit.js'
export type { AcquireOptions, LeaseOptions } from './types/coordination/semaphore/semaphore.js'
export type { ConsumeOptions, ItemsOptions } from './types/queues/queue/queue.js'
export type { TransactionOptions } from './transactions/run-transaction.js'
export type { Results } from './transactions/results.js'
export type { Pending } from './core/pending.js'
export { codecs, type Codec } from './values/codec.js'
export type { StandardSchema } from './values/schema.js'
export {
  CodecError,
  ConnectionError,
  CrossSlotError,
  HotError,
  IndexError,
  KeyTypeError,
  LeaseLostError,
  LockTimeoutError,
  MismatchError,
  NotHeldError,
  OverflowError,
  QueueEmptyError,
  QueueFullError,
  ReplyError,
  TransactionConflictError,
  TransactionError,
  WaitTimeoutError,
  type Outcome
} from './core/errors.js'
