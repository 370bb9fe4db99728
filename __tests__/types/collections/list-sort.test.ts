import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { codecs } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'

const { decode } = codecs.readable

/** Where the readable codec's values stand: numbers, then strings, then everything else. */
function rank(text: string): number {
  const value = decode(text)
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe.each(backends)('sort() on $name', ({ createHot, raw }) => {
  const hot = createHot()

  /** Texts as another client may have written them, in the order in which sort() leaves them. */
  async function sorted(texts: readonly string[]): Promise<readonly string[]> {
    const list = hot.list<unknown>(freshKey())
    await raw(list.key, 'RPUSH', list.key, ...texts)
    await list.sort()
    return (await raw(list.key, 'LRANGE', list.key, '0', '-1')) as string[]
  }

  // What sorts as JSON comes behind '~', what sorts as a string comes before it.
  test.each([
    ['["\\ud800"]', 'JSON'],
    ['{"\\udc00":"\\ud83d"}', 'JSON'],
    [nested(1_500), 'JSON'],
    [`${nested(1_500)}]`, 'string'],
    ['{"a":[1,-0.5e+3,{"b":null}],"c":"\\u00e9\\\\\\""}', 'JSON'],
    [' [1]', 'string'],
    ['[ 1 , { "a" : [ ] } ] ', 'JSON'],
    ['[NaN]', 'string'],
    ['[Infinity]', 'string'],
    ['[nan]', 'string'],
    ['[0x10]', 'string'],
    ['[01]', 'string'],
    ['[1.]', 'string'],
    ['[.5]', 'string'],
    ['[+1]', 'string'],
    ['[1,]', 'string'],
    ['[,1]', 'string'],
    ['[1 2]', 'string'],
    ['[1}', 'string'],
    ['{"a"}', 'string'],
    ['{"a":}', 'string'],
    ['{a:1}', 'string'],
    ['{"a":1,}', 'string'],
    ['{"a":1 "b":2}', 'string'],
    ['["\\x"]', 'string'],
    ['["a\tb"]', 'string'],
    ['["open]', 'string'],
    ['[true,false,null]', 'JSON'],
    ['[True]', 'string'],
    ['[truefalse]', 'string'],
    ['[12345678901234567890]', 'string'],
    ['[9007199254740993]', 'string'],
    ['[123456789012345680000,1e22,9007199254740992]', 'JSON'],
    ['[1e400]', 'string'],
    ['', 'string'],
    ['{}', 'JSON'],
    ['[', 'string'],
    ['{', 'string']
  ])('takes %j for what the codec reads', async (text, kind) => {
    expect(rank(text)).toBe(kind === 'JSON' ? 3 : 2)
    const between = kind === 'JSON' ? ['~', text] : [text, '~']
    expect(await sorted(['~', text, '5'])).toEqual(['5', ...between])
    expect(await sorted([text, '~', '5'])).toEqual(['5', ...between])
  })

  test('takes any text, and any that is nearly JSON, for what the codec reads', async () => {
    const json = fc.jsonValue().map(value => JSON.stringify(value))
    const nearly = fc
      .tuple(json, fc.nat(), fc.constantFrom('', '"', '\\', ',', ':', '[', ']', '{', '}', '0', '-', 'e', ' ', 'N'))
      .map(([text, at, by]) => text.slice(0, at % (text.length + 1)) + by + text.slice((at % (text.length + 1)) + 1))
    const property = fc.asyncProperty(fc.array(fc.oneof(json, nearly, fc.string()), { minLength: 2 }), async texts => {
      const wellFormed = texts.map(text => text.toWellFormed())
      const ranks = (await sorted([...wellFormed, '1', '~', '{}'])).map(rank)
      expect(ranks).toEqual([...ranks].sort())
    })
    await fc.assert(property, { numRuns: 100 })
  })
})
