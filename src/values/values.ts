import { Unstorable, codecs, step, type Codec } from './codec.js'
import { CodecError } from '../core/errors.js'
import { isSchema, validate, type StandardSchema } from './schema.js'

/** One schema for every value, or for a Dict one for each field. */
export type ValueSchema = StandardSchema | Readonly<Record<string, StandardSchema>>

export interface ValueOptions {
  readonly codec?: Codec | undefined
  readonly schema?: ValueSchema | undefined
}

/** Names a call, for errors. */
export interface NamedCall {
  readonly operation: string
}

/** The maximum length of a path in a message. */
const LONGEST_PATH = 200

/** Converts the values of one handle to text and back by its schema and codec. */
export class Values {
  readonly #codec: Codec
  readonly #schema: StandardSchema | undefined
  readonly #fields: Readonly<Record<string, StandardSchema>> | undefined

  /** Whether functions of the user read the values: a codec or a schema of their own. */
  readonly runsUserCode: boolean

  constructor(
    private readonly key: string,
    { codec, schema }: ValueOptions
  ) {
    this.#codec = codec ?? codecs.readable
    this.runsUserCode = schema !== undefined || !Object.values(codecs).includes(this.#codec)
    if (isSchema(schema)) this.#schema = schema
    else this.#fields = schema
  }

  /** How list-sort reads stored texts: as JSON values, or as plain text. */
  get sortsAs(): 'json' | 'text' {
    return this.#codec === codecs.readable || this.#codec === codecs.json ? 'json' : 'text'
  }

  /** The text to store for a value that the schema accepts. */
  encode(call: NamedCall, value: unknown, field?: string): string {
    const schema = this.#schemaOf(call, field)
    if (schema) {
      const result = this.#validate(call, schema, value)
      if ('problems' in result) {
        throw this.#error(call, field, `the schema refuses the value: ${result.problems}`)
      }
    }
    return this.plain(call, value, field)
  }

  /** The value of a stored text, as the schema returns it. */
  decode(call: NamedCall, text: string, field?: string): unknown {
    const value = this.#read(call, text, field)
    const schema = this.#schema ?? (this.#fields && ownSchema(this.#fields, field))
    if (!schema) return value
    const result = this.#validate(call, schema, value)
    if ('value' in result) return result.value
    throw this.#error(call, field, `the schema refuses what is stored: ${result.problems}`)
  }

  /** The text of a value by the codec alone, without the schema. */
  plain(call: NamedCall, value: unknown, field?: string): string {
    let encoded: unknown
    try {
      encoded = this.#codec.encode(value)
    } catch (error) {
      throw this.#refusal(call, field, error)
    }
    if (typeof encoded === 'string') return encoded
    throw this.#error(call, field, `the codec's encode must return a string, it returned ${typeof encoded}`)
  }

  /** The canonical text of a stored value, whoever wrote it. */
  normal(call: NamedCall, text: string, field?: string): string {
    return this.plain(call, this.#read(call, text, field), field)
  }

  #read(call: NamedCall, text: string, field: string | undefined): unknown {
    try {
      return this.#codec.decode(text)
    } catch (error) {
      const start = text.length > 40 ? `${text.slice(0, 40)}…` : text
      throw this.#error(
        call,
        field,
        `what is stored can't be read by the codec (${JSON.stringify(start)}): read it with the codec it was written with`,
        error
      )
    }
  }

  #schemaOf(call: NamedCall, field: string | undefined): StandardSchema | undefined {
    if (this.#schema || !this.#fields) return this.#schema
    const schema = ownSchema(this.#fields, field)
    if (schema) return schema
    throw this.#error(call, field, `the schema has no such field; it has ${Object.keys(this.#fields).join(', ')}`)
  }

  #validate(call: NamedCall, schema: StandardSchema, value: unknown): ReturnType<typeof validate> {
    try {
      return validate(schema, value)
    } catch (error) {
      if (error instanceof TypeError) error.message = `${call.operation}: key '${this.key}': ${error.message}`
      throw error
    }
  }

  #refusal(call: NamedCall, field: string | undefined, error: unknown): CodecError {
    if (!(error instanceof Unstorable))
      return this.#error(call, field, `the codec refuses the value: ${String(error)}`, error)
    return this.#error(
      call,
      field,
      `${error.what} can't be stored and read back: ${error.advice}`,
      undefined,
      error.path
    )
  }

  #error(call: NamedCall, field: string | undefined, message: string, cause?: unknown, path = ''): CodecError {
    const whole = (field === undefined ? '' : step(field)) + path
    const place = whole.length > LONGEST_PATH ? `${whole.slice(0, LONGEST_PATH)}…` : whole
    return new CodecError(`${this.key}${place && ` ${place}`}: ${message}`, {
      key: this.key,
      operation: call.operation,
      cause
    })
  }
}

function ownSchema(
  fields: Readonly<Record<string, StandardSchema>> | undefined,
  field: string | undefined
): StandardSchema | undefined {
  return fields && field !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined
}
