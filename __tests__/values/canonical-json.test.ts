import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { Unstorable, canonicalJson, codecs } from '../../src/values/codec.js'
import { scaled } from '../support/runs.js'

/** The plainest way to write what canonicalJson and the readable codec promise: what theirs is compared with. */
function plainJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(String(value))
  if (value === undefined) throw new Error('undefined')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(plainJson).join(',')}]`
  const record = value as Record<string, unknown>
  const names = Object.keys(record).filter(name => record[name] !== undefined)
  return `{${names
    .sort()
    .map(name => `${JSON.stringify(name)}:${plainJson(record[name])}`)
    .join(',')}}`
}

/** Numbers whose text changes when they are read and written: their JSON is read as text. */
function hasInexactNumber(json: string): boolean {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g) ?? []
  return tokens.some(token => {
    if (token.startsWith('"')) return false
    if (!Number.isFinite(Number(token))) return true
    // The text that JavaScript gives a large integer ends in zeros, which are not its digits.
    const number = Number(token)
    return /^-?\d+$/.test(token) && String(number) !== token && BigInt(token) !== BigInt(number)
  })
}

function plainDecode(text: string): unknown {
  if (text === 'true' || text === 'false' || text === 'null') return JSON.parse(text)
  if (/^-?\d/.test(text) && Number.isFinite(Number(text)) && String(Number(text)) === text) return Number(text)
  if (!/^[{["]/.test(text)) return text
  try {
    const value: unknown = JSON.parse(text)
    return hasInexactNumber(text) ? text : value
  } catch {
    return text
  }
}

/** The result, or that there is none. */
function attempt(run: () => string): string {
  try {
    return run()
  } catch {
    return 'refused'
  }
}

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\ud800', '\u2028', '\u007f', '😀') }),
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 1e21, 1e-7, 2 ** 53, true, false, null, undefined)
)
const name = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom('a', 'b', '10', '9', '', '"', '\ud800', '__proto__', 'toJSON', 'constructor', 'n'.repeat(200))
)
const { data } = fc.letrec<{ data: unknown }>(tie => ({
  data: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    fc.array(tie('data'), { maxLength: 5 }),
    fc.dictionary(name, tie('data'), { maxKeys: 30 }),
    fc.dictionary(name, scalar, { maxKeys: 8 })
  )
}))

describe('The JSON of values', () => {
  test('is what the plainest way of writing it gives, and refuses what that refuses', () => {
    const property = fc.property(data, value => {
      expect(attempt(() => canonicalJson(value))).toBe(attempt(() => plainJson(value)))
    })
    fc.assert(property, { numRuns: scaled(3_000) })
  })

  test('of many names, more than are remembered, stays the same', () => {
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 3_000; index++) {
        const value = { [`"name" ${index}`]: index, [`name ${index}`]: null }
        expect(canonicalJson(value)).toBe(plainJson(value))
      }
    }
  })

  test('reads a property once, so that what is checked is what is written', () => {
    let reads = 0
    const value = {
      get changing() {
        return ++reads
      }
    }
    expect(canonicalJson({ value })).toBe('{"value":{"changing":1}}')
  })

  test('of one object in several places is written in each; inside itself it is refused, with the path', () => {
    const part = { x: 1 }
    expect(canonicalJson([part, { part }, part])).toBe('[{"x":1},{"part":{"x":1}},{"x":1}]')
    const cyclic: Record<string, unknown> = { a: [part, part] }
    cyclic['b'] = [{ cyclic }]
    expect(() => canonicalJson(cyclic)).toThrow(expect.objectContaining({ what: 'a cycle', path: '.b[0].cyclic' }))
    expect(() => canonicalJson(cyclic)).toThrow(Unstorable)
  })
})

describe('Reading a stored text', () => {
  const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), maxLength: 20 })
  const piece = fc.oneof(
    fc.constantFrom(
      ...Array.from('{}[]",:\\ \n-+.eE'),
      'true',
      'null',
      '"a":',
      '1e400',
      '1e+999',
      '"1e999"',
      '9007199254740993'
    ),
    digits,
    fc.string({ maxLength: 3 })
  )
  const anyText = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join('')),
    fc.array(digits, { maxLength: 5 }).map(numbers => `[${numbers.join(',')}]`),
    fc
      .tuple(digits, fc.constantFrom('', '.', 'e', 'E+', 'e-'), digits)
      .map(([one, mark, two]) => `[ ${one}${mark}${two}]`),
    data.map(value => attempt(() => plainJson(value))),
    data.map(value => `${attempt(() => plainJson(value))} \n`)
  )

  test('gives what the plainest way of reading it gives', () => {
    const property = fc.property(anyText, text => {
      // toStrictEqual reads the property `constructor`, which a stored record may have.
      const [value, plain] = [codecs.readable.decode(text), plainDecode(text)]
      if (!isDeepStrictEqual(value, plain)) expect(value).toBe(plain)
    })
    fc.assert(property, { numRuns: scaled(5_000) })
  })

  test('of a string is the string, however it has to be stored', () => {
    const property = fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), text => {
      const stored = codecs.readable.encode(text)
      expect(codecs.readable.decode(stored)).toBe(text)
      expect(stored.isWellFormed()).toBe(true)
      if (stored !== text) expect(stored).toBe(JSON.stringify(text))
    })
    fc.assert(property, { numRuns: scaled(3_000) })
  })
})
