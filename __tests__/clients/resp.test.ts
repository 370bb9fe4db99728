import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CommandWriter } from '../../src/clients/resp/command-writer.js'
import { ReplyReader } from '../../src/clients/resp/reply-reader.js'
import type { Reply } from '../../src/core/command.js'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 100 }),
  fc.constantFrom('', '\r\n', '$5\r\n', 'é', '😀', 'x'.repeat(13)),
  fc.integer({ min: 1, max: 40_000 }).map(length => 'long é '.repeat(length / 7 + 1))
)

/** A reply in bytes, as Redis would send it. */
function bytesOf(reply: Reply): string {
  if (reply === null) return '$-1\r\n'
  if (reply instanceof Error) return `-${reply.message}\r\n`
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  return `*${reply.length}\r\n${reply.map(bytesOf).join('')}`
}

const reply = fc.letrec<{ reply: Reply }>(tie => ({
  reply: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constantFrom('WRONGTYPE no', 'ERR é').map(message => new Error(message)),
    fc.array(tie('reply'), { maxLength: 5 })
  )
})).reply

/** Cuts bytes into chunks at any places. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

describe('ReplyReader', () => {
  test('reads what Redis sends, wherever it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (replies, places) => {
        const read: Reply[] = []
        const reader = new ReplyReader(one => void read.push(one))
        const buffer = Buffer.alloc(1_000_000)
        for (const chunk of cut(Buffer.from(replies.map(bytesOf).join('')), places)) {
          // The buffer of a socket is used again.
          const used = buffer.subarray(0, chunk.copy(buffer))
          reader.read(used)
          used.fill('?')
        }
        expect(read).toEqual(replies)
      }),
      { numRuns: 300 }
    )
  })

  test('reads states and empty replies', () => {
    const read: Reply[] = []
    new ReplyReader(one => void read.push(one)).read(Buffer.from('+OK\r\n*-1\r\n*0\r\n$0\r\n\r\n:-12\r\n'))
    expect(read).toEqual(['OK', null, [], '', -12])
  })

  test('refuses what is not RESP2', () => {
    expect(() => new ReplyReader(() => undefined).read(Buffer.from('%1\r\n'))).toThrow(/not RESP2.*"%"/)
  })
})

describe('CommandWriter', () => {
  test('writes any words, and uses a buffer again only when it has left', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(text, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (commands, leaves) => {
          const written: Buffer[] = []
          const writer = new CommandWriter(bytes => {
            written.push(leaves ? Buffer.from(bytes) : bytes)
            return leaves
          })
          for (const words of commands) writer.add(words)
          writer.flush()
          const expected = commands.map(words => bytesOf(words)).join('')
          expect(Buffer.concat(written).toString()).toBe(Buffer.from(expected).toString())
        }
      ),
      { numRuns: 300 }
    )
  })

  test('writes while more is added, chunk by chunk', () => {
    let writes = 0
    const writer = new CommandWriter(() => {
      writes++
      return true
    })
    for (let index = 0; index < 10_000; index++) writer.add(['SET', `key ${index}`, 'value'])
    expect(writes).toBeGreaterThan(3)
  })
})
