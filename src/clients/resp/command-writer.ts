import { ARRAY, CR, LF, TEXT, ZERO } from './bytes.js'

/** Bytes that are written together. */
const CHUNK_BYTES = 65_536
/** Characters up to which copying a text one by one is faster than a call of Buffer. */
const SHORT_TEXT = 64
/** Bytes of a length with its marks: `$1234567890\r\n`, and the end of the line before it. */
const LENGTH_BYTES = 16

/** Writes commands as RESP, in chunks, into buffers that it uses again when they have been written. */
export class CommandWriter {
  #bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #at = 0

  /** `write` tells whether the bytes have left, so that their buffer may be used again. */
  constructor(private readonly write: (bytes: Buffer) => boolean) {}

  add(words: readonly string[]): void {
    this.#reserve(LENGTH_BYTES)
    this.#length(ARRAY, words.length)
    for (let index = 0; index < words.length; index++) this.#text(words[index] as string)
  }

  /** Writes what has been added since. */
  flush(): void {
    if (this.#at === 0) return
    const written = this.write(this.#bytes.subarray(0, this.#at))
    if (!written) this.#bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#at = 0
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > CHUNK_BYTES) this.flush()
  }

  #text(text: string): void {
    if (text.length <= SHORT_TEXT && this.#shortText(text)) return
    const length = Buffer.byteLength(text)
    if (length + 2 * LENGTH_BYTES > CHUNK_BYTES) return this.#longText(text, length)
    this.#reserve(length + 2 * LENGTH_BYTES)
    this.#length(TEXT, length)
    this.#at += this.#bytes.write(text, this.#at)
    this.#endLine()
  }

  /** False when the text is not ASCII: nothing is written then. */
  #shortText(text: string): boolean {
    this.#reserve(SHORT_TEXT + 2 * LENGTH_BYTES)
    const start = this.#at
    const { length } = text
    this.#length(TEXT, length)
    const bytes = this.#bytes
    let at = this.#at
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) {
        this.#at = start
        return false
      }
      bytes[at++] = code
    }
    this.#at = at
    this.#endLine()
    return true
  }

  #longText(text: string, length: number): void {
    this.#reserve(LENGTH_BYTES)
    this.#length(TEXT, length)
    this.flush()
    this.write(Buffer.from(text))
    this.#endLine()
  }

  #length(type: number, length: number): void {
    const bytes = this.#bytes
    bytes[this.#at++] = type
    if (length >= 100) this.#at += bytes.write(String(length), this.#at, 'latin1')
    else {
      if (length >= 10) bytes[this.#at++] = ZERO + Math.trunc(length / 10)
      bytes[this.#at++] = ZERO + (length % 10)
    }
    this.#endLine()
  }

  #endLine(): void {
    this.#bytes[this.#at++] = CR
    this.#bytes[this.#at++] = LF
  }
}
