import { describe, expect, test } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { hearHot } from '../support/listener.js'
import { assign, expectTypeError } from '../support/unchecked.js'

// `user.address.street = 'y'` sets a property of the promise that `user.address` is: it could never reach Redis.

const { hot } = await hearHot()
const user = hot.dict<Record<string, { street: string; status: string }>>('user:1')
const list = hot.list<{ done: boolean }>('todo')

describe('writing into a value that is still in Redis throws, and says how to change it', () => {
  test('into a field', () => {
    expectTypeError(() => assign(user['address'] as object, 'street', 'y'), /'street'.*still in Redis/)
    expectTypeError(
      () => assign(user['address'] as object, 'street', 'y'),
      `await dict.set('address', { ...(await dict.get('address')), street: value })`
    )
    expectTypeError(
      () => assign(user['home address'] as object, 'street name', 'y'),
      `await dict.set('home address', { ...(await dict.get('home address')), ["street name"]: value })`
    )
  })

  test('into an item', () => {
    expectTypeError(
      () => assign(list[0] as object, 'done', true),
      `await list.set(0, { ...(await list.at(0)), done: value })`
    )
    expectTypeError(() => assign(list[-1] as object, 0, true), 'await list.at(-1)')
  })

  test('into the answer of a method', () => {
    for (const answer of [user.get('address'), user.toJS(), list.at(0), list.length, list.push({ done: true })]) {
      expectTypeError(() => assign(answer, 'street', 'y'), /await/)
    }
  })

  test.each(['hint', 'status', 'value', 'length', 'then', 'catch', 'finally', 'constructor', '0'])(
    'whatever the property is called: %s',
    name => {
      const field = user['address'] as object
      const before = (field as Record<string, unknown>)[name]
      expect(() => assign(field, name, 'y')).toThrow(TypeError)
      expect((field as Record<string, unknown>)[name]).toBe(before)
    }
  )

  test('while the value itself still arrives as that of any other promise', async () => {
    expect(Object.prototype.toString.call(list.length)).toBe('[object Promise]')
    expect(list.length).toBeInstanceOf(Promise)
    expect(Promise.resolve(list.length)).toBeInstanceOf(Promise)
    const settled = await Promise.allSettled([list.length, list.length.then(), list.length.finally(() => undefined)])
    expect(settled).toHaveLength(3)
  })
})

test('what Node.js itself keeps on promises has its place, each promise its own', async () => {
  const storage = new AsyncLocalStorage<number>()
  const seen = await Promise.all(
    [1, 2, 3].map(number =>
      storage.run(number, async () => {
        await list.length.catch(() => undefined)
        await hot.list('other').length.then(undefined, () => undefined)
        return storage.getStore()
      })
    )
  )
  expect(seen).toEqual([1, 2, 3])
})
