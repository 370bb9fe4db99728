import { describe, expect, test } from '@jest/globals'
import { CodecError } from '../../src/index.js'
import { backends } from '../support/backends.js'

class Point {
  x = 1
}

function cycle() {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = [cyclic]
  return cyclic
}

const refused: [string, unknown][] = [
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['a BigInt', 1n],
  ['a cycle', cycle()],
  ['a Date', new Date()],
  ['a Map', new Map()],
  ['a Set', new Set()],
  ['a Buffer', Buffer.from('x')],
  ['a Uint8Array', new Uint8Array(1)],
  ['a RegExp', /x/],
  ['an Error', new Error('x')],
  ['a promise', Promise.resolve(1)],
  ['a class instance', new Point()],
  ['a boxed string', Object('x')],
  ['an array with a hole', [1, , 2]], // eslint-disable-line no-sparse-arrays
  ['an object with a function', { toJSON: () => 'x' }]
]

describe.each(backends)('Values that are refused on $name', ({ createHot, raw }) => {
  const prefix = 'refused:'
  const hot = createHot({ prefix })
  const stored = (key: string, command: string, ...args: string[]) => raw(prefix + key, command, prefix + key, ...args)

  describe.each(refused)('%s', (what, value) => {
    test('is a CodecError that names the key and the place, before anything is sent', async () => {
      const user = hot.dict<Record<string, unknown>>(`user:${what}`)
      const setting = user.set('tags', ['a', 'b', value])
      await expect(setting).rejects.toThrow(`user:${what} .tags[2]`)
      await expect(setting).rejects.toMatchObject({ name: 'CodecError', key: `refused:user:${what}` })
      await expect(user.update({ fine: 1, tags: { 'full name': [value] } })).rejects.toThrow(
        `user:${what} .tags["full name"][0]`
      )
      expect(await user.exists()).toBe(false)
    })

    test('is refused by every method that takes a value, and nothing is half written', async () => {
      const list = hot.list<unknown>(`list:${what}`)
      await list.push('before')
      const given = { deep: [value] }
      for (const call of [
        () => list.push('a', given),
        () => list.unshift('a', given),
        () => list.extend(['a', given]),
        () => list.insert(0, given),
        () => list.set(0, given),
        () => list.splice(0, 1, 'a', given),
        () => list.replace(['a', given]),
        () => list.indexOf(given),
        () => list.remove(given)
      ]) {
        const calling = call()
        await expect(calling).rejects.toThrow(CodecError)
        await expect(calling).rejects.toMatchObject({ key: `refused:list:${what}` })
        await expect(calling).rejects.toThrow('.deep[0]')
      }
      expect(await stored(list.key, 'LRANGE', '0', '-1')).toEqual(['before'])

      const dict = hot.dict<Record<string, unknown>>(`dict:${what}`)
      await dict.set('before', 1)
      for (const call of [
        () => dict.set('x', given),
        () => dict.update({ a: 1, x: given }),
        () =>
          dict.update([
            ['a', 1],
            ['x', given]
          ]),
        () => dict.replace({ a: 1, x: given }),
        () => dict.getOrInsert('x', given)
      ]) {
        const calling = call()
        await expect(calling).rejects.toThrow(CodecError)
        await expect(calling).rejects.toThrow(`dict:${what} .x.deep[0]`)
      }
      expect(await stored(dict.key, 'HGETALL')).toEqual(['before', '1'])
    })

    test('throws at once where it is assigned, or given as initial', async () => {
      const list = hot.list<unknown>(`assigned list:${what}`)
      const dict = hot.dict<Record<string, unknown>>(`assigned dict:${what}`)
      await Promise.all([list.push('before'), dict.set('x', 'before')])
      expect(() => (list[0] = value)).toThrow()
      expect(() => (dict['x'] = value)).toThrow()
      expect(() => hot.list(list.key, { initial: ['a', value] })).toThrow()
      expect(() => hot.dict(dict.key, { initial: { a: 1, x: [value] } })).toThrow()
      await hot.flush()
      expect(await list.toJS()).toEqual(['before'])
      expect(await dict.toJS()).toEqual({ x: 'before' })
    })
  })

  test.each([
    ['a Date', new Date()],
    ['a Map', new Map()],
    ['a BigInt', 1n],
    ['a class instance', new Point()]
  ])('the error about %s tells which codec would take it', async (_what, value) => {
    await expect(hot.list<unknown>('user:1').push(value)).rejects.toThrow(/codec/i)
  })

  test('an undefined item is refused, and the items given with it are not stored', async () => {
    const list = hot.list<unknown>('tags')
    await expect(list.push('a', undefined)).rejects.toThrow('tags')
    expect(await stored('tags', 'EXISTS')).toBe(0)
  })
})
