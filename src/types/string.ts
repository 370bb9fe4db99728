import { count, integer, position } from '../arguments.js'
import { script, words, type Command } from '../command.js'
import { noSuchIndex } from '../errors.js'
import { stringRepeat, stringSplice } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { computed } from './computed.js'
import type { TypeShape } from './issuer.js'
import { Text, fillLength, storable } from './text.js'

/** What String.replace puts in. */
export type Replacement = string | ((substring: string, ...groups: unknown[]) => string)

/**
 * A mutable string in Redis: the methods that give a new string in JavaScript change the one that is stored. Positions are
 * JavaScript's, for any text. Every method is one atomic step; a missing key is the empty string.
 */
export class MutableString extends Text {
  static readonly shape: TypeShape = { name: 'String', holds: 'string', indexedBy: 'position' }

  /**
   * The text; assigning replaces it, and keeps the time to live. `GET`, `SET`, O(n).
   *
   * @example await title.value
   * @example title.value = 'HOT'
   */
  get value(): Pending<string> {
    return this.toJS()
  }

  set value(value: string) {
    this.issue.assign(this.replace(value))
  }

  /**
   * Replaces the code unit at a position: `title[0] = 'h'`, awaited. A script (`SETRANGE` where all is ASCII), O(n).
   *
   * @throws IndexError when there is no such position
   * @example await title.set(0, 'h')
   */
  set(index: number, text: string): Pending<void> {
    return this.#splice('set', integer(this.issue.operation('set'), 'the index', index), 1, text, true)
  }

  /**
   * Puts text behind. `APPEND`, O(1).
   *
   * @throws TypeError when it is not a string
   * @example await log.append('done\n')
   */
  append(text: string): Pending<void> {
    return this.issue.write('append', words('APPEND', this.issue.key, storable(this.issue, 'append', text)))
  }

  /**
   * Puts text in front. A script, O(n).
   *
   * @example await title.prepend('The ')
   */
  prepend(text: string): Pending<void> {
    return this.#splice('prepend', 0, 0, text, false)
  }

  /**
   * Makes it its own text `times` times over; 0 empties it. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 512 MB
   * @example await line.repeat(40)
   */
  repeat(times: number): Pending<void> {
    const { key } = this.issue
    const copies = count(this.issue.operation('repeat'), 'the count', times)
    return this.issue.write('repeat', script(stringRepeat, [key, key], copies, ''))
  }

  /**
   * Removes `deleteCount` code units from `start` on and puts `text` there. A script, O(n).
   *
   * @throws RangeError when a position is not whole; OverflowError past 512 MB
   * @example await title.splice(0, 3, 'Hot')
   */
  splice(start: number, deleteCount = Infinity, text = ''): Pending<void> {
    const operation = this.issue.operation('splice')
    const from = position(operation, 'start', start)
    const most = Math.max(0, position(operation, 'deleteCount', deleteCount))
    return this.#splice('splice', from, most, text, false)
  }

  /**
   * With one argument: replaces all of the text, `title.value = text`, awaited. With two: replaces the first match, as
   * String.replace does. `SET`, or read, computed here and set if unchanged; O(n).
   *
   * @example await title.replace('HOT Redis')
   * @example await title.replace(/e/, 'E')
   */
  override replace(text: string): Pending<void>
  override replace(search: string | RegExp, replacement: Replacement): Pending<void>
  override replace(search: string | RegExp, replacement?: Replacement): Pending<void> {
    if (replacement === undefined) return super.replace(search as string)
    return this.#change('replace', text => text.replace(search, replacement as string))
  }

  /**
   * Replaces every match, as String.replaceAll does. Read, computed here and set if unchanged; O(n).
   *
   * @throws TypeError for a RegExp without the g flag
   * @example await title.replaceAll('e', 'E')
   */
  replaceAll(search: string | RegExp, replacement: Replacement): Pending<void> {
    return this.#change('replaceAll', text => text.replaceAll(search, replacement as string))
  }

  /** Makes it upper case, as String.toUpperCase does. Read, computed here and set if unchanged; O(n). */
  toUpperCase(): Pending<void> {
    return this.#change('toUpperCase', text => text.toUpperCase())
  }

  /** Makes it lower case, as String.toLowerCase does. Read, computed here and set if unchanged; O(n). */
  toLowerCase(): Pending<void> {
    return this.#change('toLowerCase', text => text.toLowerCase())
  }

  /** Takes white space off both ends, as String.trim does. Read, computed here and set if unchanged; O(n). */
  trim(): Pending<void> {
    return this.#change('trim', text => text.trim())
  }

  /** Takes white space off the beginning. Read, computed here and set if unchanged; O(n). */
  trimStart(): Pending<void> {
    return this.#change('trimStart', text => text.trimStart())
  }

  /** Takes white space off the end. Read, computed here and set if unchanged; O(n). */
  trimEnd(): Pending<void> {
    return this.#change('trimEnd', text => text.trimEnd())
  }

  /**
   * Fills it up in front to `length` code units, as String.padStart does. Read, computed here and set if unchanged; O(n).
   *
   * @example await code.padStart(6, '0')
   */
  padStart(length: number, fill = ' '): Pending<void> {
    const to = fillLength(this.issue, 'padStart', length)
    return this.#change('padStart', text => text.padStart(to, fill))
  }

  /** Fills it up behind to `length` code units, as String.padEnd does. Read, computed here and set if unchanged; O(n). */
  padEnd(length: number, fill = ' '): Pending<void> {
    const to = fillLength(this.issue, 'padEnd', length)
    return this.#change('padEnd', text => text.padEnd(to, fill))
  }

  #change(method: string, change: (text: string) => string): Pending<void> {
    return this.issue.run(this.#computed(method, change))
  }

  #computed(method: string, change: (text: string) => string): Command<void> {
    return computed(this.issue, method, '', stored => ({
      text: storable(this.issue, method, change(stored)),
      result: undefined
    }))
  }

  #splice(method: string, start: number, deleteCount: number, text: string, inside: boolean): Pending<void> {
    const { issue } = this
    const inserted = storable(issue, method, text)
    const change = (stored: string): string => {
      const from = Math.min(start < 0 ? Math.max(stored.length + start, 0) : start, stored.length)
      if (inside && (start >= stored.length || start < -stored.length))
        throw noSuchIndex(issue.operation(method), issue.key, 'string')
      return stored.slice(0, from) + text + stored.slice(from + deleteCount)
    }
    const readFirst = (): Command<void> => this.#computed(method, change)
    const request = script(stringSplice, [issue.key], start, deleteCount, inserted, inside ? 'inside' : '')
    const command: Command<unknown> = {
      ...issue.command<unknown>('write', method, request, reply => reply),
      readFirst,
      // Not all ASCII: nothing has been done yet.
      next: reply => ((reply as [string | null])[0] === null ? { command: readFirst() } : { result: undefined })
    }
    return issue.run(command as Command<void>)
  }
}
