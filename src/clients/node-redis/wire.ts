import type { Socket } from 'node:net'
import { runMicrotask } from '../../core/clock.js'
import type { Reply } from '../../core/command.js'
import type { ReplyReceiver } from '../port.js'
import { CommandWriter } from '../resp/command-writer.js'
import { ReplyReader } from '../resp/reply-reader.js'

const READ_BYTES = 65_536
/** Receivers that have been served are removed when there are this many. */
const KEPT_RECEIVERS = 1_024

/** The option of net.connect() that gives the bytes to a function instead of events. */
export interface OnRead {
  readonly buffer: Buffer
  readonly callback: (this: Socket, length: number, buffer: Buffer) => boolean
}

/**
 * Commands and replies past node-redis, on the socket that it has connected: its queue and its decoder cost more than the
 * rest of a call together. node-redis connects, authenticates and notices the end of the connection.
 */
export class Wire {
  /** Known once something has been read; versions 5 and 6 do not let us. */
  #socket: Socket | undefined
  /** What is read is ours, not node-redis's. */
  #ours = false
  #flushing = false
  #receivers: ReplyReceiver[] = []
  #next = 0
  #released: (() => void) | undefined
  readonly #reader = new ReplyReader(reply => this.#replied(reply))
  readonly #writer = new CommandWriter(bytes => this.#write(bytes))

  readonly onRead: OnRead = (() => {
    const read = (socket: Socket, chunk: Buffer): void => this.#read(socket, chunk)
    return {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(length, buffer) {
        read(this, buffer.subarray(0, length))
        return true
      }
    }
  })()

  /** Whether the socket is known: then commands can be sent here. */
  get usable(): boolean {
    return this.#socket !== undefined
  }

  transmit(words: readonly string[], receiver: ReplyReceiver): void {
    this.#ours = true
    this.#receivers.push(receiver)
    this.#writer.add(words)
    if (this.#flushing) return
    this.#flushing = true
    runMicrotask(this.#flush)
  }

  /** Leaves the socket to node-redis, as soon as all commands have been answered. */
  async release(): Promise<void> {
    if (this.#next < this.#receivers.length) await new Promise<void>(resolve => (this.#released = resolve))
    this.#ours = false
  }

  /** The connection has ended. */
  end(error: unknown): void {
    this.#socket = undefined
    const lost = this.#receivers.slice(this.#next)
    this.#receivers = []
    this.#next = 0
    this.#released?.()
    // Not while its caller is still at work.
    if (lost.length > 0) runMicrotask(() => lost.forEach(receiver => receiver.lost(error)))
  }

  #read(socket: Socket, chunk: Buffer): void {
    if (!this.#ours) {
      this.#socket ??= socket
      // It keeps what it gets; the buffer is used again.
      socket.push(Buffer.from(chunk))
      return
    }
    try {
      this.#reader.read(chunk)
    } catch (error) {
      socket.destroy(error as Error)
    }
  }

  #replied(reply: Reply): void {
    const receiver = this.#receivers[this.#next++]
    if (this.#next === this.#receivers.length) {
      this.#receivers = []
      this.#next = 0
      this.#released?.()
    } else if (this.#next >= KEPT_RECEIVERS) {
      this.#receivers.splice(0, this.#next)
      this.#next = 0
    }
    receiver?.replied(reply)
  }

  readonly #flush = (): void => {
    this.#flushing = false
    this.#writer.flush()
  }

  /** Whether the bytes have left the process. */
  #write(bytes: Buffer): boolean {
    const socket = this.#socket
    if (!socket) return true
    socket.write(bytes)
    return socket.writableLength === 0
  }
}
