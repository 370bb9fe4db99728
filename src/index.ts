export { configure, createHot, hot, type Hot } from './hot.js'
export type { HotOptions } from './options.js'
export type {
  FieldInputs,
  FieldOutputs,
  FieldSchemas,
  HandleOptions,
  HotBoundedSemaphore,
  HotDefaultDict,
  HotDict,
  HotFloat,
  HotImmutableString,
  HotInt,
  HotLifoQueue,
  HotLifoSetQueue,
  HotList,
  HotLock,
  HotMultiSet,
  HotQueue,
  HotRLock,
  HotSemaphore,
  HotSetQueue,
  HotSet,
  HotString,
  InitialFields,
  JsonValue,
  SchemaOf,
  SchemaOptions
} from './handles.js'
export type { WaitOptions } from './arguments.js'
export type { Permit } from './types/permit.js'
export type { AcquireOptions, LeaseOptions } from './types/semaphore.js'
export type { ConsumeOptions } from './types/queue.js'
export type { TransactionOptions } from './transaction/perform.js'
export type { Results } from './transaction/results.js'
export type { Pending } from './pending.js'
export { codecs, type Codec } from './codec.js'
export type { StandardSchema } from './schema.js'
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
} from './errors.js'
