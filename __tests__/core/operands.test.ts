import { describe, expect, test } from '@jest/globals'
import { codecs, createHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

/** A handle as another copy of the library would make it: no instance of any class here. */
const ofAnotherCopy = (): never => new Proxy({}, { get: (_, name) => (name === itself ? {} : undefined) }) as never
const itself = Symbol.for('hot-redis.handle')

describe.each(backends)('handles as operands on $name', ({ createHot: create }) => {
  const hot = create()
  const other = create({ prefix: 'other:' })
  const near = (key: string) => `{${key}}:near`

  test('list.concat() reads lists of its own Hot, each with its codec', async () => {
    const key = freshKey()
    const readable = hot.list<unknown>(key)
    const text = hot.list<string>(near(key), { codec: codecs.text })
    await readable.push(1, 'a')
    await text.push('1', 'true')
    expect(await readable.concat(text as never, ['x'])).toEqual([1, 'a', '1', 'true', 'x'])
    expect(await text.concat(readable as never)).toEqual(['1', 'true', 1, 'a'])
  })

  test('list.concat() refuses lists of another Hot, and says what to give instead', async () => {
    const list = hot.list<string>(freshKey())
    await expect(list.concat(other.list<string>('elsewhere'))).rejects.toThrow(TypeError)
    await expect(list.concat(other.list<string>('elsewhere'))).rejects.toThrow(
      /List\.concat: 'other:elsewhere' belongs to another Hot.*await other\.toJS\(\)/
    )
  })

  test('handles of another type are refused, not taken for a value', async () => {
    const key = freshKey()
    await expect(hot.list<unknown>(key).concat(hot.set('x') as never)).rejects.toThrow(/only a List handle.*toJS/)
    await expect(hot.set<string>(key).union(hot.list('x') as never)).rejects.toThrow(/only a Set handle.*toJS/)
    await expect(hot.multiSet(key).sum(hot.dict('x') as never)).rejects.toThrow(/only a MultiSet handle.*toJS/)
  })

  test('handles of another copy of the library are refused', async () => {
    const key = freshKey()
    const calls = [
      () => hot.list<string>(key).concat(ofAnotherCopy()),
      () => hot.list<string>(key).equals(ofAnotherCopy()),
      () => hot.dict(key).equals(ofAnotherCopy()),
      () => hot.set<string>(key).union(ofAnotherCopy()),
      () => hot.set<string>(key).update(ofAnotherCopy()),
      () => hot.multiSet(key).sum(ofAnotherCopy()),
      () => hot.multiSet(key).update(ofAnotherCopy())
    ]
    for (const call of calls) {
      await expect(call()).rejects.toThrow(TypeError)
      await expect(call()).rejects.toThrow(/another copy of hot-redis.*await other\.toJS\(\)/)
    }
  })
})

test('a Hot of one server refuses a list that lives on another', async () => {
  const [here, elsewhere] = ['redis://127.0.0.1:1', 'redis://127.0.0.1:2'].map(url => createHot({ url }))
  await expect(here!.list<string>('k').concat(elsewhere!.list<string>('k'))).rejects.toThrow(/another Hot/)
})
