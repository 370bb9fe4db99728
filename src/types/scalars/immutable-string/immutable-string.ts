import { nanoid } from 'nanoid'
import { command, script, type Reply, type Step } from '../../../core/command.js'
import { newKeyInSlot, type Key } from '../../../core/keys.js'
import { stringRepeat } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import type { HotString } from '../string/string.js'
import { Text, fillLength, replacementOf, storable, type Replacement } from '../text.js'
import { plainType, type TypeDefinition } from '../../../handles/define-type.js'
import type { PlainOptions } from '../../../handles/factory-options.js'

/** A string in Redis that never changes. */
export type HotImmutableString = Omit<ImmutableString, 'replace' | 'equals'> & {
  readonly [index: number]: Pending<string | undefined>
  /** Replaces the first match and returns the result as a new string. `GET`, `SET`, O(n). */
  replace(search: string | RegExp, replacement: Replacement): Pending<HotImmutableString>
  /** Returns whether it equals a plain string, or that of another handle; both are read in one step. O(n). */
  equals(other: HotImmutableString | HotString | string): Pending<boolean>
}

/**
 * A string that never changes. See {@link HotImmutableString}.
 *
 * @throws TypeError when the key is empty or not a string
 * @example const hello = hot.immutableString('hello', { initial: 'Hello' })
 */
export type ImmutableStringFactory = (key?: string, options?: PlainOptions<string>) => HotImmutableString

/**
 * A string in Redis that never changes: methods that change text return a handle of a new key in the same slot. Writing to it
 * is a TypeError.
 */
class ImmutableString extends Text {
  static readonly descriptor: TypeDescriptor = { name: 'ImmutableString', redisType: 'string', indexedBy: 'position' }

  /** The text. `GET`, O(n). */
  get value(): Pending<string> {
    return this.toJS()
  }

  /**
   * Appends texts and returns the result as a new string. A script, O(n).
   *
   * @example const greeting = await hello.concat(', ', 'world')
   */
  concat(...texts: string[]): Pending<HotImmutableString> {
    const op = this.context.op('concat')
    for (const text of texts) storable(op, text)
    // Two halves of a surrogate pair may meet where texts are joined.
    return this.#inRedis(op, 1, storable(op, texts.join('')))
  }

  /**
   * Repeats the text `times` times and returns the result as a new string. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 512 MB
   * @example const line = await dash.repeat(40)
   */
  repeat(times: number): Pending<HotImmutableString> {
    const op = this.context.op('repeat')
    return this.#inRedis(op, op.count('the count', times), '')
  }

  /**
   * Replaces the first match and returns the result as a new string. `GET`, `SET`, O(n). With one argument, which would
   * overwrite this string, it is a TypeError.
   *
   * @example const other = await title.replace(/e/, 'E')
   */
  override replace(...args: [text: string] | [search: string | RegExp, replacement: Replacement]): Pending<never> {
    const op = this.context.op('replace')
    if (args.length < 2) {
      throw new TypeError(
        `${op.operation}: '${this.context.name}' is immutable: use hot.string() for text that changes`
      )
    }
    const by = replacementOf(op, args[1])
    return this.#computed(op, text => text.replace(args[0], by as string)) as Pending<never>
  }

  /** Replaces every match and returns the result as a new string. `GET`, `SET`, O(n). */
  replaceAll(search: string | RegExp, replacement: Replacement): Pending<HotImmutableString> {
    const op = this.context.op('replaceAll')
    const by = replacementOf(op, replacement)
    return this.#computed(op, text => text.replaceAll(search, by as string))
  }

  /** Converts to upper case and returns the result as a new string. `GET`, `SET`, O(n). */
  toUpperCase(): Pending<HotImmutableString> {
    return this.#computed(this.context.op('toUpperCase'), text => text.toUpperCase())
  }

  /** Converts to lower case and returns the result as a new string. `GET`, `SET`, O(n). */
  toLowerCase(): Pending<HotImmutableString> {
    return this.#computed(this.context.op('toLowerCase'), text => text.toLowerCase())
  }

  /** Removes white space from both ends and returns the result as a new string. `GET`, `SET`, O(n). */
  trim(): Pending<HotImmutableString> {
    return this.#computed(this.context.op('trim'), text => text.trim())
  }

  /** Removes white space from the start and returns the result as a new string. `GET`, `SET`, O(n). */
  trimStart(): Pending<HotImmutableString> {
    return this.#computed(this.context.op('trimStart'), text => text.trimStart())
  }

  /** Removes white space from the end and returns the result as a new string. `GET`, `SET`, O(n). */
  trimEnd(): Pending<HotImmutableString> {
    return this.#computed(this.context.op('trimEnd'), text => text.trimEnd())
  }

  /** Pads the start to `length` code units and returns the result as a new string. `GET`, `SET`, O(n). */
  padStart(length: number, fill = ' '): Pending<HotImmutableString> {
    const op = this.context.op('padStart')
    const to = fillLength(op, length)
    return this.#computed(op, text => text.padStart(to, fill))
  }

  /** Pads the end to `length` code units and returns the result as a new string. `GET`, `SET`, O(n). */
  padEnd(length: number, fill = ' '): Pending<HotImmutableString> {
    const op = this.context.op('padEnd')
    const to = fillLength(op, length)
    return this.#computed(op, text => text.padEnd(to, fill))
  }

  #inRedis(op: Op, times: number, behind: string): Pending<HotImmutableString> {
    const { made, key } = this.#newString(op)
    const request = script(stringRepeat, [this.context.key, key], times, behind)
    return op.run(op.writeCommand(request, made, { unchanged: [this.context.key] }))
  }

  /** The text never changes, so no other write can come between its read and the write of the result. */
  #computed(op: Op, change: (text: string) => string): Pending<HotImmutableString> {
    const { made, key } = this.#newString(op)
    const compute = (stored: Reply): Step<HotImmutableString> => {
      const text = storable(op, change((stored as string | null) ?? ''))
      return { result: made(), write: command('SET', key, text) }
    }
    return op.update(command('GET', this.context.key), compute, { unchanged: [this.context.key] })
  }

  #newString(op: Op): { made: () => HotImmutableString; key: Key } {
    const { context } = this
    const name = newKeyInSlot(context.name, context.key, nanoid())
    const made = (): HotImmutableString => context.sameTypeAt(name) as HotImmutableString
    return { made, key: context.keyNamed(op.operation, name) }
  }
}

export const immutableString: TypeDefinition<ImmutableStringFactory> = plainType(ImmutableString)
