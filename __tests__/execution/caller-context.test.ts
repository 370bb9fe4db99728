import { describe, expect, test } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

const storage = new AsyncLocalStorage<string>()

describe.each(backends)("Functions of a call run in its caller's asynchronous context, on $name:", ({ createHot }) => {
  const hot = createHot()
  /** Makes a call in each of three contexts at once, and gives the contexts that the functions saw. */
  async function seenBy(call: (seen: string[]) => Promise<unknown>): Promise<string[][]> {
    const contexts = ['a', 'b', 'c']
    const seen = contexts.map((): string[] => [])
    await Promise.all(contexts.map((context, index) => storage.run(context, () => call(seen[index]!))))
    return seen
  }
  const here = () => String(storage.getStore())

  test('codecs', async () => {
    const key = freshKey()
    await hot.list(key).push('x')
    const seen = await seenBy(record => {
      const decode = (text: string) => (record.push(here()), text)
      return hot.list(key, { codec: { encode: String, decode } }).at(0)
    })
    expect(seen).toEqual([['a'], ['b'], ['c']])
  })

  test('codecs of what is waited for', async () => {
    const key = freshKey()
    const seen = seenBy(record => {
      const decode = (text: string) => (record.push(here()), text)
      return hot.queue(key, { codec: { encode: String, decode } }).get()
    })
    for (const item of ['x', 'y', 'z']) await hot.queue(key).put(item)
    expect(await seen).toEqual([['a'], ['b'], ['c']])
  })

  test('factories of default values', async () => {
    const key = freshKey()
    const seen = await seenBy(record => hot.defaultDict(() => (record.push(here()), 1), key).get(here()))
    expect(seen).toEqual([['a'], ['b'], ['c']])
  })

  test('callbacks of replace(), behind other calls', async () => {
    const text = hot.string(freshKey())
    await text.replace('x')
    const seen = await seenBy(record => text.replaceAll(/x/g, () => (record.push(here()), 'x')))
    expect(seen.map(contexts => [...new Set(contexts)])).toEqual([['a'], ['b'], ['c']])
  })
})
