import { integer, position } from '../arguments.js'
import { script, words, type Reply, type Request } from '../command.js'
import { OverflowError } from '../errors.js'
import { stringRead, stringSet } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { Handle, fromPlain, fromReply, readAll, writeAll } from './handle.js'
import type { Issuer } from './issuer.js'

/** What a string in Redis can hold at most, in bytes of UTF-8. */
const MOST_BYTES = 512 * 1024 * 1024

/** Text as Redis will hold it: lone surrogates become U+FFFD, as everywhere that UTF-16 becomes UTF-8. */
export function storable(issue: Issuer, method: string, value: unknown): string {
  const operation = issue.operation(method)
  if (typeof value !== 'string') throw new TypeError(`${operation}: the text must be a string, not ${typeof value}`)
  if (value.length > MOST_BYTES / 4 && Buffer.byteLength(value) > MOST_BYTES) {
    throw new OverflowError(`${issue.key} would be longer than the 512 MB that a string can hold`, {
      key: issue.key,
      operation
    })
  }
  return value.toWellFormed()
}

/** The length to fill a text up to. */
export function fillLength(issue: Issuer, method: string, length: unknown): number {
  const operation = issue.operation(method)
  const to = integer(operation, 'the length', length)
  if (to <= MOST_BYTES) return to
  throw new OverflowError(`${issue.key} would be longer than the 512 MB that a string can hold`, {
    key: issue.key,
    operation
  })
}

/**
 * What both kinds of strings can tell: text by JavaScript's positions (UTF-16 code units). ASCII text is looked at in Redis;
 * any other is fetched, and JavaScript itself gives the answer.
 */
export abstract class Text extends Handle<string> {
  /** @internal */
  [readAll](): Request {
    return words('GET', this.issue.key)
  }

  /** @internal */
  [fromReply](reply: Reply): string {
    return (reply as string | null) ?? ''
  }

  /** @internal */
  [fromPlain](_operation: string, value: unknown): string {
    return storable(this.issue, 'replace', value)
  }

  /** @internal */
  [writeAll](value: unknown): readonly Request[] {
    return [script(stringSet, [this.issue.key], value as string)]
  }

  /**
   * How many UTF-16 code units there are, as JavaScript counts. A script (`GET`), O(n).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await title.length
   */
  get length(): Pending<number> {
    return look(this.issue, 'length', ['length'], Number, text => text.length)
  }

  /**
   * The code unit at a position, undefined when there is none: `await title[0]` is the same. A script (`GET`), O(n).
   *
   * @example await title.at(-1)
   */
  at(index: number): Pending<string | undefined> {
    const at = position(this.issue.operation('at'), 'the index', index)
    const found = (text: unknown): string | undefined => (text === '' ? undefined : String(text))
    return look(this.issue, 'at', ['at', at], found, text => text.at(at))
  }

  /**
   * The text from `start` up to, not including, `end`. A script (`GET`), O(n).
   *
   * @example await title.slice(0, 10)
   */
  slice(start = 0, end?: number): Pending<string> {
    const operation = this.issue.operation('slice')
    const from = position(operation, 'start', start)
    const to = end === undefined ? undefined : position(operation, 'end', end)
    return look(this.issue, 'slice', ['slice', from, to ?? ''], String, text => text.slice(from, to))
  }

  /**
   * Where `search` first begins, from `from` on; -1 when it does not. A script (`GET`), O(n).
   *
   * @example await title.indexOf('e')
   */
  indexOf(search: string, from = 0): Pending<number> {
    return this.#find('indexOf', search, from, index => index)
  }

  /**
   * Whether it contains `search`, from `from` on. A script (`GET`), O(n).
   *
   * @example await title.includes('hot')
   */
  includes(search: string, from = 0): Pending<boolean> {
    return this.#find('includes', search, from, index => index !== -1)
  }

  /**
   * Whether `search` stands at `at`, the beginning unless told. A script (`GET`), O(n).
   *
   * @example await title.startsWith('HOT')
   */
  startsWith(search: string, at = 0): Pending<boolean> {
    const text = searched(this.issue, 'startsWith', search)
    const from = Math.max(0, position(this.issue.operation('startsWith'), 'the position', at))
    const words = ['slice', from, from + text.length] as const
    return look(
      this.issue,
      'startsWith',
      words,
      found => found === text,
      whole => whole.startsWith(text, from)
    )
  }

  /**
   * Whether it ends with `search`. A script (`GET`), O(n).
   *
   * @example await title.endsWith('.')
   */
  endsWith(search: string): Pending<boolean> {
    const text = searched(this.issue, 'endsWith', search)
    const words = text === '' ? (['slice', 0, 0] as const) : (['slice', -text.length, ''] as const)
    return look(
      this.issue,
      'endsWith',
      words,
      found => found === text,
      whole => whole.endsWith(text)
    )
  }

  #find<R>(method: string, search: string, from: number, decode: (index: number) => R): Pending<R> {
    const text = searched(this.issue, method, search)
    const start = Math.max(0, position(this.issue.operation(method), 'the position', from))
    return look(
      this.issue,
      method,
      ['indexOf', text, start],
      index => decode(Number(index)),
      whole => decode(whole.indexOf(text, start))
    )
  }
}

/** Text to look for, taken as it is: half of a surrogate pair can be found in a whole one. */
function searched(issue: Issuer, method: string, search: unknown): string {
  if (typeof search === 'string') return search
  throw new TypeError(`${issue.operation(method)}: the text to look for must be a string, not ${typeof search}`)
}

/** Asks Redis, which answers itself if all is ASCII, and hands over the text if not. */
function look<R>(
  issue: Issuer,
  method: string,
  question: readonly (string | number)[],
  decode: (answer: Reply) => R,
  ask: (text: string) => R
): Pending<R> {
  return issue.read(method, script(stringRead, [issue.key], ...question), reply => {
    const [answer, text] = reply as [Reply, string | null]
    return text === null ? decode(answer) : ask(text)
  })
}
