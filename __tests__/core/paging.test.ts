import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { paged, type Page } from '../../src/core/paging.js'
import { scaled } from '../support/runs.js'

/** What is read: pages of texts, of which some can't be fetched, and some texts that can't be decoded. */
interface Stored {
  readonly pages: readonly (readonly string[] | 'lost')[]
  /** Whether each page is asked for only when it is wanted. */
  readonly open: boolean
}

function pageAt({ pages, open }: Stored, number: number): Page<number> {
  const items = pages[number]
  if (items === undefined || items === 'lost') throw new Error(`page ${number} is lost`)
  return { items, next: number + 1 < pages.length ? number + 1 : undefined, open }
}

function decoded(text: string): string {
  if (text === 'bad') throw new Error('bad text')
  return text.toUpperCase()
}

function source(stored: Stored, fetched: number[] = []) {
  return () => ({
    start: 0,
    width: 1,
    fetch: async (number: number) => {
      fetched.push(number)
      await turn()
      return pageAt(stored, number)
    },
    item: (texts: readonly string[], at: number) => decoded(texts[at]!)
  })
}

/** The language's own: what paged() has to behave like. */
async function* generated(stored: Stored): AsyncGenerator<string, void, undefined> {
  for (let number: number | undefined = 0; number !== undefined;) {
    await turn()
    const page: Page<number> = pageAt(stored, number)
    for (const text of page.items) yield decoded(text)
    number = page.next
  }
}

type Call = 'next' | 'return' | 'throw' | 'wait'

/** The answers to calls of which only those before a 'wait' are awaited, in the order in which they come. */
async function answers(items: AsyncGenerator<string, void, undefined>, calls: readonly Call[]): Promise<string[]> {
  const order: string[] = []
  const pending: Promise<unknown>[] = []
  const call: Readonly<Record<Call, () => Promise<unknown>>> = {
    next: () => items.next(),
    return: () => items.return(),
    throw: () => items.throw(new Error('thrown in')),
    wait: () => Promise.all(pending)
  }
  for (const [index, name] of calls.entries()) {
    const note = (answer: unknown) => void order.push(`${index} ${name} ${JSON.stringify(answer)}`)
    const answer = call[name]()
    if (name === 'wait') await answer
    else pending.push(answer.then(note, (error: unknown) => note((error as Error).message)))
  }
  await Promise.all(pending)
  return order
}

describe('Items that are read in pages', () => {
  test('come as an async generator gives them, whatever is called meanwhile', async () => {
    const text = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'bad')
    const page = fc.oneof({ weight: 8, arbitrary: fc.array(text, { maxLength: 4 }) }, fc.constant('lost' as const))
    const stored = fc.record({ pages: fc.array(page, { minLength: 1, maxLength: 5 }), open: fc.boolean() })
    const call = fc.oneof(
      { weight: 10, arbitrary: fc.constantFrom<Call[]>('next', 'wait') },
      fc.constantFrom<Call[]>('return', 'throw')
    )
    const property = fc.asyncProperty(stored, fc.array(call, { maxLength: 25 }), async (given, calls) => {
      expect(await answers(paged(source(given)), calls)).toEqual(await answers(generated(given), calls))
    })
    await fc.assert(property, { numRuns: scaled(300) })
  })

  const threePages: Stored = { pages: [['a', 'b'], ['c'], ['d']], open: false }

  test('are fetched one page ahead, and no further', async () => {
    const fetched: number[] = []
    const items = paged(source(threePages, fetched))
    await turn()
    expect(fetched).toEqual([])
    await items.next()
    await turn()
    expect(fetched).toEqual([0, 1])
    await items.next()
    await turn()
    expect(fetched).toEqual([0, 1])
    await items.next()
    expect(fetched).toEqual([0, 1, 2])
  })

  test('are fetched when they are asked for, where the page may not exist yet', async () => {
    const fetched: number[] = []
    const items = paged(source({ ...threePages, open: true }, fetched))
    await items.next()
    await items.next()
    await turn()
    expect(fetched).toEqual([0])
    await items.next()
    expect(fetched).toEqual([0, 1])
  })

  test('are not read on once the loop is left, and a page that fails meanwhile troubles nobody', async () => {
    const fetched: number[] = []
    for await (const item of paged(source({ pages: [['a'], 'lost', ['b']], open: false }, fetched))) {
      expect(item).toBe('A')
      break
    }
    await turn()
    await turn()
    expect(fetched).toEqual([0, 1])
  })

  test('a source that can not be opened is an error, once', async () => {
    const items = paged<number, string>(() => {
      throw new Error('no such thing')
    })
    await expect(items.next()).rejects.toThrow('no such thing')
    expect(await items.next()).toEqual({ value: undefined, done: true })
  })

  test('each page is fetched in the context of who asked for it', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const plain = source(threePages)()
    const items = paged(() => ({
      ...plain,
      fetch: (number: number) => {
        seen.push(context.getStore())
        return plain.fetch(number)
      }
    }))
    await context.run('one', async () => {
      await items.next()
      await items.next()
    })
    await context.run('two', () => items.next())
    expect(seen).toEqual(['one', 'one', 'two'])
  })

  test('items of two texts each', async () => {
    const page: Page<number> = { items: ['a', '1', 'b', '2'], next: undefined }
    const items = paged(() => ({
      start: 0,
      width: 2,
      fetch: () => Promise.resolve(page),
      item: (texts: readonly string[], at: number) => `${texts[at]}=${texts[at + 1]}`
    }))
    const all: string[] = []
    for await (const item of items) all.push(item)
    expect(all).toEqual(['a=1', 'b=2'])
  })
})
