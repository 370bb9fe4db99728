import fc from 'fast-check'
import type { JsonValue } from '../../src/index.js'

/** Texts that look like something else, or that careless code mangles on the way. */
const trickyTexts = [
  ...['', ' ', 'plain', 'two words', 'é', '日本語', '👩‍👩‍👧', '\u0000', '\r\n', '\ufeff', '\u2028', '\ufffd', '\uffff'],
  ...[
    '42',
    '-1',
    '0',
    '-0',
    '0.1',
    '.5',
    '1.0',
    '007',
    '+1',
    ' 42',
    '42 ',
    '1e3',
    '1e21',
    '1e+21',
    '1e-7',
    '1e400',
    '0x10'
  ],
  ...['9007199254740993', '12345678901234567890', '5e-324', 'NaN', 'Infinity', '-Infinity'],
  ...['true', 'false', 'null', 'undefined', 'TRUE', '"q"', '"q" ', '"', '"\\ud800"', '\\'],
  ...['{}', '{"a":1}', '{ "b": 1, "a": 2 }', '{"a":1}x', '{broken', '[]', '[1,2]', '[1,]', '[', ' []', "{'a':1}"],
  ...['__proto__', 'constructor', '\ud800', '\udc00', '\udc00\ud800', 'a\ud83d', '😀\ud83d']
]

const trickyNumbers = [
  ...[0, -0, 1, -1, 0.1, 0.2, 0.30000000000000004, 1 / 3, 1e21, -1e21, 1e-7, 123456789012345680000],
  ...[5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
]

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit))

/** Any text, well-formed or not. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...trickyTexts),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: codeUnit, maxLength: 8 })
)

/** Any finite number; negative zero too. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...trickyNumbers),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true })
)

/** Any value that JSON has. */
export const anyJson: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 3, arbitrary: anyNumber },
  { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(anyText, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(anyText, fc.oneof(anyText, anyNumber), { maxKeys: 3 }) }
)

/** The value as it comes back from any JSON: without negative zeros, everything else the same. */
export const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
