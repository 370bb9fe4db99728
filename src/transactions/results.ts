import { WriteResult } from './write-result.js'

/** What hot.transaction() gives for what fn returns: promises in an array or a record are filled in. */
export type Results<R> = R extends PromiseLike<infer V> ? Filled<Awaited<V>> : Filled<Awaited<R>>

/** A handle of whatever type is no record of promises. */
interface AnyHandle {
  readonly key: string
  toJS(): Promise<unknown>
}

type Filled<V> = V extends readonly unknown[]
  ? { -readonly [K in keyof V]: Awaited<V[K]> }
  : V extends AnyHandle
    ? V
    : V extends object
      ? Extract<V[keyof V], PromiseLike<unknown>> extends never
        ? V
        : { [K in keyof V]: Awaited<V[K]> }
      : V

/** The parts of what fn returned that may be promises, and how to put them together again. */
export interface Parts {
  readonly parts: readonly unknown[]
  readonly assemble: (values: readonly unknown[]) => unknown
}

/** Takes an array or a plain record apart; anything else is its own only part. */
export function takeApart(value: unknown): Parts {
  if (Array.isArray(value) && value.some(isPromise)) return { parts: value, assemble: values => values }
  if (isRecord(value) && Object.values(value).some(isPromise)) {
    const names = Object.keys(value)
    return {
      parts: Object.values(value),
      assemble: values => Object.fromEntries(names.map((name, index) => [name, values[index]]))
    }
  }
  return { parts: [value], assemble: ([only]) => only }
}

/** Waits for the reads among the parts: they belong to the transaction, while writes have their results after it. */
export async function readsOf(parts: readonly unknown[]): Promise<void> {
  await Promise.all(parts.filter(part => !(part instanceof WriteResult)))
}

function isPromise(value: unknown): boolean {
  return value instanceof Promise
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
