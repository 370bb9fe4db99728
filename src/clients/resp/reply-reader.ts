import { isAscii } from 'node:buffer'
import type { Reply } from '../../core/command.js'
import { ARRAY, CR, ERROR, INTEGER, MINUS, STATUS, TEXT, ZERO } from './bytes.js'

/** Characters up to which a substring is a copy; a longer one would keep the whole chunk in memory. */
const COPIED_SUBSTRING = 12
/** Bytes from which on an unfinished text is collected in a buffer of its own. */
const LONG_TEXT = 16_384

const NO_BYTES = Buffer.alloc(0)

interface OpenArray {
  readonly items: Reply[]
  readonly length: number
}

/** Reads replies in RESP2 from chunks of bytes; replies may begin and end in different chunks. */
export class ReplyReader {
  /** The bytes of this chunk, behind those that were left over. */
  #bytes: Buffer = NO_BYTES
  #at = 0
  /** The bytes as text, if all of them are ASCII. */
  #text: string | undefined
  /** Arrays whose items have not all been read, the innermost last. */
  readonly #open: OpenArray[] = []
  /** A long text of which a part has been read, with the end of its line. */
  #long: Buffer | undefined
  #longRead = 0

  constructor(private readonly take: (reply: Reply) => void) {}

  /** The chunk may be overwritten afterwards. */
  read(chunk: Buffer): void {
    const rest = this.#long ? this.#fillLong(chunk) : chunk
    const left = this.#bytes.length - this.#at
    this.#bytes = left > 0 ? Buffer.concat([this.#bytes.subarray(this.#at), rest]) : rest
    this.#at = 0
    this.#text = undefined
    while (this.#at < this.#bytes.length && this.#next());
    // A copy: the chunk is not ours.
    this.#bytes = this.#at < this.#bytes.length ? Buffer.from(this.#bytes.subarray(this.#at)) : NO_BYTES
    this.#at = 0
  }

  /** Reads one element; false when its end has not arrived. */
  #next(): boolean {
    const bytes = this.#bytes
    const type = bytes[this.#at] as number
    if (type === STATUS || type === ERROR) return this.#line(type)
    let at = this.#at + 1
    const negative = bytes[at] === MINUS
    if (negative) at++
    let number = 0
    for (; at < bytes.length && bytes[at] !== CR; at++) number = number * 10 + ((bytes[at] as number) - ZERO)
    if (at + 2 > bytes.length) return false
    if (negative) number = -number
    at += 2
    if (type === TEXT) return this.#textElement(at, number)
    this.#at = at
    if (type === INTEGER) this.#element(number)
    else if (type === ARRAY) this.#array(number)
    else
      throw new Error(
        `Redis sent a reply that is not RESP2: it begins with ${JSON.stringify(String.fromCharCode(type))}`
      )
    return true
  }

  #line(type: number): boolean {
    const end = this.#bytes.indexOf('\r\n', this.#at)
    if (end === -1) return false
    const line = this.#bytes.toString('utf8', this.#at + 1, end)
    this.#at = end + 2
    this.#element(type === ERROR ? new Error(line) : line)
    return true
  }

  #textElement(start: number, length: number): boolean {
    if (length < 0) {
      this.#at = start
      this.#element(null)
      return true
    }
    const end = start + length
    if (end + 2 > this.#bytes.length) {
      if (length >= LONG_TEXT) this.#beginLong(start, length)
      return false
    }
    this.#at = end + 2
    this.#element(this.#textAt(start, end))
    return true
  }

  #textAt(start: number, end: number): string {
    if (end - start > COPIED_SUBSTRING) return this.#bytes.toString('utf8', start, end)
    this.#text ??= isAscii(this.#bytes) ? this.#bytes.toString('latin1') : ''
    return this.#text ? this.#text.substring(start, end) : this.#bytes.toString('utf8', start, end)
  }

  #beginLong(start: number, length: number): void {
    this.#long = Buffer.allocUnsafeSlow(length + 2)
    this.#longRead = this.#bytes.copy(this.#long, 0, start)
    this.#at = this.#bytes.length
  }

  /** The bytes of the chunk behind the long text. */
  #fillLong(chunk: Buffer): Buffer {
    const long = this.#long as Buffer
    const copied = chunk.copy(long, this.#longRead)
    this.#longRead += copied
    if (this.#longRead < long.length) return chunk.subarray(copied)
    this.#long = undefined
    this.#element(long.toString('utf8', 0, long.length - 2))
    return chunk.subarray(copied)
  }

  #array(length: number): void {
    if (length < 0) this.#element(null)
    else if (length === 0) this.#element([])
    else this.#open.push({ items: [], length })
  }

  /** An element is read: an item of the innermost array, or a reply. */
  #element(element: Reply): void {
    for (let reply = element; ;) {
      const array = this.#open.at(-1)
      if (!array) return this.take(reply)
      array.items.push(reply)
      if (array.items.length < array.length) return
      this.#open.pop()
      reply = array.items
    }
  }
}
