import type { Codec } from './codec.js'
import type { Pending } from './pending.js'
import type { Probe } from './proxy.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from './schema.js'
import type { DefaultDict } from './types/default-dict.js'
import type { Float } from './types/float.js'
import type { ImmutableString } from './types/immutable-string.js'
import type { Int } from './types/int.js'
import type { MultiSet } from './types/multi-set.js'
import type { LifoQueue, LifoSetQueue, Queue, SetQueue } from './types/queue.js'
import type { RLock } from './types/rlock.js'
import type { BoundedSemaphore, Lock, Semaphore } from './types/semaphore.js'
import type { HotSet } from './types/set.js'
import type { MutableString, Replacement } from './types/string.js'
import type { Dict, FieldOf, Present } from './types/dict.js'
import type { List } from './types/list.js'

/** What the default codec can store. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined }

/** A list of `T` in Redis; `Input` is what may be given for one, where a schema makes something else of it. */
export type HotList<T, Input = T> = List<T, Input> & { [index: number]: Input | Pending<T | undefined> }

/** The fields of a dict: awaited to read, assigned to write, deleted to remove; get() and set() reach the others. */
type Fields<T, Input, Members, Missing> = {
  [K in keyof T as K extends keyof Members | Probe ? never : K]?:
    Present<Input[K & keyof Input]> | Pending<Present<T[K]> | Missing>
}

/** A dict in Redis with the fields of `T`; `Input` is what may be given for them. */
export type HotDict<T extends object, Input extends object = T> = Dict<T, Input> &
  Fields<T, Input, Dict<T, Input>, undefined>

/** A dict in Redis whose missing fields are made by a factory. */
export type HotDefaultDict<T extends object, Input extends object = T> = DefaultDict<T, Input> &
  Fields<T, Input, DefaultDict<T, Input>, never>

export type { HotSet }

/** Whole counts by item in Redis. */
export type HotMultiSet = MultiSet & { [item: string]: number | Pending<number> }

/** A mutable string in Redis. */
export type HotString = MutableString & { [index: number]: string | Pending<string | undefined> }

/** A string in Redis that never changes. */
export type HotImmutableString = Omit<ImmutableString, 'replace' | 'equals'> & {
  readonly [index: number]: Pending<string | undefined>
  /** With the first match replaced, as a new string. `GET`, `SET`, O(n). */
  replace(search: string | RegExp, replacement: Replacement): Pending<HotImmutableString>
  /** Whether it equals a plain string, or another handle's, both read in one step. O(n). */
  equals(other: HotImmutableString | HotString | string): Pending<boolean>
}

/** A whole number in Redis. */
export type HotInt = Int

/** A double in Redis. */
export type HotFloat = Float

/** A queue in Redis, first in, first out. */
export type HotQueue<T, Input = T> = Queue<T, Input>

/** A queue in Redis, last in, first out. */
export type HotLifoQueue<T, Input = T> = LifoQueue<T, Input>

/** A queue in Redis whose items are unique, first in, first out. */
export type HotSetQueue<T, Input = T> = SetQueue<T, Input>

/** A queue in Redis whose items are unique, last in, first out. */
export type HotLifoSetQueue<T, Input = T> = LifoSetQueue<T, Input>

/** Permits in Redis, of which there are never more than at first. */
export type HotBoundedSemaphore = BoundedSemaphore

/** Permits in Redis, to which releases can add. */
export type HotSemaphore = Semaphore

/** A lock in Redis. */
export type HotLock = Lock

/** A lock in Redis that its holder can enter again. */
export type HotRLock = RLock

/** What every factory takes. */
export interface HandleOptions<Initial> {
  /** Replaces what is stored, in one step, when the handle is made. The time to live stays. */
  readonly initial?: Initial
  /** How values become text and come back. */
  readonly codec?: Codec
}

/** Options with a schema, which gives the handle its types. */
export interface SchemaOptions<S, Initial> extends HandleOptions<Initial> {
  /** Any Standard Schema (zod, valibot, arktype, …); checks one value on the way in and on the way out. */
  readonly schema: S
}

/** A schema for each field of a Dict. */
export type FieldSchemas = Readonly<Record<string, StandardSchema>>
export type FieldInputs<S extends FieldSchemas> = { [K in keyof S]: SchemaInput<S[K]> }
export type FieldOutputs<S extends FieldSchemas> = { [K in keyof S]: SchemaOutput<S[K]> }

/** A schema for a dict whose fields are named already: for each field one, or one for all; what goes in comes out. */
export type SchemaOf<T> =
  StandardSchema<Present<T[keyof T]>> | { readonly [K in keyof T]?: StandardSchema<Present<T[K]>> }

/** A dict's initial fields, as a record, a Map, or pairs. */
export type InitialFields<T> = Partial<T> | Iterable<readonly [FieldOf<T>, Present<T[FieldOf<T>]>]>
