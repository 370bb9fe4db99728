import { types } from 'node:util'

/**
 * Codecs convert values to the text that Redis holds, and back. The default keeps strings readable by other clients and
 * keeps the type of every JSON value.
 */

/** Converts values to text and back. `encode` must return the same text for equal values: sets compare texts. */
export interface Codec {
  encode(value: unknown): string
  decode(text: string): unknown
}

/** What can't be stored, and where in a value it is. Becomes a CodecError that names the key. */
export class Unstorable extends Error {
  constructor(
    readonly what: string,
    readonly advice: string,
    readonly path = ''
  ) {
    super(what)
  }

  /** The same error, seen from one level further out. */
  under(step: string): Unstorable {
    return new Unstorable(this.what, this.advice, step + this.path)
  }
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** The access to a property in JavaScript's syntax: `.name`, or `["full name"]`. */
export function step(property: string | number): string {
  if (typeof property === 'number') return `[${property}]`
  return identifier.test(property) ? `.${property}` : `[${JSON.stringify(property)}]`
}

/** Whether `text` is JavaScript's own text of a finite number: `42` and `1e-7` are, `007` and `1.0` are not. */
function isNumberText(text: string): boolean {
  const first = text.charCodeAt(0)
  if (!(first >= 48 && first <= 57) && first !== 45) return false
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text
}

/** The strings of a JSON text, to be skipped, and its numbers. */
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g

/** Whether JSON holds a number that a double can't hold, such as another client's id: writing it back would change it. */
function losesNumbers(json: string): boolean {
  // A number past 2^53, or an infinite one, has such a run of digits.
  if (!/\d{16}|[eE]\+?\d{3}/.test(json)) return false
  return json.match(stringOrNumber)?.some(token => !token.startsWith('"') && !isExact(token)) ?? false
}

function isExact(number: string): boolean {
  const value = Number(number)
  if (!Number.isFinite(value)) return false
  // JavaScript's own text of a large integer ends in zeros that are not its exact digits.
  return !/^-?\d+$/.test(number) || String(value) === number || BigInt(number) === BigInt(value)
}

/** The value of a JSON text; undefined for a text that is no JSON, or whose numbers would change. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return losesNumbers(text) ? undefined : { value }
  } catch {
    return undefined
  }
}

function decodeReadable(text: string): unknown {
  switch (text.charCodeAt(0)) {
    case 116: // t
      return text === 'true' ? true : text
    case 102: // f
      return text === 'false' ? false : text
    case 110: // n
      return text === 'null' ? null : text
    case 123: // {
    case 91: // [
    case 34: {
      // "
      const json = parsed(text)
      return json ? json.value : text
    }
    default:
      return isNumberText(text) ? Number(text) : text
  }
}

function encodeReadable(value: unknown): string {
  if (typeof value !== 'string') return canonicalJson(value)
  return value.isWellFormed() && decodeReadable(value) === value ? value : JSON.stringify(value)
}

/**
 * JSON with sorted object keys, so that equal values have equal text. Refuses values that would not be read back the same.
 */
export function canonicalJson(value: unknown): string {
  try {
    return jsonOf(value, new Set())
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : error
  }
}

/** The deepest nesting that can be stored; it never exhausts the stack. */
const DEEPEST = 1_000

function tooDeep(): Unstorable {
  return new Unstorable('a value nested more than 1,000 deep', 'store its parts under keys of their own')
}

function jsonOf(value: unknown, within: Set<object>): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      if (Number.isFinite(value)) return String(value)
      throw new Unstorable(String(value), 'store null, or the text of it')
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? 'null' : structureOf(value, within)
    case 'undefined':
      throw new Unstorable('undefined', 'store null, or delete what should be missing')
    case 'bigint':
      throw new Unstorable('a BigInt', 'give a codec such as { encode: String, decode: BigInt }, or store its text')
    default:
      throw new Unstorable(`a ${typeof value}`, 'store plain data')
  }
}

function structureOf(value: object, within: Set<object>): string {
  if (within.has(value)) throw new Unstorable('a cycle', 'store the parts and refer to them by key')
  if (within.size >= DEEPEST) throw tooDeep()
  within.add(value)
  const json = Array.isArray(value) ? arrayOf(value, within) : recordOf(value, within)
  within.delete(value)
  return json
}

function arrayOf(value: readonly unknown[], within: Set<object>): string {
  if (Object.keys(value).length !== value.length) {
    throw new Unstorable(
      'an array with holes or with properties of its own',
      'fill the holes with null, or use an object'
    )
  }
  return `[${value.map((item, index) => at(index, item, within)).join(',')}]`
}

function recordOf(value: object, within: Set<object>): string {
  refuseInstance(value)
  const record = value as Record<string, unknown>
  const members = Object.keys(record)
    .filter(name => record[name] !== undefined)
    .sort()
    .map(name => `${JSON.stringify(name)}:${at(name, record[name], within)}`)
  return `{${members.join(',')}}`
}

function at(property: string | number, value: unknown, within: Set<object>): string {
  try {
    return jsonOf(value, within)
  } catch (error) {
    throw error instanceof Unstorable ? error.under(step(property)) : error
  }
}

const advice: Readonly<Record<string, string>> = {
  Date: 'give a codec such as { encode: date => date.toISOString(), decode: text => new Date(text) }, or store its text',
  Map: 'use hot.dict, store Object.fromEntries(map), or give a codec',
  Set: 'use hot.set, store [...set], or give a codec',
  Promise: 'await it first',
  binary: "give a codec such as { encode: b => b.toString('base64'), decode: t => Buffer.from(t, 'base64') }"
}

/** The kind of a built-in object, whatever realm or class it comes from. */
function builtInKind(value: object): string | undefined {
  if (types.isDate(value)) return 'Date'
  if (types.isMap(value)) return 'Map'
  if (types.isSet(value)) return 'Set'
  if (types.isPromise(value)) return 'Promise'
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) ? 'binary' : undefined
}

function refuseInstance(value: object): void {
  const prototype = Object.getPrototypeOf(value) as object | null
  const kind = builtInKind(value)
  if (kind === undefined && (prototype === null || Object.getPrototypeOf(prototype) === null)) {
    if (Object.getOwnPropertySymbols(value).length === 0) return
    throw new Unstorable('an object with symbols for keys', 'use strings for keys')
  }
  const name = kind === 'Promise' ? kind : (prototype?.constructor?.name ?? kind ?? 'object without a class')
  const known = advice[kind ?? name]
  throw new Unstorable(`a ${name}`, known ?? 'store plain data ({ ...fields }), or give a codec that takes it')
}

/** The codecs that come with the library. */
export const codecs = {
  /** The default: strings as they are, every other JSON value as JSON; reading tells them apart. */
  readable: { encode: encodeReadable, decode: decodeReadable },

  /** Strings only, stored and read as they are, whatever they look like. */
  text: {
    encode(value) {
      if (typeof value !== 'string')
        throw new Unstorable(`a ${typeof value}`, 'codecs.text holds strings; leave the codec out for other values')
      if (!value.isWellFormed())
        throw new Unstorable('half of a surrogate pair', 'leave the codec out: the default stores it as JSON')
      return value
    },
    decode: text => text
  },

  /** Every value as JSON, strings quoted; what another client wrote that is not JSON is an error. */
  json: { encode: canonicalJson, decode: text => JSON.parse(text) as unknown }
} as const satisfies Record<string, Codec>
