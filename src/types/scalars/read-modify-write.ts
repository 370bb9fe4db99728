import { command, script, type Request } from '../../core/command.js'
import { CodecError } from '../../core/errors.js'
import type { Key } from '../../core/keys.js'
import type { Pending } from '../../core/pending.js'
import type { Op } from '../../handles/operation.js'
import { setIfUnchanged } from '../../scripts.generated.js'

/** The text to store, and the result of the call. */
export interface Change<R> {
  readonly text: string
  readonly result: R
}

/**
 * A change that Lua can't compute as JavaScript does: the string is read, changed here, and set only if it is unchanged in
 * Redis; otherwise again. `missing` is the text that a missing key counts as; `tryFirst` is a script that makes the change
 * where it can.
 */
export function readModifyWrite<R>(
  op: Op,
  key: Key,
  missing: string,
  change: (stored: string) => Change<R>,
  tryFirst?: Request
): Pending<R> {
  let attempted: string | undefined
  return op.update(
    command('GET', key),
    reply => {
      const stored = (reply as string | null) ?? missing
      if (attempted === stored) throw notText(op)
      const { text, result } = change(stored)
      if (text === stored) return { result }
      attempted = stored
      return { result, write: script(setIfUnchanged, [key], stored, text, missing) }
    },
    tryFirst && { tryFirst }
  )
}

/** Bytes that are not UTF-8 are read as other text, so the stored string is never found unchanged. */
function notText({ key, operation }: Op): CodecError {
  return new CodecError(`${key} holds bytes that are not UTF-8 text: replace() it`, { key, operation })
}
