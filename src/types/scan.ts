import { words } from '../command.js'
import type { Issuer } from './issuer.js'
import { pages, type Page } from './stream.js'

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
  readonly connection: number | undefined
}

/**
 * Everything in a hash or set, in pages read as the loop goes on: entries of `width` texts, the first of which tells
 * them apart. What is there during the whole loop comes once, repeats being recognised among the last 100,000.
 */
export async function* scan(
  issue: Issuer,
  command: 'HSCAN' | 'SSCAN',
  width: 1 | 2
): AsyncGenerator<readonly string[], void, undefined> {
  const seen = new Recent()
  const start: Cursor = { at: '0', connection: undefined }
  for await (const { items } of pages(start, (cursor, size) => readPage(issue, command, cursor, size))) {
    for (let i = 0; i < items.length; i += width) {
      const entry = items.slice(i, i + width)
      if (seen.isNew(entry[0] as string)) yield entry
    }
  }
}

function readPage(issue: Issuer, command: string, { at, connection }: Cursor, size: number): Promise<Page<Cursor>> {
  return issue.run<Page<Cursor>>({
    ...issue.command<never>('read', 'entries', words(command, issue.key, at, 'COUNT', size), undefined),
    returnsNothing: false,
    decode: ([reply], answeredBy) => {
      const [next, items] = reply as [string, string[]]
      // A cursor means something to the server process that gave it only: on another connection the scan starts over.
      const lost = connection !== undefined && connection !== answeredBy
      const cursor = lost ? { at: '0', connection: undefined } : { at: next, connection: answeredBy }
      return { items, next: next === '0' && !lost ? undefined : cursor }
    }
  })
}
