import { LONGEST_TIMER } from './clock.js'

/** Checks of what users pass in. All throw before anything is sent, and say which call and which argument it was. */

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

/** A whole number that JavaScript holds exactly. */
export function integer(operation: string, name: string, value: unknown): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${operation}: ${name} must be a whole number, not ${shown(value)}`)
  }
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${operation}: ${name} must be a whole number below 2^53, not ${shown(value)}`)
  }
  return value
}

/** A whole number that is not negative. */
export function count(operation: string, name: string, value: unknown): number {
  const number = integer(operation, name, value)
  if (number < 0) throw new RangeError(`${operation}: ${name} must not be negative, it is ${number}`)
  return number
}

/** A whole number of at least one. */
export function positive(operation: string, name: string, value: unknown): number {
  const number = integer(operation, name, value)
  if (number < 1) throw new RangeError(`${operation}: ${name} must be at least 1, it is ${number}`)
  return number
}

/** A position as Array's slice and splice take it: whole, or infinite, which means as far as there is. */
export function position(operation: string, name: string, value: unknown): number {
  if (value === Infinity) return Number.MAX_SAFE_INTEGER
  if (value === -Infinity) return -Number.MAX_SAFE_INTEGER
  return integer(operation, name, value)
}

/** Any finite number. */
export function finite(operation: string, name: string, value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`${operation}: ${name} must be a number, not ${shown(value)}`)
  if (!Number.isFinite(value)) throw new RangeError(`${operation}: ${name} must be a finite number, not ${value}`)
  return value
}

/** Milliseconds from now on; fractions are rounded up to the next whole one. */
export function duration(operation: string, name: string, value: unknown): number {
  const milliseconds = finite(operation, name, value)
  if (milliseconds < 0) {
    throw new RangeError(`${operation}: ${name} must not be negative, it is ${milliseconds} ms`)
  }
  return integer(operation, name, Math.ceil(milliseconds))
}

/** How long to wait for something, and what ends the wait. */
export interface WaitOptions {
  /** Milliseconds; without it the wait has no end. */
  readonly timeout?: number
  /** Ends the wait when it aborts: the call rejects with its reason. */
  readonly signal?: AbortSignal
}

/** An object with the options of a call, which has no others than these. */
export function options<O extends object>(operation: string, value: O, known: readonly (keyof O & string)[]): O {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${operation}: options must be an object, not ${shown(value)}`)
  }
  const unknown = Object.keys(value).find(name => !(known as readonly string[]).includes(name))
  if (unknown === undefined) return value
  const meant = nearest(unknown, known)
  const instead =
    meant === undefined ? `the options are ${known.map(name => `'${name}'`).join(', ')}` : `did you mean '${meant}'?`
  throw new TypeError(`${operation}: unknown option '${unknown}': ${instead}`)
}

/** The name that somebody who wrote `given` may have meant; undefined where at least half of it would be different. */
function nearest(given: string, names: readonly string[]): string | undefined {
  const differences = names.map(
    name => editDistance(given.toLowerCase(), name.toLowerCase()) / Math.max(given.length, name.length)
  )
  const least = Math.min(...differences)
  return least < 0.5 ? names[differences.indexOf(least)] : undefined
}

/** How many characters must be inserted, deleted, replaced or swapped with the next to make one text of another. */
function editDistance(one: string, other: string): number {
  // For each beginning of `one` a row: its distances from all beginnings of `other`.
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, length) => length)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = Number(row[j - 1]) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const swaps = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swapped = swaps ? Number(before[j - 2]) + 1 : Infinity
      next.push(Math.min(replaced, swapped, Number(row[j]) + 1, Number(next[j - 1]) + 1))
    }
    before = row
    row = next
  }
  return Number(row[other.length])
}

/** The limits of a wait, the only options of a call; a timeout further off than a timer goes is none. */
export function waitOptions(operation: string, value: WaitOptions): WaitOptions {
  return waitLimits(operation, options(operation, value, ['timeout', 'signal']))
}

/** The limits of a wait, among other options. */
export function waitLimits(operation: string, { timeout, signal }: WaitOptions): WaitOptions {
  // Told by its form: a signal may come from another realm.
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.throwIfAborted !== 'function') {
    throw new TypeError(`${operation}: the signal must be an AbortSignal, not ${shown(signal)}`)
  }
  const milliseconds =
    timeout === undefined || timeout === Infinity ? Infinity : duration(operation, 'the timeout', timeout)
  return {
    ...(milliseconds <= LONGEST_TIMER && { timeout: milliseconds }),
    ...(signal && { signal })
  }
}

const SHORTEST_LEASE = 100
const DEFAULT_LEASE = 30_000

/** Milliseconds for which something is held: long enough to be renewed in time. */
export function leaseOf(operation: string, value: unknown = DEFAULT_LEASE): number {
  const milliseconds = duration(operation, 'the lease', value)
  if (milliseconds >= SHORTEST_LEASE) return milliseconds
  throw new RangeError(`${operation}: the lease must be at least ${SHORTEST_LEASE} ms, it is ${milliseconds} ms`)
}

/** Text that Redis can store and give back as it was: lone surrogates would not survive UTF-8. */
export function text(operation: string, name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${operation}: ${name} must be a string, not ${shown(value)}`)
  if (!value.isWellFormed()) {
    throw new TypeError(
      `${operation}: ${name} holds half of a surrogate pair, which UTF-8 cannot carry: ${shown(value)}`
    )
  }
  return value
}

/** Anything that `for … of` takes. */
export function iterable<T>(operation: string, name: string, value: unknown): Iterable<T> {
  if (value === null || value === undefined || typeof (value as Iterable<T>)[Symbol.iterator] !== 'function') {
    throw new TypeError(`${operation}: ${name} must be iterable, such as an array, not ${shown(value)}`)
  }
  return value as Iterable<T>
}

/** A function that can be called. */
export function callable<F>(operation: string, name: string, value: F): F {
  if (typeof value !== 'function') throw new TypeError(`${operation}: ${name} must be a function, not ${shown(value)}`)
  return value
}

/** `[field, value]` pairs from a plain record, a Map, or pairs. */
export function entries(operation: string, name: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${operation}: ${name} must be an object, a Map or [field, value] pairs, not ${shown(value)}`)
  }
  if (!(Symbol.iterator in value)) return Object.entries(value)
  return Array.from(value as Iterable<unknown>, pair => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(`${operation}: ${name} must hold [field, value] pairs, it holds ${shown(pair)}`)
    }
    return [text(operation, 'a field', pair[0]), pair[1] as unknown]
  })
}
