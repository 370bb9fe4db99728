import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CodecError, codecs, type Codec, type JsonValue } from '../../src/index.js'
import { anyJson, anyText, throughJson } from '../support/arbitraries.js'
import { backends } from '../support/backends.js'
import { scaled } from '../support/runs.js'

describe.each(backends)('Values on $name', ({ createHot, raw }) => {
  const hot = createHot({ prefix: 'values:' })
  const stored = (key: string) => raw(`values:${key}`, 'LRANGE', `values:${key}`, '0', '-1') as Promise<string[]>
  const writtenByOthers = (key: string, ...texts: string[]) => raw(`values:${key}`, 'RPUSH', `values:${key}`, ...texts)

  test('any JSON value comes back as it was given, as an item and as a field', async () => {
    const property = fc.asyncProperty(fc.array(anyJson, { minLength: 1, maxLength: 20 }), async values => {
      const list = hot.list('any')
      const dict = hot.dict('any fields')
      const fields = Object.fromEntries(values.map((value, index) => [`f${index}`, value]))
      const [, items, , record] = await Promise.all([
        list.replace(values),
        list.toJS(),
        dict.replace(fields),
        dict.toJS()
      ])
      expect(items).toStrictEqual(throughJson(values))
      expect({ ...record }).toStrictEqual(throughJson(fields))
    })
    await fc.assert(property, { numRuns: scaled(100) })
  })

  test.each([
    ...['plain', 'two words', '', 'é', '日本語 😀', 'TRUE', 'nul', 'undefined', "it's", 'a{', ' 42', '42 ', '\n'],
    ...['007', '1.0', '+1', '.5', '1e3', '1e21', '0x10', '12345678901234567890', '9007199254740993', '1e400'],
    ...['NaN', 'Infinity', '-Infinity', '-0', '{broken', '[1,', '[1,]', '"open', '{"a":1}x', ' {"a":1}', "{'a':1}"]
  ])('the string %j is stored as it is, readable by any client, and comes back a string', async text => {
    const list = hot.list<string>(`plain ${text}`)
    await list.push(text)
    expect(await stored(`plain ${text}`)).toEqual([text])
    expect(await list[0]).toBe(text)
  })

  test.each([
    ...['42', '-1', '0', '0.1', '1e+21', '1e-7', '5e-324', '9007199254740992', '1.7976931348623157e+308'],
    ...['true', 'false', 'null', '{"a":1}', '{ "a": 1 }', '{}', '[]', '[1,2] ', '"q"', '"\\ud800"']
  ])('the string %j would read back as something else, so it is stored as its JSON string', async text => {
    const list = hot.list<string>(`quoted ${text}`)
    await list.push(text)
    expect(await stored(`quoted ${text}`)).toEqual([JSON.stringify(text)])
    expect(await list[0]).toBe(text)
  })

  test.each(['\ud800', '\udc00\ud800', 'a\ud83d', '😀\ude00'])(
    'the text %j is not well-formed, so it is stored as its JSON string',
    async text => {
      const list = hot.list<string>(`not well-formed ${JSON.stringify(text)}`)
      await list.push(text)
      expect(await stored(list.key)).toEqual([JSON.stringify(text)])
      expect(await list[0]).toBe(text)
    }
  )

  test.each<[JsonValue, string]>([
    [42, '42'],
    [-0, '0'],
    [0.1, '0.1'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [true, 'true'],
    [null, 'null'],
    [[1, 'a', null, -0], '[1,"a",null,0]'],
    [{ b: 1, a: { d: [{ z: 1, y: 2 }], c: 2 } }, '{"a":{"c":2,"d":[{"y":2,"z":1}]},"b":1}'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [['\ud800'], '["\\ud800"]']
  ])('%j is stored as JSON, object keys sorted and undefined properties left out: %s', async (value, text) => {
    const list = hot.list(`json ${text}`)
    await list.push(value)
    expect(await stored(`json ${text}`)).toEqual([text])
  })

  test.each<[string, JsonValue]>([
    ...[
      '007',
      '1.0',
      '12345678901234567890',
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '{broken',
      '1e21',
      ' 1',
      '',
      '1e400'
    ].map((text): [string, string] => [text, text]),
    ['42', 42],
    ['1e+21', 1e21],
    ['true', true],
    ['false', false],
    ['null', null],
    ['"q"', 'q'],
    ['"\\ud800"', '\ud800'],
    ['{ "b" : 1, "a" : [ 1.0, "x" ] }', { b: 1, a: [1, 'x'] }],
    ['[1, 2]', [1, 2]]
  ])('%s, written by another client, reads as what it says', async (text, value) => {
    await writtenByOthers(`foreign ${text}`, text)
    const list = hot.list(`foreign ${text}`)
    expect(await list.toJS()).toStrictEqual([value])
  })

  test('a foreign object with a field called __proto__ touches no prototype', async () => {
    await writtenByOthers('foreign proto', '{"__proto__":{"polluted":true}}')
    const value = (await hot.list<Record<string, unknown>>('foreign proto').at(0))!
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(value['polluted']).toBeUndefined()
  })

  test('equal values are equal items, in whatever order their properties were made', async () => {
    const list = hot.list('equal')
    await list.push('x', { b: [{ d: 1, c: 2 }], a: null, 10: 'ten', 9: 'nine' }, 'y')
    expect(await list.indexOf({ 9: 'nine', 10: 'ten', a: null, b: [{ c: 2, d: 1 }] })).toBe(1)
    expect(await list.includes({ a: null, b: [{ c: 2, d: 1 }], 10: 'ten', 9: 'nine' })).toBe(true)
    expect(await list.indexOf({ a: null, b: [{ c: 2, d: 1 }] })).toBe(-1)
    expect(await list.indexOf('y')).toBe(2)
  })

  test('a number and the string that looks like it are different items', async () => {
    const list = hot.list('alike')
    await list.push('42', 42, 'true', true, 'null', null)
    expect(await Promise.all(['42', 42, 'true', true, 'null', null].map(value => list.indexOf(value)))).toEqual([
      0, 1, 2, 3, 4, 5
    ])
  })

  describe('codecs', () => {
    test('codecs.text stores any text as it is and reads every item as text', async () => {
      const property = fc.asyncProperty(
        fc.array(
          anyText.map(text => text.toWellFormed()),
          { minLength: 1, maxLength: 20 }
        ),
        async texts => {
          const list = hot.list<string>('texts', { codec: codecs.text })
          await list.replace(texts)
          expect(await stored('texts')).toEqual(texts)
          expect(await list.toJS()).toEqual(texts)
        }
      )
      await fc.assert(property, { numRuns: scaled(50) })
    })

    test.each([42, true, null, undefined, {}, ['a'], '\ud800'])('codecs.text refuses %p', async value => {
      const list = hot.list<unknown>('text only', { codec: codecs.text })
      await expect(list.push('fine', value)).rejects.toThrow(CodecError)
      await expect(list.push(value)).rejects.toThrow('values:text only')
      expect(await list.exists()).toBe(false)
    })

    test('codecs.json stores every value as JSON, strings too', async () => {
      const values = ['plain', '42', 42, { b: 1, a: 2 }, null, '\ud800']
      const list = hot.list('strict', { codec: codecs.json })
      await list.push(...values)
      expect(await stored('strict')).toEqual(['"plain"', '"42"', '42', '{"a":2,"b":1}', 'null', '"\\ud800"'])
      expect(await list.toJS()).toEqual(values)
    })

    test.each(['plain', '007', 'NaN', '', '{broken', 'undefined'])(
      'codecs.json reading %j, written by another client, is an error that names the key',
      async text => {
        await writtenByOthers(`strict ${text}`, text)
        const list = hot.list(`strict ${text}`, { codec: codecs.json })
        await expect(list.at(0)).rejects.toMatchObject({ name: 'CodecError', key: `values:strict ${text}` })
        await expect(list.toJS()).rejects.toThrow(`values:strict ${text}`)
        await expect(list[Symbol.asyncIterator]().next()).rejects.toThrow(CodecError)
        expect(await stored(list.key)).toEqual([text])
      }
    )

    const dates: Codec = {
      encode: value => (value as Date).toISOString(),
      decode: text => new Date(text)
    }

    test('a codec of your own takes what the default does not', async () => {
      const list = hot.list<Date>('dates', { codec: dates })
      const [first, second] = [new Date(0), new Date('2030-01-01')]
      await list.push(first, second)
      expect(await stored('dates')).toEqual(['1970-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z'])
      expect(await list.toJS()).toEqual([first, second])
      expect(await list.indexOf(new Date('2030-01-01'))).toBe(1)
      const dict = hot.dict<Record<string, Date>>('date fields', { codec: dates })
      void dict.set('born', first)
      expect(await dict['born']).toEqual(first)
      expect(await dict.getOrInsert('died', second)).toEqual(second)
    })

    test.each<[string, Codec['encode']]>([
      ['throws', () => JSON.parse('{') as never],
      ['gives a number', () => 42 as never],
      ['gives nothing', () => undefined as never],
      ['gives a promise', () => Promise.resolve('later') as never]
    ])('an encode that %s is a CodecError that names the key, and nothing is stored', async (_what, encode) => {
      const list = hot.list<unknown>('misused', { codec: { encode, decode: text => text } })
      await expect(list.push('x')).rejects.toMatchObject({ name: 'CodecError', key: 'values:misused' })
      await expect(list.push('x')).rejects.toThrow('misused')
      expect(await list.exists()).toBe(false)
    })

    test('what a codec throws is the cause of the CodecError', async () => {
      const cause = new Error('no such plug')
      const fail = () => {
        throw cause
      }
      await writtenByOthers('causes', 'x')
      const list = hot.list<unknown>('causes', { codec: { encode: fail, decode: fail } })
      await expect(list.push('x')).rejects.toMatchObject({ name: 'CodecError', key: 'values:causes', cause })
      await expect(list.at(0)).rejects.toMatchObject({ name: 'CodecError', key: 'values:causes', cause })
    })

    test.each([{}, { encode: String }, { decode: String }, 'json', null])('%p is no codec: a TypeError', codec => {
      expect(() => hot.list('x', { codec: codec as never })).toThrow(TypeError)
      expect(() => hot.dict('x', { codec: codec as never })).toThrow(TypeError)
    })
  })
})
