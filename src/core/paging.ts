import type { Reply } from './command.js'

/** Reading something long in pages: the next one is fetched while the last is being used. */

const FIRST_PAGE = 100
const LARGEST_PAGE = 1_000
const PAGE_CHARACTERS = 500_000

/** How many items to ask for next, so that pages of large items stay small. */
function pageSize(last: readonly string[] | undefined): number {
  if (!last || last.length === 0) return FIRST_PAGE
  const average = last.reduce((sum, item) => sum + item.length, 0) / last.length
  return Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_CHARACTERS / Math.max(1, average))))
}

export interface Page<Cursor> {
  readonly items: readonly string[]
  /** Where the next page begins, if it is known to exist already. */
  readonly next: Cursor | undefined
}

/** The pages from `start` on, each fetched ahead of its use. */
export async function* pages<Cursor>(
  start: Cursor,
  fetch: (cursor: Cursor, size: number) => Promise<Page<Cursor>>
): AsyncGenerator<Page<Cursor>, void, undefined> {
  let ahead: Promise<Page<Cursor>> | undefined = fetch(start, pageSize(undefined))
  while (ahead) {
    const page: Page<Cursor> = await ahead
    ahead = page.next === undefined ? undefined : fetch(page.next, pageSize(page.items))
    // Whoever leaves the loop early never looks at the page that is on its way.
    ahead?.catch(() => {})
    yield page
  }
}

/** Where a scan goes on, and the connection that has given the cursor. */
export interface Cursor {
  readonly at: string
  readonly epoch: number | undefined
}

export const START: Cursor = { at: '0', epoch: undefined }

/** The page that a reply of SCAN, HSCAN or SSCAN holds. */
export function nextPage({ epoch }: Cursor, reply: Reply | undefined, answeredBy: number): Page<Cursor> {
  const [next, items] = reply as [string, string[]]
  // A cursor is valid only on the server process that gave it: on another connection the scan starts over.
  const lost = epoch !== undefined && epoch !== answeredBy
  const cursor = lost ? START : { at: next, epoch: answeredBy }
  return { items, next: next === '0' && !lost ? undefined : cursor }
}
