import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHot, HotError, IndexError, KeyTypeError, OverflowError, type HotString } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { ownServer, statistic, type OwnServer } from '../../support/own-server.js'
import { failureOf } from '../../support/promises.js'
import { changeTogether } from '../../support/together.js'
import { assign } from '../../support/unchecked.js'

const hour = 3_600_000
const megabyte = 1024 * 1024

/** Each call that changes a string. */
const changes: Readonly<Record<string, (text: HotString) => Promise<unknown>>> = {
  set: text => text.set(0, 'X'),
  append: text => text.append('!'),
  prepend: text => text.prepend('!'),
  repeat: text => text.repeat(2),
  splice: text => text.splice(0, 1, 'zzz'),
  'replace(text)': text => text.replace('all new'),
  replace: text => text.replace('b', 'c'),
  replaceAll: text => text.replaceAll(/b/g, 'c'),
  toUpperCase: text => text.toUpperCase(),
  toLowerCase: text => text.toLowerCase(),
  trim: text => text.trim(),
  trimStart: text => text.trimStart(),
  trimEnd: text => text.trimEnd(),
  padStart: text => text.padStart(20, '-'),
  padEnd: text => text.padEnd(20, '-')
}

describe.each(backends)('A string on $name', ({ createHot: another, raw }) => {
  const hot = another()

  const filled = async (text: string) => {
    const string = hot.string(freshKey())
    await string.replace(text)
    return string
  }

  test('is plain text in Redis, whatever it looks like', async () => {
    for (const text of ['42', 'true', 'null', '{"a":1}', '"q"', '', 'é 😀', '\u0000\r\n', '-0']) {
      const string = await filled(text)
      expect(await raw(string.key, 'GET', string.key)).toBe(text)
      expect(await string.value).toBe(text)
    }
  })

  test('holds U+FFFD for lone surrogates, as everywhere in JavaScript when text becomes UTF-8', async () => {
    const string = await filled('a\ud83d')
    expect(await string.value).toBe('a\ufffd')
    await string.append('\ude00')
    expect(await string.value).toBe('a\ufffd\ufffd')
    await string.replace('😀')
    expect([await string[0], await string[1], await string.slice(0, 1)]).toEqual(['\ud83d', '\ude00', '\ud83d'])
    expect([await string.indexOf('\ude00'), await string.includes('\ud83d'), await string.endsWith('\ude00')]).toEqual([
      1,
      true,
      true
    ])
    string[0] = 'x'
    expect(await string.value).toBe('x\ufffd')
  })

  describe('at a missing key', () => {
    test('is the empty string to whoever reads', async () => {
      const missing = hot.string(freshKey())
      expect(await missing.value).toBe('')
      expect(await missing.toJS()).toBe('')
      expect(await missing.length).toBe(0)
      expect(await missing[0]).toBeUndefined()
      expect(await missing.at(-1)).toBeUndefined()
      expect(await missing.slice()).toBe('')
      expect(await missing.indexOf('a')).toBe(-1)
      expect(await missing.indexOf('')).toBe(0)
      expect(await missing.includes('')).toBe(true)
      expect(await missing.startsWith('')).toBe(true)
      expect(await missing.endsWith('x')).toBe(false)
      expect(await missing.equals('')).toBe(true)
      expect(await missing.exists()).toBe(false)
    })

    test.each(Object.entries(changes))('%s changes the empty string', async (name, change) => {
      const missing = hot.string(freshKey())
      if (name === 'set') {
        expect(await failureOf(change(missing))).toBeInstanceOf(IndexError)
        expect(await missing.exists()).toBe(false)
        return
      }
      await change(missing)
      const dashes = '-'.repeat(20)
      const expected: Record<string, string> = {
        append: '!',
        prepend: '!',
        splice: 'zzz',
        'replace(text)': 'all new',
        padStart: dashes,
        padEnd: dashes
      }
      expect(await missing.value).toBe(expected[name] ?? '')
    })
  })

  describe.each([
    ['ASCII', '  abba Abba  '],
    ['other', '  abbä 😀bba  ']
  ])('of %s text', (_, text) => {
    test.each(Object.entries(changes))('%s keeps the time to live', async (_name, change) => {
      const string = await filled(text)
      await string.expire(hour)
      await change(string)
      expect(await string.value).not.toBe('')
      expect(await string.ttl()).toBeGreaterThan(hour / 2)
    })

    test.each(Object.entries(changes))(
      '%s is refused where something else is, and changes nothing',
      async (_name, change) => {
        const key = freshKey()
        await raw(key, 'RPUSH', key, text)
        expect(await failureOf(change(hot.string(key)))).toBeInstanceOf(KeyTypeError)
        expect(await raw(key, 'LRANGE', key, '0', '-1')).toEqual([text])
      }
    )

    test.each(Object.entries(changes))('%s in a transaction is done at the end', async (_name, change) => {
      const [inside, outside] = [await filled(text), await filled(text)]
      await change(outside)
      await hot.transaction(() => {
        void change(inside)
      })
      expect(await inside.value).toBe(await outside.value)
    })

    test('assignments keep the time to live, and their order', async () => {
      const string = await filled(text)
      await string.expire(hour)
      string[0] = 'X'
      string[-1] = 'Z'
      void string.append('!')
      await hot.flush()
      expect(await string.value).toBe(`X${text.slice(1, -1)}Z!`)
      string.value = 'new'
      string[1] = 'E'
      expect(await string.value).toBe('nEw')
      expect(await string.ttl()).toBeGreaterThan(hour / 2)
    })

    test('calls made together take effect in their order', async () => {
      const string = await filled(text)
      const calls = [
        string.toUpperCase(),
        string.append('x'),
        string.replaceAll('B', 'b'),
        string.prepend('é'),
        string.trimEnd(),
        string.splice(1, 2, 'ab'),
        string.append(' ')
      ]
      const end = string.value
      await Promise.all(calls)
      const replaced = `é${`${text.toUpperCase()}x`.replaceAll('B', 'b')}`
      expect(await end).toBe(`${replaced[0]}ab${replaced.slice(3)} `)
    })

    test('writing where there is no position is an IndexError and changes nothing', async () => {
      const string = await filled(text)
      for (const index of [text.length, -text.length - 1, 2 ** 40, -(2 ** 40)]) {
        const error = await failureOf(string.set(index, 'x'))
        expect(error).toBeInstanceOf(IndexError)
        expect(error).toMatchObject({ key: string.key, operation: 'String.set' })
        // What it says to do must be what a string can do.
        expect((error as Error).message).toMatch(/append|splice/)
      }
      string[text.length] = 'x'
      await expect(hot.flush()).rejects.toBeInstanceOf(IndexError)
      expect(await string.value).toBe(text)
    })
  })

  describe('refuses, and changes nothing:', () => {
    test.each([5, null, undefined, {}, ['a'], Symbol('x'), 1n, Promise.resolve('x')])('%p for a text', async value => {
      const string = await filled('abc')
      const text = value as string
      for (const [name, call] of Object.entries({
        append: () => string.append(text),
        prepend: () => string.prepend(text),
        set: () => string.set(0, text),
        replace: () => string.replace(text),
        indexOf: () => string.indexOf(text),
        includes: () => string.includes(text),
        startsWith: () => string.startsWith(text),
        endsWith: () => string.endsWith(text),
        equals: () => string.equals(text),
        'splice(0, 1, text)': () => string.splice(0, 1, value === undefined ? (null as unknown as string) : text)
      })) {
        const error = await failureOf(call())
        expect({ name, error }).toEqual({ name, error: expect.any(TypeError) })
        expect((error as Error).message).toContain('String.')
      }
      expect(() => assign(string, 'value', text)).toThrow(TypeError)
      expect(() => assign(string, 0, text)).toThrow(TypeError)
      expect(() => hot.string(string.key, { initial: text === undefined ? (null as never) : text })).toThrow(TypeError)
      expect(await string.value).toBe('abc')
    })

    test.each(['x', 1.5, NaN, null, {}, 2 ** 53, 1n])('%p for a position', async value => {
      const string = await filled('abc')
      const at = value as number
      for (const call of [
        () => string.at(at),
        () => string.set(at, 'x'),
        () => string.slice(at),
        () => string.slice(0, at),
        () => string.indexOf('a', at),
        () => string.includes('a', at),
        () => string.startsWith('a', at),
        () => string.splice(at, 1),
        () => string.splice(0, at),
        () => string.repeat(at),
        () => string.padStart(at),
        () => string.padEnd(at)
      ]) {
        const error = await failureOf(call())
        expect(['TypeError', 'RangeError']).toContain((error as Error).name)
        expect((error as Error).message).toContain('String.')
      }
      expect(await string.value).toBe('abc')
    })

    test('a negative number of times', async () => {
      const string = await filled('abc')
      expect(await failureOf(string.repeat(-1))).toBeInstanceOf(RangeError)
      expect(await failureOf(string.repeat(Infinity))).toBeInstanceOf(RangeError)
    })

    test('a pattern that can not be, as the native method does', async () => {
      const string = await filled('abc')
      expect(await failureOf(string.replaceAll(/b/, 'x'))).toBeInstanceOf(TypeError)
      const thrown = new Error('mine')
      const failing = string.replace('b', () => {
        throw thrown
      })
      expect(await failureOf(failing)).toBe(thrown)
      expect(await string.value).toBe('abc')
    })

    test('deleting a position, codecs and schemas', async () => {
      const string = await filled('abc')
      expect(() => Reflect.deleteProperty(string, '0')).toThrow(TypeError)
      expect(() => assign(string, 'length', 1)).toThrow(TypeError)
      expect(() => hot.string('x', { codec: {} } as never)).toThrow(TypeError)
      expect(await string.value).toBe('abc')
    })

    test('what another stored that is no UTF-8: it is not overwritten by what it looks like', async () => {
      const key = freshKey()
      await raw(key, 'SETBIT', key, '0', '1')
      const before = await raw(key, 'STRLEN', key)
      const error = await failureOf(hot.string(key).padEnd(5, 'x'))
      expect(error).toBeInstanceOf(HotError)
      expect((error as Error).message).toMatch(/UTF-8/)
      expect(await raw(key, 'STRLEN', key)).toBe(before)
      expect(await raw(key, 'GETBIT', key, '0')).toBe(1)
    })
  })

  describe('past 512 MB', () => {
    test('repeat, padStart and padEnd say so and change nothing', async () => {
      for (const text of ['abc', 'äbc']) {
        const string = await filled(text)
        for (const times of [200_000_000, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
          const error = await failureOf(string.repeat(times))
          expect(error).toBeInstanceOf(OverflowError)
          expect(error).toMatchObject({ key: string.key, operation: 'String.repeat' })
          expect((error as Error).message).toMatch(/512 MB/)
        }
        expect(await failureOf(string.padEnd(2 ** 30, '-'))).toBeInstanceOf(OverflowError)
        expect(await failureOf(string.padStart(2 ** 30, '-'))).toBeInstanceOf(OverflowError)
        expect(await string.value).toBe(text)
      }
      const empty = hot.string(freshKey())
      await empty.repeat(Number.MAX_SAFE_INTEGER)
      expect(await empty.value).toBe('')
    })
  })
})

describe('A string near what Redis can hold', () => {
  let own: OwnServer
  beforeAll(async () => {
    own = await ownServer()
  })
  afterAll(async () => own.close())

  test('append past it is an OverflowError, and changes nothing', async () => {
    // The server's own limit, lowered, so that no gigabytes are needed.
    await own.raw('CONFIG', 'SET', 'proto-max-bulk-len', String(megabyte))
    const string = own.hot.string('limited')
    await string.append('x'.repeat(600_000))
    const error = await failureOf(string.append('y'.repeat(600_000)))
    expect(error).toBeInstanceOf(OverflowError)
    expect(error).toMatchObject({ key: 'limited', operation: 'String.append' })
    expect(await string.length).toBe(600_000)
    await own.raw('CONFIG', 'SET', 'proto-max-bulk-len', String(512 * megabyte))
  })

  test('text longer than 512 MB as UTF-8 is refused before anything is sent', async () => {
    const string = own.hot.string('short')
    await string.replace('short')
    await own.raw('CONFIG', 'RESETSTAT')
    // Latin-1 in memory: half of what it is in UTF-8.
    const long = 'é'.repeat(256 * megabyte + 1)
    const error = await failureOf(string.append(long))
    expect(error).toBeInstanceOf(OverflowError)
    expect((error as Error).message).toMatch(/512 MB/)
    const received = statistic(await own.raw('INFO', 'stats'), /total_net_input_bytes:(\d+)/)
    expect(received).toBeLessThan(10_000)
    expect(await string.value).toBe('short')
  })

  test('plain ASCII takes the short way: what is asked does not make the text travel', async () => {
    const string = own.hot.string('long')
    const text = 'abcdefghij'.repeat(megabyte / 10)
    await string.replace(text)
    await own.raw('CONFIG', 'RESETSTAT')
    expect(await string.length).toBe(text.length)
    expect(await string[0]).toBe('a')
    expect(await string.at(-1)).toBe('j')
    expect(await string.slice(10, 15)).toBe('abcde')
    expect(await string.indexOf('ja', 500_000)).toBe(500_009)
    expect(await string.indexOf('x')).toBe(-1)
    expect(await string.includes('jab')).toBe(true)
    expect(await string.startsWith('abc')).toBe(true)
    expect(await string.endsWith('hij')).toBe(true)
    await string.set(5, 'X')
    await string.append('!')
    await string.prepend('!')
    await string.splice(3, 2, '12')
    await string.repeat(2)
    const info = await own.raw('INFO', 'stats')
    expect(await own.bytesSent()).toBeLessThan(20_000)
    expect(statistic(info, /total_net_input_bytes:(\d+)/)).toBeLessThan(50_000)
    const once = `!${text.slice(0, 2)}12${text.slice(4, 5)}X${text.slice(6)}!`
    expect((await string.value) === once + once).toBe(true)
  })
})

describe('Two processes that change one string at once', () => {
  const url = process.env['HOT_TEST_URL'] ?? ''

  test('with append, prepend, splice, replaceAll and both cases lose nothing', async () => {
    await using hot = createHot({ url })
    const string = hot.string(freshKey())
    const told = await changeTogether<string[]>('edits', string.key, 2, 60)
    const found = (await string.value).toLowerCase().split(/[<>é]+/)
    expect(found.filter(token => token !== '').sort()).toEqual(told.flat().sort())
    await string.clear()
  })
})
