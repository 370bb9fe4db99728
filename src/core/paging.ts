import { setImmediateTask } from './clock.js'
import type { Reply } from './command.js'

/** Reading something long in pages: the next one is fetched while the last is being used. */

const FIRST_PAGE = 100
const LARGEST_PAGE = 1_000
const PAGE_CHARACTERS = 500_000

/** How many items to ask for next, so that pages of large items stay small. */
function pageSize(last: readonly string[]): number {
  if (last.length === 0) return FIRST_PAGE
  const average = last.reduce((sum, item) => sum + item.length, 0) / last.length
  return Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_CHARACTERS / Math.max(1, average))))
}

export interface Page<Cursor> {
  readonly items: readonly string[]
  /** Where the next page begins; undefined behind the last one. */
  readonly next: Cursor | undefined
  /** The next page may not exist yet: it is fetched when it is asked for, not ahead. */
  readonly open?: boolean
}

/** What is read in pages. */
export interface PageSource<Cursor, T> {
  readonly start: Cursor
  readonly fetch: (cursor: Cursor, size: number) => Promise<Page<Cursor>>
  /** How many texts of a page are one item. */
  readonly width: number
  /** The item whose first text is at a place of a page. */
  readonly item: (texts: readonly string[], at: number) => T
}

/** Iterates over the items of a source, which is opened at the first call of `next()`. */
export function paged<Cursor, T>(open: () => PageSource<Cursor, T>): AsyncGenerator<T, void, undefined> {
  return new PagedItems(open)
}

/** Resolves when what has been called is written: that is done behind the microtasks and ticks of this turn. */
function writing(): Promise<void> {
  return new Promise(resolve => void setImmediateTask(resolve))
}

type Result<T> = IteratorResult<T, void>

const NOTHING: readonly string[] = []

/**
 * Behaves as an async generator does: calls take effect in their order, the first error ends it, and leaving a loop ends it,
 * too. An async generator itself costs several turns of the microtask queue for each item.
 */
class PagedItems<Cursor, T> implements AsyncGenerator<T, void, undefined> {
  #source: PageSource<Cursor, T> | undefined
  #texts = NOTHING
  #at = 0
  /** The next page, on its way. */
  #ahead: Promise<Page<Cursor>> | undefined
  /** Where the page begins that is not fetched ahead. */
  #next: Cursor | undefined
  #ended = false
  /** Calls in progress, and the end of the last of them. */
  #calls = 0
  #last: Promise<void> = Promise.resolve()

  constructor(private readonly open: () => PageSource<Cursor, T>) {}

  next(): Promise<Result<T>> {
    if (this.#calls > 0 || this.#at >= this.#texts.length) return this.#inTurn(() => this.#turned())
    try {
      return Promise.resolve({ value: this.#take(), done: false })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  return(value?: void | PromiseLike<void>): Promise<Result<T>> {
    return this.#inTurn(async () => {
      this.#end()
      return { value: await value, done: true }
    })
  }

  throw(error: unknown): Promise<Result<T>> {
    return this.#inTurn(() => {
      this.#end()
      return Promise.reject(error)
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  get [Symbol.toStringTag](): string {
    return 'AsyncGenerator'
  }

  /** Runs a call after those before it; at once if there are none. */
  #inTurn(call: () => Promise<Result<T>>): Promise<Result<T>> {
    const result = this.#calls++ === 0 ? call() : this.#last.then(call)
    const ended = (): void => {
      this.#calls--
    }
    this.#last = result.then(ended, ended)
    return result
  }

  /** The next item, on this page or one of the next. */
  async #turned(): Promise<Result<T>> {
    try {
      while (!this.#ended && this.#at >= this.#texts.length) await this.#turn()
    } catch (error) {
      this.#end()
      throw error
    }
    return this.#ended ? { value: undefined, done: true } : { value: this.#take(), done: false }
  }

  async #turn(): Promise<void> {
    const source = (this.#source ??= this.#opened())
    const cursor = this.#next
    const page = this.#ahead ?? (cursor === undefined ? undefined : source.fetch(cursor, pageSize(this.#texts)))
    if (!page) {
      this.#end()
      return
    }
    const { items, next, open } = await page
    this.#texts = items
    this.#at = 0
    this.#next = next
    this.#ahead = next === undefined || open ? undefined : source.fetch(next, pageSize(items))
    // Whoever leaves the loop early never looks at the page that is on its way.
    this.#ahead?.catch(() => {})
    // A loop that awaits nothing else would use up the page before the request for the next one is written.
    if (this.#ahead) await writing()
  }

  #opened(): PageSource<Cursor, T> {
    const source = this.open()
    this.#next = source.start
    return source
  }

  #take(): T {
    const { width, item } = this.#source as PageSource<Cursor, T>
    const at = this.#at
    this.#at += width
    try {
      return item(this.#texts, at)
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #end(): void {
    this.#ended = true
    this.#texts = NOTHING
    this.#ahead = this.#next = undefined
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
