export { configure, createHot, hot, type Hot } from './hot.js'
export type { HotOptions } from './options.js'
export type {
  FieldInputs,
  FieldOutputs,
  FieldSchemas,
  HandleOptions,
  HotDefaultDict,
  HotDict,
  HotFloat,
  HotImmutableString,
  HotInt,
  HotList,
  HotMultiSet,
  HotSet,
  HotString,
  InitialFields,
  JsonValue,
  SchemaOf,
  SchemaOptions
} from './handles.js'
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
  OverflowError,
  ReplyError,
  TransactionConflictError,
  TransactionError,
  type Outcome
} from './errors.js'
