import { describe, expect, test } from '@jest/globals'
import slotOf from 'cluster-key-slot'
import { OverflowError, KeyTypeError, type HotImmutableString } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'
import { assign } from '../../support/unchecked.js'

const hour = 3_600_000

/** Each call that makes another string of one, and what it makes of text. */
const makers: Readonly<
  Record<string, readonly [(text: HotImmutableString) => Promise<HotImmutableString>, (text: string) => string]>
> = {
  concat: [text => text.concat('!', 'é'), text => text.concat('!', 'é')],
  'concat()': [text => text.concat(), text => text],
  repeat: [text => text.repeat(3), text => text.repeat(3)],
  'repeat(0)': [text => text.repeat(0), () => ''],
  replace: [text => text.replace('b', 'c'), text => text.replace('b', 'c')],
  replaceAll: [text => text.replaceAll(/b/g, '[$&]'), text => text.replaceAll(/b/g, '[$&]')],
  toUpperCase: [text => text.toUpperCase(), text => text.toUpperCase()],
  toLowerCase: [text => text.toLowerCase(), text => text.toLowerCase()],
  trim: [text => text.trim(), text => text.trim()],
  trimStart: [text => text.trimStart(), text => text.trimStart()],
  trimEnd: [text => text.trimEnd(), text => text.trimEnd()],
  padStart: [text => text.padStart(20, 'é'), text => text.padStart(20, 'é')],
  padEnd: [text => text.padEnd(20), text => text.padEnd(20)]
}

describe.each(backends)('An immutable string on $name', ({ createHot: another, raw }) => {
  const hot = another()
  const texts = ['  abba Abba  ', '  abbä 😀bbß  ', '']

  describe.each(Object.entries(makers))('%s', (_, [make, native]) => {
    test.each(texts)('of %p gives a new handle, with a new key, and leaves the old one', async text => {
      const string = hot.immutableString(freshKey(), { initial: text })
      const made = await make(string)
      expect(made).not.toBe(string)
      expect(made.key).not.toBe(string.key)
      expect(await made.value).toBe(native(text))
      expect(await string.value).toBe(text)
      expect(await raw(made.key, 'GET', made.key)).toBe(native(text))
      const again = await make(string)
      expect(again.key).not.toBe(made.key)
      expect(await (await make(made)).value).toBe(native(native(text)))
    })

    test('works where there is nothing', async () => {
      const made = await make(hot.immutableString(freshKey()))
      expect(await made.value).toBe(native(''))
    })

    test.each(['plain', '{tag}:x', 'a}b', '{}x', '{', 'ключ', 'a{b}c{d}', '}{', 'x{y'])(
      'of the key %p gives a key in the same slot',
      async name => {
        const key = name === '{tag}:x' ? freshKey('{tag}') : `${freshKey()}${name}`
        const string = hot.immutableString(key, { initial: 'abc' })
        const made = await make(string)
        expect(slotOf(made.key)).toBe(slotOf(key))
        // So that they can be compared on a cluster, and so can what is made of them.
        expect(await made.equals(string)).toBe(native('abc') === 'abc')
      }
    )

    test('in a transaction gives the new handle after the commit', async () => {
      const string = hot.immutableString(freshKey(), { initial: 'abc' })
      await hot.flush()
      const [made] = await hot.transaction(() => [make(string)])
      expect(await made.value).toBe(native('abc'))
      expect(await string.value).toBe('abc')
    })

    test('of a key that holds something else is a KeyTypeError', async () => {
      const key = freshKey()
      await raw(key, 'RPUSH', key, 'x')
      expect(await failureOf(make(hot.immutableString(key)))).toBeInstanceOf(KeyTypeError)
    })
  })

  test.each(['app:', '{app}:', '{', '}', 'a}b:', 'app{'])('with the prefix %p keeps it, and the slot', async prefix => {
    const prefixed = another({ prefix })
    const string = prefixed.immutableString(freshKey(), { initial: 'abc' })
    for (const made of [await string.concat('d'), await (await string.concat('d')).toLowerCase()]) {
      const full = `${prefix}${made.key}`
      expect(slotOf(full)).toBe(slotOf(`${prefix}${string.key}`))
      expect(await raw(full, 'GET', full)).toBe('abcd')
      expect(await prefixed.immutableString(made.key).value).toBe('abcd')
    }
  })

  test('replace(search, replacement) is promised in both its forms', async () => {
    const string = hot.immutableString(freshKey(), { initial: 'abcabc' })
    expect(await (await string.replace(/b/g, found => found.toUpperCase())).value).toBe('aBcaBc')
    expect(await (await string.replace('b', '[$&]')).value).toBe('a[b]cabc')
  })

  test('the old one keeps its time to live', async () => {
    const string = hot.immutableString(freshKey(), { initial: 'abc' })
    await string.expire(hour)
    await string.concat('d')
    await string.toUpperCase()
    expect(await string.ttl()).toBeGreaterThan(hour / 2)
  })

  test('writes throw a TypeError that says so, and nothing is sent', async () => {
    const string = hot.immutableString(freshKey(), { initial: 'abc' })
    await hot.flush()
    for (const [name, value] of [
      ['0', 'X'],
      ['-1', 'X'],
      ['9', 'X'],
      ['value', 'X'],
      ['length', 0],
      ['key', 'X'],
      ['other', 'X']
    ] as const) {
      expect(() => assign(string, name, value)).toThrow(TypeError)
      expect(() => Reflect.deleteProperty(string, name)).toThrow(TypeError)
    }
    const error = await failureOf((string as unknown as { replace(text: string): Promise<void> }).replace('X'))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/immutable/)
    expect((error as Error).message).toContain('hot.string')
    await hot.flush()
    expect(await string.value).toBe('abc')
  })

  test('has none of the methods that change a string', () => {
    const string = hot.immutableString('x') as unknown as Record<string, unknown>
    for (const name of ['append', 'prepend', 'splice', 'set']) expect(typeof string[name]).not.toBe('function')
  })

  test('can be cleared, and can expire', async () => {
    const string = hot.immutableString(freshKey(), { initial: 'abc' })
    expect(await string.expire(hour)).toBe(true)
    await string.clear()
    expect(await string.exists()).toBe(false)
  })

  test('past 512 MB says so, and makes no new key', async () => {
    const key = `{${freshKey()}}`
    const string = hot.immutableString(key, { initial: 'abc' })
    for (const times of [200_000_000, Number.MAX_SAFE_INTEGER]) {
      const error = await failureOf(string.repeat(times))
      expect(error).toBeInstanceOf(OverflowError)
      expect(error).toMatchObject({ key, operation: 'ImmutableString.repeat' })
    }
    expect(await raw(key, 'KEYS', `*${key.slice(1, -1)}*`)).toEqual([key])
  })

  test.each([-1, 1.5, NaN, Infinity, '2', null])('repeat(%p) is refused', async times => {
    const error = await failureOf(hot.immutableString(freshKey()).repeat(times as number))
    expect(['TypeError', 'RangeError']).toContain((error as Error).name)
  })

  test.each([5, null, undefined, {}, Symbol('x'), Promise.resolve('x')])('concat(%p) is refused', async text => {
    const error = await failureOf(hot.immutableString(freshKey()).concat('a', text as string))
    expect(error).toBeInstanceOf(TypeError)
  })

  test('is the same to a mutable handle of its key, and equal to one', async () => {
    const key = `{${freshKey()}}`
    const string = hot.immutableString(key, { initial: 'abc' })
    expect(await hot.string(key).value).toBe('abc')
    expect(await string.equals(hot.string(key))).toBe(true)
    expect(await string.equals(hot.immutableString(`${key}:2`, { initial: 'abd' }))).toBe(false)
  })
})
