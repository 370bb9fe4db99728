import { script, words, type Command, type Step } from '../command.js'
import { CodecError } from '../errors.js'
import { setIfUnchanged } from '../lua/index.generated.js'
import type { Issuer } from './issuer.js'

/** The text to store, and what the call returns. */
export interface Change<R> {
  readonly text: string
  readonly result: R
}

/**
 * A change that Lua can't make as JavaScript would: the string is read, the change computed here and set only if the
 * string is still what it was, again until it is. `missing` is what a missing key counts as.
 */
export function computed<R>(
  issue: Issuer,
  method: string,
  missing: string,
  change: (stored: string) => Change<R>
): Command<R> {
  const { key } = issue
  const read = issue.command<unknown>('read', method, words('GET', key), stored => stored ?? missing)
  return { ...read, writes: true, next: stored => attempt(stored as string) } as Command<R>

  function attempt(stored: string): Step<R> {
    const { text, result } = change(stored)
    if (text === stored) return { result }
    return { command: setting(stored, text, result) }
  }

  function setting(stored: string, text: string, result: R): Command<R> {
    const request = script(setIfUnchanged, [key], stored, text, missing)
    const set = issue.command<unknown>('write', method, request, reply => reply)
    const next = (reply: unknown): Step<R> => {
      const [done, now] = reply as [string | null, string?]
      if (done !== null) return { result }
      if (now !== stored) return attempt(now as string)
      throw new CodecError(`${key} holds bytes that are not UTF-8 text: replace() it`, {
        key,
        operation: issue.operation(method)
      })
    }
    return { ...set, next, expected: () => result } as Command<R>
  }
}
