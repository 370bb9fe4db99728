import { script, command, type Request } from '../../../core/command.js'
import { noSuchIndex } from '../../../core/errors.js'
import { stringRepeat, stringSplice } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import { readModifyWrite, type Change } from '../read-modify-write.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import { Text, fillLength, replacementOf, storable, type Replacement } from '../text.js'
import { plainType, type TypeDefinition } from '../../../handles/define-type.js'
import type { PlainOptions, Positions } from '../../../handles/factory-options.js'

/** A mutable string in Redis. */
export type HotString = MutableString & Positions<string>

/**
 * A mutable string. See {@link HotString}.
 *
 * @throws TypeError when the key is empty or not a string
 * @example const title = hot.string('title', { initial: 'HOT' })
 */
export type StringFactory = (key?: string, options?: PlainOptions<string>) => HotString

/**
 * A mutable string in Redis: methods that return a new string in JavaScript change the stored one. Positions are JavaScript's,
 * for any text. Every method is one atomic step. A missing key is the empty string.
 */
class MutableString extends Text {
  static readonly descriptor: TypeDescriptor = { name: 'String', redisType: 'string', indexedBy: 'position' }

  /**
   * The text; assigning replaces it and keeps the time to live. `GET`, `SET`, O(n).
   *
   * @example await title.value
   * @example title.value = 'HOT'
   */
  get value(): Pending<string> {
    return this.toJS()
  }

  set value(value: string) {
    this.context.dispatcher.assign(this, 'replace', value)
  }

  /**
   * Replaces the code unit at a position; `title[0] = 'h'` that can be awaited. A script (`SETRANGE` for ASCII text), O(n).
   *
   * @throws IndexError when there is no such position
   * @example await title.set(0, 'h')
   */
  set(index: number, text: string): Pending<void> {
    const op = this.context.op('set')
    return this.#splice(op, op.integer('the index', index), 1, text, true)
  }

  /**
   * Appends text. `APPEND`, O(1).
   *
   * @throws TypeError when it is not a string
   * @example await log.append('done\n')
   */
  append(text: string): Pending<void> {
    const op = this.context.op('append')
    return op.write(command('APPEND', this.context.key, storable(op, text)))
  }

  /**
   * Inserts text at the start. A script, O(n).
   *
   * @example await title.prepend('The ')
   */
  prepend(text: string): Pending<void> {
    return this.#splice(this.context.op('prepend'), 0, 0, text, false)
  }

  /**
   * Repeats the text `times` times, in place; 0 empties it. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 512 MB
   * @example await line.repeat(40)
   */
  repeat(times: number): Pending<void> {
    const op = this.context.op('repeat')
    const { key } = this.context
    const copies = op.count('the count', times)
    return op.write(script(stringRepeat, [key, key], copies, ''))
  }

  /**
   * Removes `deleteCount` code units from `start` on and inserts `text` there. A script, O(n).
   *
   * @throws RangeError when a position is not whole; OverflowError past 512 MB
   * @example await title.splice(0, 3, 'Hot')
   */
  splice(start: number, deleteCount = Infinity, text = ''): Pending<void> {
    const op = this.context.op('splice')
    const from = op.position('start', start)
    const most = Math.max(0, op.position('deleteCount', deleteCount))
    return this.#splice(op, from, most, text, false)
  }

  /**
   * With one argument, replaces the whole text; `title.value = text` that can be awaited. With two, replaces the first match,
   * as String.replace does. `SET`, or read, computed here and set if unchanged; O(n).
   *
   * @example await title.replace('HOT Redis')
   * @example await title.replace(/e/, 'E')
   */
  override replace(text: string): Pending<void>
  override replace(search: string | RegExp, replacement: Replacement): Pending<void>
  override replace(...args: [text: string] | [search: string | RegExp, replacement: Replacement]): Pending<void> {
    // The number of arguments decides: a replacement that is undefined by mistake must not overwrite the whole text.
    if (args.length < 2) return super.replace(args[0] as string)
    const op = this.context.op('replace')
    const by = replacementOf(op, args[1])
    return this.#change(op, text => text.replace(args[0], by as string))
  }

  /**
   * Replaces every match, as String.replaceAll does. Read, computed here and set if unchanged; O(n).
   *
   * @throws TypeError for a RegExp without the g flag
   * @example await title.replaceAll('e', 'E')
   */
  replaceAll(search: string | RegExp, replacement: Replacement): Pending<void> {
    const op = this.context.op('replaceAll')
    const by = replacementOf(op, replacement)
    return this.#change(op, text => text.replaceAll(search, by as string))
  }

  /** Converts to upper case, as String.toUpperCase does. Read, computed here and set if unchanged; O(n). */
  toUpperCase(): Pending<void> {
    return this.#change(this.context.op('toUpperCase'), text => text.toUpperCase())
  }

  /** Converts to lower case, as String.toLowerCase does. Read, computed here and set if unchanged; O(n). */
  toLowerCase(): Pending<void> {
    return this.#change(this.context.op('toLowerCase'), text => text.toLowerCase())
  }

  /** Removes white space from both ends, as String.trim does. Read, computed here and set if unchanged; O(n). */
  trim(): Pending<void> {
    return this.#change(this.context.op('trim'), text => text.trim())
  }

  /** Removes white space from the start, as String.trimStart does. Read, computed here and set if unchanged; O(n). */
  trimStart(): Pending<void> {
    return this.#change(this.context.op('trimStart'), text => text.trimStart())
  }

  /** Removes white space from the end, as String.trimEnd does. Read, computed here and set if unchanged; O(n). */
  trimEnd(): Pending<void> {
    return this.#change(this.context.op('trimEnd'), text => text.trimEnd())
  }

  /**
   * Pads the start to `length` code units, as String.padStart does. Read, computed here and set if unchanged; O(n).
   *
   * @example await code.padStart(6, '0')
   */
  padStart(length: number, fill = ' '): Pending<void> {
    const op = this.context.op('padStart')
    const to = fillLength(op, length)
    return this.#change(op, text => text.padStart(to, fill))
  }

  /** Pads the end to `length` code units, as String.padEnd does. Read, computed here and set if unchanged; O(n). */
  padEnd(length: number, fill = ' '): Pending<void> {
    const op = this.context.op('padEnd')
    const to = fillLength(op, length)
    return this.#change(op, text => text.padEnd(to, fill))
  }

  #change(op: Op, change: (text: string) => string, tryFirst?: Request): Pending<void> {
    const changed = (stored: string): Change<void> => ({ text: storable(op, change(stored)), result: undefined })
    return readModifyWrite(op, this.context.key, '', changed, tryFirst)
  }

  /** Changes ASCII text in Redis; other text is read and computed here. */
  #splice(op: Op, start: number, deleteCount: number, text: string, inside: boolean): Pending<void> {
    const { key } = this.context
    const request = script(stringSplice, [key], start, deleteCount, storable(op, text), inside ? 'inside' : '')
    const splice = (stored: string): string => {
      if (inside && (start >= stored.length || start < -stored.length)) {
        throw noSuchIndex(op.operation, key.name, 'string')
      }
      const from = Math.min(start < 0 ? Math.max(stored.length + start, 0) : start, stored.length)
      return stored.slice(0, from) + text + stored.slice(from + deleteCount)
    }
    return this.#change(op, splice, request)
  }
}

export const string: TypeDefinition<StringFactory> = plainType(MutableString)
