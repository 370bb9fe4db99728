import { script, command, type Reply, type Request } from '../../core/command.js'
import { OverflowError } from '../../core/errors.js'
import type { Key } from '../../core/keys.js'
import { stringRead, stringSet } from '../../scripts.generated.js'
import type { Pending } from '../../core/pending.js'
import { Handle, fromPlain, fromReply, readAll, writeAll } from '../../handles/handle.js'
import type { Op } from '../../handles/operation.js'

/** What a string in Redis can hold at most, in bytes of UTF-8. */
const MOST_BYTES = 512 * 1024 * 1024

/** Text as Redis will hold it: lone surrogates become U+FFFD, as everywhere that UTF-16 becomes UTF-8. */
export function storable({ operation, key }: Op, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${operation}: the text must be a string, not ${typeof value}`)
  if (value.length > MOST_BYTES / 4 && Buffer.byteLength(value) > MOST_BYTES) {
    throw tooLong(operation, key)
  }
  return value.toWellFormed()
}

/** What String.replace puts in. */
export type Replacement = string | ((substring: string, ...groups: unknown[]) => string)

/** The replacement, checked: JavaScript would turn one that is undefined by mistake into the text 'undefined'. */
export function replacementOf({ operation }: Op, value: unknown): Replacement {
  if (typeof value === 'string' || typeof value === 'function') return value as Replacement
  throw new TypeError(
    `${operation}: the replacement must be a string or a function, not ${value === null ? 'null' : typeof value}`
  )
}

/** The length to fill a text up to. */
export function fillLength(op: Op, length: unknown): number {
  const to = op.integer('the length', length)
  if (to <= MOST_BYTES) return to
  throw tooLong(op.operation, op.key)
}

function tooLong(operation: string, key: string): OverflowError {
  return new OverflowError(`${key} would be longer than the 512 MB that a string can hold`, { key, operation })
}

/**
 * What both kinds of strings can tell: text by JavaScript's positions (UTF-16 code units). ASCII text is looked at in Redis;
 * any other is fetched, and JavaScript itself gives the answer.
 */
export abstract class Text extends Handle<string> {
  /** @internal */
  [readAll](): Request {
    return command('GET', this.context.key)
  }

  /** @internal */
  [fromReply](reply: Reply): string {
    return (reply as string | null) ?? ''
  }

  /** @internal */
  [fromPlain](_operation: string, value: unknown): string {
    return storable(this.context.op('replace'), value)
  }

  /** @internal */
  [writeAll](value: unknown, key: Key): readonly Request[] {
    return [script(stringSet, [key], value as string)]
  }

  /**
   * How many UTF-16 code units there are, as JavaScript counts. A script (`GET`), O(n).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await title.length
   */
  get length(): Pending<number> {
    return this.#look(this.context.op('length'), ['length'], Number, text => text.length)
  }

  /**
   * The code unit at a position, undefined when there is none: `await title[0]` is the same. A script (`GET`), O(n).
   *
   * @example await title.at(-1)
   */
  at(index: number): Pending<string | undefined> {
    const op = this.context.op('at')
    const at = op.position('the index', index)
    const found = (text: unknown): string | undefined => (text === '' ? undefined : String(text))
    return this.#look(op, ['at', at], found, text => text.at(at))
  }

  /**
   * The text from `start` up to, not including, `end`. A script (`GET`), O(n).
   *
   * @example await title.slice(0, 10)
   */
  slice(start = 0, end?: number): Pending<string> {
    const op = this.context.op('slice')
    const from = op.position('start', start)
    const to = end === undefined ? undefined : op.position('end', end)
    return this.#look(op, ['slice', from, to ?? ''], String, text => text.slice(from, to))
  }

  /**
   * Where `search` first begins, from `from` on; -1 when it does not. A script (`GET`), O(n).
   *
   * @example await title.indexOf('e')
   */
  indexOf(search: string, from = 0): Pending<number> {
    return this.#find(this.context.op('indexOf'), search, from, index => index)
  }

  /**
   * Whether it contains `search`, from `from` on. A script (`GET`), O(n).
   *
   * @example await title.includes('hot')
   */
  includes(search: string, from = 0): Pending<boolean> {
    return this.#find(this.context.op('includes'), search, from, index => index !== -1)
  }

  /**
   * Whether `search` stands at `at`, the beginning unless told. A script (`GET`), O(n).
   *
   * @example await title.startsWith('HOT')
   */
  startsWith(search: string, at = 0): Pending<boolean> {
    const op = this.context.op('startsWith')
    const text = searched(op, search)
    const from = Math.max(0, op.position('the position', at))
    const isThere = (found: Reply): boolean => found === text
    return this.#look(op, ['slice', from, from + text.length], isThere, whole => whole.startsWith(text, from))
  }

  /**
   * Whether it ends with `search`. A script (`GET`), O(n).
   *
   * @example await title.endsWith('.')
   */
  endsWith(search: string): Pending<boolean> {
    const op = this.context.op('endsWith')
    const text = searched(op, search)
    const end = text === '' ? ['slice', 0, 0] : ['slice', -text.length, '']
    const isThere = (found: Reply): boolean => found === text
    return this.#look(op, end, isThere, whole => whole.endsWith(text))
  }

  #find<R>(op: Op, search: string, from: number, decode: (index: number) => R): Pending<R> {
    const text = searched(op, search)
    const start = Math.max(0, op.position('the position', from))
    const found = (index: Reply): R => decode(Number(index))
    return this.#look(op, ['indexOf', text, start], found, whole => decode(whole.indexOf(text, start)))
  }

  /** Asks Redis, which answers itself if all is ASCII, and hands over the text if not. */
  #look<R>(
    op: Op,
    question: readonly (string | number)[],
    decode: (answer: Reply) => R,
    ask: (text: string) => R
  ): Pending<R> {
    return op.read(script(stringRead, [this.context.key], ...question), reply => {
      const [answer, text] = reply as [Reply, string | null]
      return text === null ? decode(answer) : ask(text)
    })
  }
}

/** Text to look for, taken as it is: half of a surrogate pair can be found in a whole one. */
function searched({ operation }: Op, search: unknown): string {
  if (typeof search === 'string') return search
  throw new TypeError(`${operation}: the text to look for must be a string, not ${typeof search}`)
}
