import { command } from '../../core/command.js'
import type { HandleContext } from '../../handles/operation.js'
import { pages, type Page } from './paging.js'

const REMEMBERED = 100_000

/** Remembers the newest 100,000 names it was asked about, and up to as many more. */
class Recent {
  #older = new Set<string>()
  #newer = new Set<string>()

  /** Whether this is the first time for `name`, as far as it remembers. */
  isNew(name: string): boolean {
    if (this.#newer.has(name) || this.#older.has(name)) return false
    if (this.#newer.size === REMEMBERED) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(name)
    return true
  }
}

interface Cursor {
  readonly at: string
  readonly epoch: number | undefined
}

/**
 * Everything in a hash or set, in pages read as the loop goes on: entries of `width` texts, the first of which tells
 * them apart. What is there during the whole loop comes once, repeats being recognised among the last 100,000.
 */
export async function* scan(
  context: HandleContext,
  name: 'HSCAN' | 'SSCAN',
  width: 1 | 2
): AsyncGenerator<readonly string[], void, undefined> {
  const seen = new Recent()
  const start: Cursor = { at: '0', epoch: undefined }
  for await (const { items } of pages(start, (cursor, size) => readPage(context, name, cursor, size))) {
    for (let i = 0; i < items.length; i += width) {
      const entry = items.slice(i, i + width)
      if (seen.isNew(entry[0] as string)) yield entry
    }
  }
}

function readPage(context: HandleContext, name: string, { at, epoch }: Cursor, size: number): Promise<Page<Cursor>> {
  return context.dispatcher.run<Page<Cursor>>({
    kind: 'read',
    info: context.op('entries'),
    requests: [command(name, context.key, at, 'COUNT', size)],
    decode: ([reply], answeredBy) => {
      const [next, items] = reply as [string, string[]]
      // A cursor means something to the server process that gave it only: on another connection the scan starts over.
      const lost = epoch !== undefined && epoch !== answeredBy
      const cursor = lost ? { at: '0', epoch: undefined } : { at: next, epoch: answeredBy }
      return { items, next: next === '0' && !lost ? undefined : cursor }
    }
  })
}
