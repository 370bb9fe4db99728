/* eslint-disable @typescript-eslint/unbound-method, @typescript-eslint/await-thenable,
   @typescript-eslint/no-confusing-void-expression
   -- methods need no `this`; and an assigned or deleted field can be awaited, though the compiler narrows it */

import { describe, expect, test } from '@jest/globals'
import type { HotDict } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

const members = ['key', 'then', 'size', 'get', 'set', 'has', 'delete', 'clear', 'toJS', 'update', 'entries', 'issue']
const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']
const looked = ['toJSON', '$$typeof', 'asymmetricMatch', 'nodeType', 'inspect', 'length']
const unusual = ['', ' ', '0', '-1', 'a.b', 'имя', '💡', 'line\nbreak', '\u0000']
const names = [...members, ...inherited, ...looked, ...unusual]

type AnyDict = HotDict<Record<string, number>>

/** A record with a field of every name, `__proto__` too. */
const record = (value: number) => Object.fromEntries(names.map(name => [name, value]))

/** That nothing was put where every object finds it. */
function expectPrototypesUntouched(...prototypes: readonly unknown[]): void {
  expect(Reflect.ownKeys(Object.prototype)).toEqual(expect.arrayContaining(['constructor', 'toString']))
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(typeof {}.toString).toBe('function')
  expect(prototypes.filter(prototype => prototype !== Object.prototype && prototype !== null)).toEqual([])
}

describe.each(backends)('fields of any name, on $name,', ({ createHot, raw }) => {
  const hot = createHot()
  const made = (): AnyDict => hot.dict<Record<string, number>>(freshKey())

  test.each(names.map(name => [name]))('%j is a field like any other through the methods', async name => {
    const dict = made()
    expect(await dict.get(name)).toBeUndefined()
    expect(await dict.has(name)).toBe(false)
    await dict.set(name, 1)
    expect(await raw(dict.key, 'HGET', dict.key, name)).toBe('1')
    expect(await dict.get(name)).toBe(1)
    expect(await dict.has(name)).toBe(true)
    expect(await dict.increment(name)).toBe(2)
    expect(await dict.getOrInsert(name, 7)).toBe(2)
    expect(await dict.size).toBe(1)
    const plain = await dict.toJS()
    expect(Object.entries(plain)).toEqual([[name, 2]])
    for await (const pair of dict) expect(pair).toEqual([name, 2])
    expect(await dict.pop(name)).toBe(2)
    expect(await dict.delete(name)).toBe(false)
    expectPrototypesUntouched(Object.getPrototypeOf(plain))
  })

  test.each<[string, (dict: AnyDict) => unknown]>([
    ['update()', dict => dict.update(record(1))],
    ['update() with pairs', dict => dict.update(Object.entries(record(1)))],
    ['update() with a Map', dict => dict.update(new Map(Object.entries(record(1))))],
    ['replace()', dict => dict.replace(record(1))],
    ['initial', dict => hot.dict(dict.key, { initial: record(1) })],
    ['initial with pairs', dict => hot.dict(dict.key, { initial: Object.entries(record(1)) })]
  ])('%s stores every name, and toJS() and equals() know them all', async (_, store) => {
    const dict = made()
    await store(dict)
    expect(await dict.size).toBe(names.length)
    const plain = await dict.toJS()
    expect(Object.keys(plain).sort()).toEqual([...names].sort())
    expect(Object.values(plain)).toEqual(names.map(() => 1))
    expect(await dict.equals(record(1))).toBe(true)
    expect(await dict.equals({ ...record(1), ['__proto__']: 2 })).toBe(false)
    expectPrototypesUntouched(Object.getPrototypeOf(plain))
  })

  test('a whole object stored under __proto__ comes back as a field and pollutes nothing', async () => {
    const dict = hot.dict<Record<string, { polluted: boolean }>>(freshKey())
    await dict.set('__proto__', { polluted: true })
    await dict.update(JSON.parse('{"constructor":{"polluted":true},"__proto__":{"polluted":true}}') as object)
    const plain = await dict.toJS()
    expect(Object.keys(plain).sort()).toEqual(['__proto__', 'constructor'])
    expect(Object.getOwnPropertyDescriptor(plain, '__proto__')?.value).toEqual({ polluted: true })
    expect((plain as Record<string, unknown>)['polluted']).toBeUndefined()
    expectPrototypesUntouched(Object.getPrototypeOf(plain))
  })

  test('assigning dict.__proto__ sets a field and never changes the prototype of the handle', async () => {
    const dict = hot.dict<Record<string, unknown>>(freshKey())
    const prototype: unknown = Object.getPrototypeOf(dict)
    ;(dict as Record<string, unknown>)['__proto__'] = { polluted: true }
    expect(Object.getPrototypeOf(dict)).toBe(prototype)
    expect(await dict.get('__proto__')).toEqual({ polluted: true })
    expect(await (dict as Record<string, unknown>)['__proto__']).toEqual({ polluted: true })
    expectPrototypesUntouched()
  })

  test('a default dict makes fields of any name', async () => {
    const dict = hot.defaultDict<Record<string, number>>(() => 5, freshKey())
    for (const name of names) expect(await dict.get(name)).toBe(5)
    expect(Object.keys(await dict.toJS()).sort()).toEqual([...names].sort())
    expectPrototypesUntouched()
  })

  test('the dot reaches the fields that are no members', async () => {
    const user = hot.dict<{ name: string; 'full name': string; 0: string }>(freshKey())
    user.name = 'Ada'
    user['full name'] = 'Ada Lovelace'
    expect(await user.name).toBe('Ada')
    expect(await user['full name']).toBe('Ada Lovelace')
    expect(await raw(user.key, 'HGET', user.key, 'full name')).toBe('Ada Lovelace')
    delete user.name
    expect(await user.name).toBeUndefined()
    expect(await user.toJS()).toEqual({ 'full name': 'Ada Lovelace' })
  })
})

describe.each(backends)('methods taken off their handle, on $name,', ({ createHot }) => {
  const hot = createHot()

  test('work as they do on it', async () => {
    const { push, at, toJS, clear } = hot.list<string>(freshKey())
    expect(await push('a', 'b')).toBe(2)
    expect(await at(-1)).toBe('b')
    expect(await toJS()).toEqual(['a', 'b'])
    await clear()
    expect(await toJS()).toEqual([])

    const { set, get, entries } = hot.dict<{ name: string }>(freshKey())
    await set('name', 'Ada')
    expect(await get('name')).toBe('Ada')
    for await (const pair of entries()) expect(pair).toEqual(['name', 'Ada'])
  })

  test('can be handed on as callbacks', async () => {
    const user = hot.dict<Record<string, number>>(freshKey())
    await user.update({ a: 1, b: 2 })
    expect(await Promise.all(['a', 'b', 'c'].map(user.get))).toEqual([1, 2, undefined])
  })
})
