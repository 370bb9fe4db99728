import type { Pending } from '../core/pending.js'
import type { Codec } from '../values/codec.js'
import type { StandardSchema } from '../values/schema.js'

/** A value that the default codec can store. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined }

/** Options of the types that hold plain text and numbers. */
export interface PlainOptions<Initial> {
  /**
   * **Replaces what is stored**, in one step, each time the handle is made: by every process, at every start. Use `default`
   * for shared data. The time to live stays.
   */
  readonly initial?: Initial
  /** Stored, in one step, only if nothing is at the key when the handle is made. */
  readonly default?: Initial
}

/** Options of the types that hold values. */
export interface HandleOptions<Initial> extends PlainOptions<Initial> {
  /** Converts values to text and back. */
  readonly codec?: Codec
}

/** Options with a schema, from which the handle has its types. */
export interface SchemaOptions<S, Initial> extends HandleOptions<Initial> {
  /** Any Standard Schema (zod, valibot, arktype, …). Validates each value when it is written and when it is read. */
  readonly schema: S
}

/** Options of a handle whose type is given explicitly: the schema returns what it takes. */
export interface TypedOptions<T, Initial> extends HandleOptions<Initial> {
  readonly schema?: StandardSchema<NoInfer<T>>
}

/** Items by position: read by `await`, written by assignment. */
export interface Positions<T, Input = T> {
  [index: number]: Input | Pending<T | undefined>
}
