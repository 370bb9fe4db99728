import { script, command, type Reply, type Request } from '../../core/command.js'
import { OverflowError } from '../../core/errors.js'
import type { Key } from '../../core/keys.js'
import { stringRead, stringSet } from '../../scripts.generated.js'
import type { Pending } from '../../core/pending.js'
import { Handle, fromPlain, fromReply, readAll, writeAll } from '../../handles/handle.js'
import type { Op } from '../../handles/operation.js'

/** The maximum size of a string in Redis, in bytes of UTF-8. */
const MOST_BYTES = 512 * 1024 * 1024

/** The text as Redis stores it: lone surrogates become U+FFFD, as in every conversion to UTF-8. */
export function storable({ operation, key }: Op, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${operation}: the text must be a string, not ${typeof value}`)
  if (value.length > MOST_BYTES / 4 && Buffer.byteLength(value) > MOST_BYTES) {
    throw tooLong(operation, key)
  }
  return value.toWellFormed()
}

/** The replacement of String.replace. */
export type Replacement = string | ((substring: string, ...groups: unknown[]) => string)

/** Checks a replacement: JavaScript would insert the text 'undefined' for one that is undefined by mistake. */
export function replacementOf({ operation }: Op, value: unknown): Replacement {
  if (typeof value === 'string' || typeof value === 'function') return value as Replacement
  throw new TypeError(
    `${operation}: the replacement must be a string or a function, not ${value === null ? 'null' : typeof value}`
  )
}

/** Checks the length that a text is padded to. */
export function fillLength(op: Op, length: unknown): number {
  const to = op.integer('the length', length)
  if (to <= MOST_BYTES) return to
  throw tooLong(op.operation, op.key)
}

function tooLong(operation: string, key: string): OverflowError {
  return new OverflowError(`${key} would be longer than the 512 MB that a string can hold`, { key, operation })
}

/**
 * The reading methods of both string types. Positions are JavaScript's (UTF-16 code units). ASCII text is examined in Redis;
 * other text is fetched and examined here.
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
   * The number of UTF-16 code units. A script (`GET`), O(n).
   *
   * @throws KeyTypeError when the key holds something else
   * @example await title.length
   */
  get length(): Pending<number> {
    return this.#look(this.context.op('length'), ['length'], Number, text => text.length)
  }

  /**
   * Returns the code unit at a position, or undefined. `await title[0]` is the same. A script (`GET`), O(n).
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
   * Returns the text from `start` up to, but not including, `end`. A script (`GET`), O(n).
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
   * Returns the first position of `search` at or after `from`, or -1. A script (`GET`), O(n).
   *
   * @example await title.indexOf('e')
   */
  indexOf(search: string, from = 0): Pending<number> {
    return this.#find(this.context.op('indexOf'), search, from, index => index)
  }

  /**
   * Returns whether `search` occurs at or after `from`. A script (`GET`), O(n).
   *
   * @example await title.includes('hot')
   */
  includes(search: string, from = 0): Pending<boolean> {
    return this.#find(this.context.op('includes'), search, from, index => index !== -1)
  }

  /**
   * Returns whether `search` is at position `at`, 0 by default. A script (`GET`), O(n).
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
   * Returns whether the text ends with `search`. A script (`GET`), O(n).
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

  /** Runs a script that replies with the answer if the text is ASCII, and with the text otherwise. */
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

/** Checks a text to search for. It stays as it is: half of a surrogate pair can be found in a whole one. */
function searched({ operation }: Op, search: unknown): string {
  if (typeof search === 'string') return search
  throw new TypeError(`${operation}: the text to look for must be a string, not ${typeof search}`)
}
