import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import { hearHot } from '../support/listener.js'
import { types } from '../support/types.js'

const { hot, expectNothingSent, connections } = await hearHot()

describe.each(types)('making a $name', type => {
  expectNothingSent()

  test('takes the key as it is given', () => {
    for (const key of ['todo', 'user:1', '{tag}:x', 'ключ', ' ', '__proto__', 'a\nb', '0']) {
      expect(type.make(hot, key).key).toBe(key)
    }
  })

  test('without a key generates one with nanoid, another each time', () => {
    const keys = Array.from({ length: 1_000 }, () => type.make(hot).key)
    expect(new Set(keys).size).toBe(1_000)
    expect(keys.filter(key => !/^[\w-]{21}$/.test(key))).toEqual([])
  })

  test('does no I/O', () => {
    for (let i = 0; i < 100; i++) type.make(hot)
    expect(type.make(hot, 'todo').key).toBe('todo')
  })

  test('is shown by util.inspect by its name and key, without I/O', () => {
    const todo = type.make(hot, 'todo')
    expect(inspect(todo)).toBe(`${type.name} { key: 'todo' }`)
    expect(inspect({ todo })).toBe(`{ todo: ${type.name} { key: 'todo' } }`)
    expect(inspect([[[todo]]], { depth: 0 })).not.toContain('Promise')
    expect(inspect(todo, { showProxy: false, showHidden: true, getters: true })).toContain(`key: 'todo'`)
    expect(inspect(type.make(hot, "it's"))).toBe(`${type.name} { key: "it's" }`)
  })

  test('gives a handle that is not a promise, and so survives async functions', async () => {
    const handle = type.make(hot, 'todo')
    expect('then' in Object.getPrototypeOf(handle)).toBe(false)
    expect((handle as { then?: unknown }).then).toBeUndefined()
    expect(await (async () => Promise.resolve(handle))()).toBe(handle)
    expect(await Promise.resolve(handle)).toBe(handle)
  })
})

test('the first call connects', async () => {
  expect(await connections()).toBe(0)
  await hot.list('todo').exists()
  expect(await connections()).toBeGreaterThan(0)
})
