import type { Pending } from '../core/pending.js'
import type { Codec } from '../values/codec.js'
import type { StandardSchema } from '../values/schema.js'

/** What the default codec can store. */
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
  /** How values become text and come back. */
  readonly codec?: Codec
}

/** Options with a schema, which gives the handle its types. */
export interface SchemaOptions<S, Initial> extends HandleOptions<Initial> {
  /** Any Standard Schema (zod, valibot, arktype, …); checks one value on the way in and on the way out. */
  readonly schema: S
}

/** Options of a handle whose type is named already: the schema gives what it takes. */
export interface TypedOptions<T, Initial> extends HandleOptions<Initial> {
  readonly schema?: StandardSchema<NoInfer<T>>
}

/** Items by position: awaited to read, assigned to write. */
export interface Positions<T, Input = T> {
  [index: number]: Input | Pending<T | undefined>
}
