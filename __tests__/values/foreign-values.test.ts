import { describe, expect, test } from '@jest/globals'
import { runInNewContext } from 'node:vm'
import { CodecError, codecs, type StandardSchema } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

/** A value as code in another realm makes it, such as a test runner's or a plugin's: of other classes of the same names. */
const foreign = (code: string): never => runInNewContext(code) as never

describe.each(backends)('values from elsewhere on $name', ({ createHot, raw }) => {
  const hot = createHot()

  describe('of another realm', () => {
    test.each([
      ['new Date(0)', /a Date.*toISOString/],
      ['new (class Moment extends Date {})()', /a Moment.*toISOString/],
      ['Object.setPrototypeOf(new Date(0), null)', /a Date.*toISOString/],
      ['new Map([[1, 2]])', /a Map.*hot\.dict/],
      ['new Set([1])', /a Set.*hot\.set/],
      ['Promise.resolve(1)', /a Promise.*await it first/],
      ['new ArrayBuffer(3)', /an ArrayBuffer.*base64|a ArrayBuffer.*base64/],
      ['new Uint8Array(3)', /a Uint8Array.*base64/],
      ['({ deep: [new Date(0)] })', /\.deep\[0\].*a Date.*toISOString/]
    ])('%s is refused with the advice for it', async (code, message) => {
      await expect(hot.list<unknown>(freshKey()).push(foreign(code))).rejects.toThrow(CodecError)
      await expect(hot.list<unknown>(freshKey()).push(foreign(code))).rejects.toThrow(message)
    })

    test('plain data, dates and maps are taken where such are wanted', async () => {
      const key = freshKey()
      const list = hot.list<unknown>(key)
      await list.push(foreign('({ a: [1, { b: null }] })'))
      expect(await list.at(0)).toEqual({ a: [1, { b: null }] })
      expect(await list.expireAt(foreign('new Date(Date.now() + 60_000)'))).toBe(true)
      const words = hot.multiSet(freshKey())
      await words.update(foreign("new Map([['apple', 3]])"))
      expect(await words.get('apple')).toBe(3)
      const set = hot.set<string>(freshKey())
      await set.update(foreign("new Map([['a', 1]])"))
      expect(await set.toJS()).toEqual(new Set(['a']))
    })
  })

  describe('of another client', () => {
    test.each([
      '{"id":12345678901234567890}',
      '[9007199254740993]',
      '{"deep":[{"n":-9007199254740993}]}',
      '[1e400]',
      '{"id" : 12345678901234567890, "text": "\\"1\\\\"}'
    ])('%s is not harmed by being read and written back', async text => {
      const list = hot.list<unknown>(freshKey())
      await raw(list.key, 'RPUSH', list.key, text)
      const read = await list.at(0)
      expect(read).toBe(text)
      await list.set(0, read)
      expect(await raw(list.key, 'LINDEX', list.key, '0')).toBe(text)
    })

    test.each<[string, unknown]>([
      ['{"id":9007199254740991}', { id: 9007199254740991 }],
      ['{"id":"12345678901234567890"}', { id: '12345678901234567890' }],
      ['["\\"",10000000000000000,1e22]', ['"', 1e16, 1e22]],
      ['[0.10000000000000001,1.0]', [0.1, 1]],
      ['"12345678901234567890"', '12345678901234567890']
    ])('%s is read as JSON', async (text, value) => {
      const list = hot.list<unknown>(freshKey())
      await raw(list.key, 'RPUSH', list.key, text)
      expect(await list.at(0)).toEqual(value)
    })
  })

  describe('nested deep', () => {
    const nested = (depth: number): unknown => {
      let value: unknown = 1
      for (let level = 0; level < depth; level++) value = [value]
      return value
    }

    test('come back up to a depth of 1,000', async () => {
      const list = hot.list<unknown>(freshKey())
      await list.push(nested(1_000))
      expect(JSON.stringify(await list.at(0))).toBe(JSON.stringify(nested(1_000)))
    })

    test.each([1_001, 100_000])('%i levels are refused, with a message that can be read', async depth => {
      const pushed = hot.list<unknown>(freshKey()).push(nested(depth))
      await expect(pushed).rejects.toThrow(CodecError)
      await expect(pushed).rejects.toThrow(/nested more than 1,000 deep.*keys of their own/)
      expect(((await pushed.catch((error: unknown) => error)) as Error).message.length).toBeLessThan(500)
    })
  })

  test('a schema that gives a thenable is refused like one that gives a Promise', async () => {
    const later = { then: (done: (result: unknown) => void) => done({ value: 1 }) }
    const schema = { '~standard': { version: 1, vendor: 'test', validate: () => later } } as unknown as StandardSchema
    const list = hot.list(freshKey(), { schema })
    await expect(list.push(1)).rejects.toThrow(TypeError)
    await expect(list.push(1)).rejects.toThrow(/asynchronously/)
  })

  test('a schema that rejects later is refused, and its rejection is not left unhandled', async () => {
    const validate = () => Promise.reject(new Error('too late'))
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as unknown as StandardSchema
    const list = hot.list(freshKey(), { schema })
    await expect(list.push(1)).rejects.toThrow(/asynchronously/)
    await new Promise(resolve => setTimeout(resolve, 10))
  })

  test('a replacement that is undefined does not overwrite the text', async () => {
    const key = freshKey()
    const title = hot.string(key, { initial: 'a b a' })
    await expect(title.replace('a', undefined as never)).rejects.toThrow(TypeError)
    await expect(title.replace('a', undefined as never)).rejects.toThrow(/String\.replace: the replacement/)
    await expect(title.replaceAll('a', 5 as never)).rejects.toThrow(/String\.replaceAll: the replacement/)
    expect(await title.value).toBe('a b a')
    await title.replace('a', () => 'c')
    expect(await title.value).toBe('c b a')
    const fixed = hot.immutableString(freshKey(), { initial: 'a b a' })
    await expect(fixed.replace('a', undefined as never)).rejects.toThrow(/ImmutableString\.replace: the replacement/)
    await expect(fixed.replaceAll('a', undefined as never)).rejects.toThrow(
      /ImmutableString\.replaceAll: the replacement/
    )
  })
})

test('the codec alone keeps text with large integers, too', () => {
  const text = '{"id":12345678901234567890}'
  expect(codecs.readable.encode(codecs.readable.decode(text))).toBe(text)
})
