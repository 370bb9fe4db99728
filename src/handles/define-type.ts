import { nanoid } from 'nanoid'
import { options as optionsOf, text } from '../core/arguments.js'
import { Key, isAuxKey } from '../core/keys.js'
import type { Codec } from '../values/codec.js'
import { isSchema } from '../values/schema.js'
import { Values, type ValueOptions, type ValueSchema } from '../values/values.js'
import { store, type Handle } from './handle.js'
import { Op, type Dispatcher, type HandleContext, type HandleHost, type TypeDescriptor } from './operation.js'
import { proxied } from './proxy.js'

type AnyHandle = Handle<never, never>

/** An entry of the registry: creates the handles of a type. `Factory` is the signature of `hot.<name>`. */
export interface TypeDefinition<Factory> {
  make(host: HandleHost, factory: string, args: readonly unknown[]): unknown
  /** Exists for the compiler only. */
  readonly factory?: Factory
}

/** The parsed arguments of a factory. */
export interface Construction {
  readonly key: unknown
  /** The checked options. */
  readonly options: AnyOptions
  /** Creates the handle from checked options. */
  readonly create: (context: HandleContext) => object
}

/** Names of the options of types whose values have a codec. */
export const VALUE_OPTIONS = ['initial', 'default', 'codec', 'schema'] as const

/** The options that all factories share. */
export interface AnyOptions {
  readonly initial?: unknown
  readonly default?: unknown
  readonly codec?: Codec
  readonly schema?: unknown
}

interface HandleClass {
  readonly descriptor: TypeDescriptor
  new (context: HandleContext): object
}

/** Defines a type whose values have a codec and a schema: `hot.name(key?, options?)`. */
export function valueType<Factory>(Class: HandleClass): TypeDefinition<Factory> {
  const create = (context: HandleContext): object => new Class(context)
  return defineType(Class.descriptor, (operation, [key, given]) => {
    const options = givenOptions<AnyOptions>(operation, given, VALUE_OPTIONS)
    return { key, options, create }
  })
}

/** Defines a type of plain text or numbers, which have neither codec nor schema. */
export function plainType<Factory>(Class: HandleClass): TypeDefinition<Factory> {
  const create = (context: HandleContext): object => new Class(context)
  return defineType(Class.descriptor, (operation, [key, given]) => {
    refuseCodec(operation, Class.descriptor, given)
    const options = givenOptions<AnyOptions>(operation, given, ['initial', 'default'])
    return { key, options, create }
  })
}

/** Defines a type with arguments of its own, which `parse` checks. */
export function defineType<Factory>(
  descriptor: TypeDescriptor,
  parse: (operation: string, args: readonly unknown[]) => Construction
): TypeDefinition<Factory> {
  return {
    make(host, factory, args) {
      const operation = `hot.${factory}`
      const { key, options, create } = parse(operation, args)
      return makeHandle(host, operation, descriptor, create, key, checkedOptions(operation, options))
    }
  }
}

/** Returns the options given to a factory, after checking that all of them are known. */
export function givenOptions<Options extends object>(
  operation: string,
  options: unknown = {},
  known: readonly (keyof Options & string)[]
): Options {
  return optionsOf(operation, options as Options, known)
}

function refuseCodec(operation: string, { name }: TypeDescriptor, options: unknown): void {
  if (typeof options !== 'object' || options === null) return
  const { codec, schema } = options as AnyOptions
  if (codec === undefined && schema === undefined) return
  throw new TypeError(
    `${operation}: ${name} holds text or numbers as they are, to which neither codec nor schema applies`
  )
}

function makeHandle(
  host: HandleHost,
  operation: string,
  descriptor: TypeDescriptor,
  create: (context: HandleContext) => object,
  key: unknown,
  { codec, schema, ...values }: AnyOptions
): unknown {
  const name = key === undefined ? nanoid() : keyName(operation, key)
  const valueOptions = codec || schema ? { codec, schema: schema as ValueSchema | undefined } : NO_VALUE_OPTIONS
  const context = new Context(host, name, descriptor, valueOptions, create)
  const handle = create(context) as AnyHandle
  for (const option of ['initial', 'default'] as const) {
    if (values[option] !== undefined) {
      context.dispatcher.assign({ store: () => stored(operation, handle, option, values[option]) }, 'store')
    }
  }
  return proxied(handle)
}

const NO_VALUE_OPTIONS: ValueOptions = {}

/** The context of a handle that the library uses itself: its key may have any name. */
export function contextAt(host: HandleHost, key: string, descriptor: TypeDescriptor): HandleContext {
  return new Context(host, key, descriptor, NO_VALUE_OPTIONS, () => ({}))
}

/** The context of a handle. The prefix and the connection are resolved at its first use, not at its creation. */
class Context implements HandleContext {
  #key: Key | undefined
  #values: Values | undefined
  /** The last call, for others of the same method: it keeps nothing of one of them. */
  #op: Op | undefined

  constructor(
    private readonly host: HandleHost,
    readonly name: string,
    readonly descriptor: TypeDescriptor,
    private readonly valueOptions: ValueOptions,
    private readonly create: Construction['create']
  ) {}

  get owner(): object {
    return this.host.owner
  }

  get key(): Key {
    return (this.#key ??= new Key(this.host.prefix + this.name))
  }

  get values(): Values {
    return (this.#values ??= new Values(this.key.name, this.valueOptions))
  }

  get dispatcher(): Dispatcher {
    return this.host.dispatcher
  }

  op(method: string): Op {
    if (this.#op?.method === method) return this.#op
    const op = new Op(this, method, this.descriptor.redisType)
    // A function of the user runs in the context of one caller.
    if (!this.values.runsUserCode) this.#op = op
    return op
  }

  untypedOp(method: string): Op {
    return new Op(this, method, undefined)
  }

  sameTypeAt(name: string): unknown {
    const { host, descriptor, create, valueOptions } = this
    return makeHandle(host, descriptor.name, descriptor, create, name, valueOptions)
  }

  keyNamed(operation: string, name: unknown): Key {
    return new Key(this.host.prefix + keyName(operation, name))
  }
}

/** Stores the value of an option. An error about the value names the factory that it was given to. */
function stored(operation: string, handle: AnyHandle, option: 'initial' | 'default', value: unknown): Promise<void> {
  try {
    return handle[store](option, value as never)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    const Problem = error.constructor as new (message: string, options: ErrorOptions) => Error
    throw new Problem(`${operation}: ${option} can't be stored: ${error.message}`, { cause: error })
  }
}

/** Checks the name of a handle's key. */
function keyName(operation: string, key: unknown): string {
  const name = text(operation, 'the key', key)
  if (name === '') throw new TypeError(`${operation}: the key must not be empty; leave it out to have one generated`)
  if (isAuxKey(name)) {
    throw new TypeError(`${operation}: '${name}' has the form of an auxiliary key of this library: use another key`)
  }
  return name
}

function checkedOptions(operation: string, options: AnyOptions): AnyOptions {
  const { initial, default: missing, codec, schema } = options
  if (initial !== undefined && missing !== undefined) {
    throw new TypeError(
      `${operation}: give initial, which replaces what is stored, or default, which does not; not both`
    )
  }
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')) {
    throw new TypeError(`${operation}: a codec must have the functions encode(value) and decode(text)`)
  }
  if (schema === undefined || isSchema(schema)) return options
  if (typeof schema !== 'object' || schema === null || !Object.values(schema).every(isSchema)) {
    throw new TypeError(
      `${operation}: a schema must be a Standard Schema (zod, valibot, arktype), or for a dict an object of them`
    )
  }
  return options
}
