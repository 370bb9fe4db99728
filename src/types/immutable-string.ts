import { nanoid } from 'nanoid'
import { count } from '../arguments.js'
import { script, words, type Command } from '../command.js'
import type { HotImmutableString } from '../handles.js'
import { beside } from '../keys.js'
import { stringRepeat } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import type { TypeShape } from './issuer.js'
import type { Replacement } from './string.js'
import { Text, fillLength, storable } from './text.js'

/**
 * A string in Redis that never changes: what makes another string of it gives a new handle, for a new key in the same slot.
 * Writing to it is a TypeError.
 */
export class ImmutableString extends Text {
  static readonly shape: TypeShape = { name: 'ImmutableString', holds: 'string', indexedBy: 'position' }

  /** The text. `GET`, O(n). */
  get value(): Pending<string> {
    return this.toJS()
  }

  /**
   * Its text and then the others', as a new string. A script, O(n).
   *
   * @example const greeting = await hello.concat(', ', 'world')
   */
  concat(...texts: string[]): Pending<HotImmutableString> {
    for (const text of texts) storable(this.issue, 'concat', text)
    // Halves of a surrogate pair may meet where two texts do.
    return this.#inRedis('concat', 1, storable(this.issue, 'concat', texts.join('')))
  }

  /**
   * Its text `times` times over, as a new string. A script, O(n × times).
   *
   * @throws RangeError when `times` is negative; OverflowError past 512 MB
   * @example const line = await dash.repeat(40)
   */
  repeat(times: number): Pending<HotImmutableString> {
    return this.#inRedis('repeat', count(this.issue.operation('repeat'), 'the count', times), '')
  }

  /**
   * With the first match replaced, as a new string. `GET`, `SET`, O(n). With one argument, which would overwrite this one, it
   * is a TypeError.
   *
   * @example const other = await title.replace(/e/, 'E')
   */
  override replace(search: string | RegExp, replacement?: Replacement): Pending<never> {
    if (replacement === undefined) {
      throw new TypeError(
        `${this.issue.operation('replace')}: '${this.issue.name}' is immutable: use hot.string() for text that changes`
      )
    }
    return this.#computed('replace', text => text.replace(search, replacement as string)) as Pending<never>
  }

  /** With every match replaced, as a new string. `GET`, `SET`, O(n). */
  replaceAll(search: string | RegExp, replacement: Replacement): Pending<HotImmutableString> {
    return this.#computed('replaceAll', text => text.replaceAll(search, replacement as string))
  }

  /** In upper case, as a new string. `GET`, `SET`, O(n). */
  toUpperCase(): Pending<HotImmutableString> {
    return this.#computed('toUpperCase', text => text.toUpperCase())
  }

  /** In lower case, as a new string. `GET`, `SET`, O(n). */
  toLowerCase(): Pending<HotImmutableString> {
    return this.#computed('toLowerCase', text => text.toLowerCase())
  }

  /** Without white space at either end, as a new string. `GET`, `SET`, O(n). */
  trim(): Pending<HotImmutableString> {
    return this.#computed('trim', text => text.trim())
  }

  /** Without white space at the beginning, as a new string. `GET`, `SET`, O(n). */
  trimStart(): Pending<HotImmutableString> {
    return this.#computed('trimStart', text => text.trimStart())
  }

  /** Without white space at the end, as a new string. `GET`, `SET`, O(n). */
  trimEnd(): Pending<HotImmutableString> {
    return this.#computed('trimEnd', text => text.trimEnd())
  }

  /** Filled up in front to `length` code units, as a new string. `GET`, `SET`, O(n). */
  padStart(length: number, fill = ' '): Pending<HotImmutableString> {
    const to = fillLength(this.issue, 'padStart', length)
    return this.#computed('padStart', text => text.padStart(to, fill))
  }

  /** Filled up behind to `length` code units, as a new string. `GET`, `SET`, O(n). */
  padEnd(length: number, fill = ' '): Pending<HotImmutableString> {
    const to = fillLength(this.issue, 'padEnd', length)
    return this.#computed('padEnd', text => text.padEnd(to, fill))
  }

  #inRedis(method: string, times: number, behind: string): Pending<HotImmutableString> {
    const { issue } = this
    const { name, key } = this.#newKey(method)
    const result = (): HotImmutableString => issue.home.sibling(name) as HotImmutableString
    return issue.write(method, script(stringRepeat, [issue.key, key], times, behind), result, {
      keys: [issue.key, key]
    })
  }

  /** It never changes, so nothing can come between reading it and writing what was made of it. */
  #computed(method: string, change: (text: string) => string): Pending<HotImmutableString> {
    const { issue } = this
    const { name, key } = this.#newKey(method)
    const result = (): HotImmutableString => issue.home.sibling(name) as HotImmutableString
    const read = issue.command<unknown>('read', method, words('GET', issue.key), text => text ?? '')
    return issue.run({
      ...read,
      next: (text: unknown) => {
        const made = words('SET', key, storable(issue, method, change(text as string)))
        const write = issue.command('write', method, made, result, { keys: [issue.key, key] })
        return { command: { ...write, expected: result } }
      }
    } as Command<HotImmutableString>)
  }

  #newKey(method: string): { name: string; key: string } {
    const { issue } = this
    const name = beside(issue.name, issue.key, nanoid())
    return { name, key: issue.home.fullKey(issue.operation(method), name) }
  }
}
