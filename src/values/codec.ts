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
  if (!isDigit(first) && first !== 45) return false
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text
}

/** The strings of a JSON text, to be skipped, and its numbers. */
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g

/** Whether JSON holds a number that a double can't hold, such as another client's id: writing it back would change it. */
function losesNumbers(json: string): boolean {
  if (!hasLongDigits(json)) return false
  return json.match(stringOrNumber)?.some(token => !token.startsWith('"') && !isExact(token)) ?? false
}

/** Whether there is such a run of digits as in a number past 2^53, or such an exponent as of an infinite one. */
function hasLongDigits(text: string): boolean {
  if (/\d[eE]\+?\d{3}/.test(text)) return true
  // Every run of 16 has a digit at one of these places.
  for (let at = 15; at < text.length; at += 16) {
    if (isDigit(text.charCodeAt(at))) return /\d{16}/.test(text)
  }
  return false
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isExact(number: string): boolean {
  const value = Number(number)
  if (!Number.isFinite(value)) return false
  // JavaScript's own text of a large integer ends in zeros that are not its exact digits.
  return !/^-?\d+$/.test(number) || String(value) === number || BigInt(number) === BigInt(value)
}

/** The value of a JSON text that ends in `close`; the text itself if it is no JSON, or its numbers would change. */
function parsed(text: string, close: string): unknown {
  // What JSON.parse refuses costs an exception.
  if (!text.endsWith(close) && !text.trimEnd().endsWith(close)) return text
  try {
    const value = JSON.parse(text) as unknown
    return losesNumbers(text) ? text : value
  } catch {
    return text
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
      return parsed(text, '}')
    case 91: // [
      return parsed(text, ']')
    case 34: // "
      return parsed(text, '"')
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
    return scalarJson(value) ?? structureOf(value, [])
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : error
  }
}

/** The deepest nesting that can be stored; it never exhausts the stack. */
const DEEPEST = 1_000

function tooDeep(): Unstorable {
  return new Unstorable('a value nested more than 1,000 deep', 'store its parts under keys of their own')
}

/** The JSON of a string, a finite number, a boolean or null; undefined for everything else. */
function scalarJson(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return value === null ? 'null' : undefined
  }
}

/** What JSON.stringify escapes in a string. */
// eslint-disable-next-line no-control-regex -- these are the characters meant
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/

function quoted(text: string): string {
  return escaped.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** The JSON of an array or object; refuses what is neither. */
function structureOf(value: unknown, within: object[]): string {
  if (typeof value !== 'object' || value === null) throw refusal(value)
  if (within.includes(value)) throw new Unstorable('a cycle', 'store the parts and refer to them by key')
  if (within.length >= DEEPEST) throw tooDeep()
  within.push(value)
  const json = Array.isArray(value) ? arrayOf(value, within) : recordOf(value, within)
  within.pop()
  return json
}

function refusal(value: unknown): Unstorable {
  switch (typeof value) {
    case 'number':
      return new Unstorable(String(value), 'store null, or the text of it')
    case 'undefined':
      return new Unstorable('undefined', 'store null, or delete what should be missing')
    case 'bigint':
      return new Unstorable('a BigInt', 'give a codec such as { encode: String, decode: BigInt }, or store its text')
    default:
      return new Unstorable(`a ${typeof value}`, 'store plain data')
  }
}

function arrayOf(value: readonly unknown[], within: object[]): string {
  if (Object.keys(value).length !== value.length) {
    throw new Unstorable(
      'an array with holes or with properties of its own',
      'fill the holes with null, or use an object'
    )
  }
  let json = ''
  for (let index = 0; index < value.length; index++) {
    if (index > 0) json += ','
    const item = value[index]
    json += scalarJson(item) ?? at(index, item, within)
  }
  return `[${json}]`
}

function recordOf(value: object, within: object[]): string {
  refuseInstance(value)
  let json = ''
  for (const name of sorted(Object.keys(value))) {
    const member = (value as Record<string, unknown>)[name]
    if (member === undefined) continue
    if (json !== '') json += ','
    json += nameOf(name)
    json += scalarJson(member) ?? at(name, member, within)
  }
  return `{${json}}`
}

/** Sorts in place. Insertion is several times faster for few names, and many records have theirs sorted already. */
function sorted(names: string[]): string[] {
  if (names.length > 20) return names.sort()
  for (let index = 1; index < names.length; index++) {
    const name = names[index] as string
    let place = index
    for (; place > 0 && (names[place - 1] as string) > name; place--) names[place] = names[place - 1] as string
    names[place] = name
  }
  return names
}

/** The JSON of names of properties: records come in many copies. */
const jsonNames = new Map<string, string>()
const KNOWN_NAMES = 1_000
const LONGEST_KNOWN_NAME = 100

function nameOf(name: string): string {
  const known = jsonNames.get(name)
  if (known !== undefined) return known
  const json = `${quoted(name)}:`
  if (jsonNames.size < KNOWN_NAMES && name.length <= LONGEST_KNOWN_NAME) jsonNames.set(name, json)
  return json
}

function at(property: string | number, value: unknown, within: object[]): string {
  try {
    return structureOf(value, within)
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
  const plain = prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
  const kind = builtInKind(value)
  if (plain && kind === undefined) {
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
