import { describe, expect, test } from '@jest/globals'
import { hearHot } from '../support/listener.js'
import { types } from '../support/types.js'
import { assign, expectTypeError } from '../support/unchecked.js'

const { hot, expectNothingSent } = await hearHot()
const dict = hot.dict<{ n: number; name: string; size: number }>('counts')
const list = hot.list<string>('todo')

function quietly(look: (handle: object) => unknown) {
  return (handle: object) => {
    try {
      look(handle)
    } catch {
      // Only what is sent matters here.
    }
  }
}

describe('assigning what can not be stored throws at once, and sends nothing', () => {
  expectNothingSent()

  test('undefined', () => {
    expect(() => assign(dict, 'name', undefined)).toThrow(/undefined/)
    expect(() => assign(list, 0, undefined)).toThrow(/undefined/)
    expect(() => assign(list, 'length', undefined)).toThrow(TypeError)
  })

  test('a promise: a forgotten await', () => {
    for (const promise of [Promise.resolve('x'), (async () => Promise.resolve(1))()]) {
      expect(() => assign(dict, 'name', promise)).toThrow(/await/)
      expect(() => assign(list, 0, promise)).toThrow(/await/)
      expect(() => assign(list, 'length', promise)).toThrow(TypeError)
    }
  })

  test('what no codec takes', () => {
    for (const value of [() => 1, Symbol('x'), NaN, Infinity, 1n, new Date(), new Map(), list, dict]) {
      expect(() => assign(dict, 'name', value)).toThrow()
      expect(() => assign(list, 0, value)).toThrow()
    }
  })

  test('anything to a member: it says so, and what reaches a field of that name', () => {
    const members = [
      'key',
      'clear',
      'exists',
      'toJS',
      'replace',
      'size',
      'get',
      'set',
      'has',
      'delete',
      'update',
      'then'
    ]
    for (const member of [...members, 'increment', 'keys', 'values', 'entries', 'pop']) {
      expectTypeError(() => assign(dict, member, 1), new RegExp(`${member}.*member|member.*${member}`))
      expectTypeError(() => assign(dict, member, 1), `dict.set('${member}'`)
    }
    for (const member of ['key', 'push', 'at', 'set', 'toJS', 'then']) {
      expectTypeError(() => assign(list, member, 1), member)
    }
  })

  test('anything to what is no position of a list', () => {
    for (const name of ['first', '1.5', '1e3', '01', '-', '', 'NaN', '9007199254740993']) {
      expectTypeError(() => assign(list, name, 'x'), /list/i)
    }
  })

  test('anything to a symbol', () => {
    for (const handle of [dict, list]) {
      expect(() => assign(handle, Symbol('x'), 1)).toThrow(TypeError)
      expect(() => assign(handle, Symbol.asyncIterator, 1)).toThrow(TypeError)
      expect(() => Reflect.deleteProperty(handle, Symbol('x'))).toThrow(TypeError)
      expect((handle as unknown as Record<symbol, unknown>)[Symbol('x')]).toBeUndefined()
      expect((handle as unknown as Record<symbol, unknown>)[Symbol.toPrimitive]).not.toBeInstanceOf(Promise)
    }
  })

  test('deleting a member says what reaches a field of that name', () => {
    for (const member of ['size', 'get', 'key', 'then']) {
      expectTypeError(() => Reflect.deleteProperty(dict, member), /member.*dict\.delete/)
    }
    for (const member of ['push', 'length', 'key']) {
      expect(() => Reflect.deleteProperty(list, member)).toThrow(TypeError)
    }
  })

  test.each<[string, (handle: object) => unknown]>([
    ['Object.freeze', handle => Object.freeze(handle)],
    ['Object.seal', handle => Object.seal(handle)],
    ['Object.preventExtensions', handle => Object.preventExtensions(handle)],
    ['Object.defineProperty', handle => Object.defineProperty(handle, 'name', { value: 1, configurable: true })],
    ['Object.defineProperty of an accessor', handle => Object.defineProperty(handle, '0', { get: () => 1 })],
    ['Object.setPrototypeOf', handle => Object.setPrototypeOf(handle, {}) as unknown]
  ])('%s throws a TypeError and leaves the handle as it was', (_, change) => {
    for (const type of types) {
      const handle = type.make(hot, 'k')
      const prototype: unknown = Object.getPrototypeOf(handle)
      expect(() => change(handle)).toThrow(TypeError)
      expect(Object.getPrototypeOf(handle)).toBe(prototype)
      expect(Object.isExtensible(handle)).toBe(true)
      expect(handle.key).toBe('k')
    }
  })
})

describe('tools that look at a handle send nothing', () => {
  expectNothingSent()
  const other = () => hot.list('other')
  const matchers: readonly (readonly [string, (handle: object) => unknown])[] = [
    ['expect(handle).toBe(handle)', handle => expect(handle).toBe(handle)],
    ['expect(handle).not.toBe(other)', handle => expect(handle).not.toBe(other())],
    // What compares contents may refuse, since it can't see them; it must not ask for them either.
    ['expect(handle).toEqual(handle)', quietly(handle => expect(handle).toEqual(handle))],
    ['expect(handle).toStrictEqual(handle)', quietly(handle => expect(handle).toStrictEqual(handle))],
    ['expect({ handle }).toEqual({ handle })', quietly(handle => expect({ handle }).toEqual({ handle }))],
    ['expect(handle).toEqual({})', handle => expect(() => expect(handle).toEqual({})).toThrow()],
    ['expect([handle]).toContain(handle)', handle => expect([handle]).toContain(handle)],
    ['expect(handle).toBeDefined()', handle => expect(handle).toBeDefined()],
    ['a toBe that fails', handle => expect(() => expect(handle).toBe(other())).toThrow()],
    ['a toBeNull that fails', handle => expect(() => expect(handle).toBeNull()).toThrow()],
    ['Object.prototype.toString', handle => Object.prototype.toString.call(handle)],
    ['instanceof', handle => expect(handle instanceof Promise).toBe(false)],
    ['Array.isArray', handle => expect(Array.isArray(handle)).toBe(false)],
    ['Promise.resolve', handle => void Promise.resolve(handle)]
  ]

  describe.each(types)('on a $name:', type => {
    test.each(matchers)('%s', (_, look) => {
      look(type.make(hot, 'k'))
    })
  })
})

describe('methods', () => {
  test('are the same function each time', () => {
    expect(list.push === list.push).toBe(true)
    expect(dict.get === dict.get).toBe(true)
    for (const type of types) {
      const handle = type.make(hot, 'k')
      expect(handle.toJS === handle.toJS).toBe(true)
      expect(handle.clear === handle.clear).toBe(true)
    }
  })
})
