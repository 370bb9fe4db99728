import { setImmediateTask } from '../../core/clock.js'
import type { Reply } from '../../core/command.js'
import { Deadline } from '../../core/deadline.js'
import {
  multiReceiver,
  multiWords,
  promised,
  settle,
  type ClientConnection,
  type Message,
  type ReplyReceiver
} from '../port.js'
import { ignoreErrors, type RedisClient } from './client.js'
import { useRealImmediate, withRealImmediate } from './real-immediate.js'
import { Wire, type OnRead } from './wire.js'

/**
 * Bytes a socket buffers before it asks its writer to wait. node-redis never has to wait for 'drain': on that event it would
 * take a fake setImmediate, and version 5 never settles what it still holds when the connection is lost meanwhile.
 */
export const HIGH_WATER_MARK = 2 ** 30

/** The channel whose messages are arrays of key names; node-redis passes arrays on only in buffer mode. */
const INVALIDATIONS = '__redis__:invalidate'

/** Makes a client whose connect() takes so many milliseconds at most, and whose socket is read by a function. */
export type CreateClient = (connectTimeout: number, onread: OnRead) => RedisClient | Promise<RedisClient>

/** A connection that has a node-redis client of its own. */
export class NodeRedisConnection implements ClientConnection {
  #client: RedisClient | undefined
  /** Aborted by close(). */
  #attempt: AbortController | undefined
  #connected = false
  #ready = false
  #busy = true
  #lossListener = (): void => {}
  #wire: Wire | undefined

  constructor(
    /** Makes a client that neither reconnects nor queues. */
    private readonly create: CreateClient,
    /** Holds it while it is open. */
    private readonly openConnections = new Set<NodeRedisConnection>()
  ) {}

  get ready(): boolean {
    return this.#ready && this.#client?.isReady === true
  }

  async open(timeout: number): Promise<void> {
    this.close()
    const attempt = new AbortController()
    this.#attempt = attempt
    this.openConnections.add(this)
    try {
      await new Deadline(timeout, attempt.signal).wait(this.#connect(timeout, attempt.signal))
    } catch (error) {
      if (this.#attempt === attempt) this.close()
      throw error
    }
  }

  transmit(words: readonly string[], receiver: ReplyReceiver): void {
    if (this.#wire) this.#wire.transmit(words, receiver)
    else this.#throughClient(words, receiver)
  }

  send(words: readonly string[]): Promise<Reply> {
    return promised(receiver => this.transmit(words, receiver))
  }

  transmitMulti(commands: readonly (readonly string[])[], receiver: ReplyReceiver): void {
    const each = multiReceiver(commands.length, receiver)
    for (const words of multiWords(commands)) this.transmit(words, each)
  }

  transact(commands: readonly (readonly string[])[]): Promise<readonly Reply[] | null> {
    return promised<Reply[] | null>(receiver => this.transmitMulti(commands, receiver))
  }

  async subscribe(channel: string, listener: (message: Message) => void): Promise<void> {
    const client = this.#client
    const wire = this.#wire
    await wire?.release()
    // Unless it was lost and opened again meanwhile.
    if (this.#wire === wire) this.#wire = undefined
    const told = (message: unknown): void => listener(messageOf(message))
    await withRealImmediate(() => client?.subscribe?.(channel, told, channel === INVALIDATIONS))
  }

  onLoss(listener: () => void): void {
    this.#lossListener = listener
  }

  keepAlive(busy: boolean): void {
    this.#busy = busy
    if (busy) this.#client?.ref?.()
    else this.#client?.unref?.()
  }

  /** A client that is told to disconnect while it connects leaves its socket open, so it is destroyed once it is connected. */
  close(): void {
    const client = this.#client
    const connected = this.#connected
    const attempt = this.#attempt
    this.#attempt = undefined
    this.#client = undefined
    this.#connected = false
    this.#ready = false
    this.openConnections.delete(this)
    attempt?.abort(new Error('the connection was closed while it was being opened'))
    if (client && connected) destroy(client)
    this.#endWire()
  }

  /** Closes the connection and reports it as lost. */
  drop(): void {
    this.close()
    this.#lossListener()
  }

  async #connect(timeout: number, signal: AbortSignal): Promise<void> {
    const wire = new Wire()
    const client = await this.create(Math.max(1, Math.ceil(timeout)), wire.onRead)
    signal.throwIfAborted()
    ignoreErrors(client)
    this.#client = client
    for (const event of ['error', 'end']) client.on(event, error => this.#lost(client, error))
    for (const event of ['connect', 'ready']) client.on(event, useRealImmediate)
    client.on('connect', () => setImmediateTask(() => this.#socketConnected(client)))
    await client.connect()
    signal.throwIfAborted()
    // A version that does not tell its socket answers through its own queue.
    if (wire.usable) this.#wire = wire
    this.#ready = true
    if (!this.#busy) client.unref?.()
  }

  /** Runs one turn after 'connect': destroyed within that event, version 4 would leave a rejection of its own unhandled. */
  #socketConnected(client: RedisClient): void {
    if (client === this.#client) this.#connected = true
    else destroy(client)
  }

  #lost(client: RedisClient, error: unknown): void {
    if (client !== this.#client || client.isReady || !this.#ready) return
    this.#ready = false
    this.#endWire(error)
    this.#lossListener()
  }

  #endWire(error: unknown = new Error('the connection was closed')): void {
    this.#wire?.end(error)
    this.#wire = undefined
  }

  #throughClient(words: readonly string[], receiver: ReplyReceiver): void {
    const client = this.#client
    const reply = client
      ? withRealImmediate(() => client.sendCommand(words as string[]))
      : Promise.reject(new Error('the connection is closed'))
    settle(reply as Promise<Reply>, receiver)
  }
}

function messageOf(message: unknown): Message {
  if (message === null || message === undefined) return null
  return Array.isArray(message) ? message.map(String) : (message as Buffer | string).toString()
}

/** Drops a client's connection at once; unsent commands are never sent. */
function destroy(client: RedisClient): void {
  if (!client.isOpen) return
  if (client.destroy) client.destroy()
  else client.disconnect?.().catch(() => {})
}
