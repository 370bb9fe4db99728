import { setImmediateTask } from '../../core/clock.js'
import type { Reply } from '../../core/command.js'
import { Deadline } from '../../core/deadline.js'
import { transactBySending, type ClientConnection, type Message } from '../port.js'
import { ignoreErrors, type RedisClient } from './client.js'
import { useRealImmediate, withRealImmediate } from './real-immediate.js'

/**
 * Bytes a socket buffers before it asks its writer to wait. node-redis never has to wait for 'drain': on that event it would
 * take a fake setImmediate, and version 5 never settles what it still holds when the connection is lost meanwhile.
 */
export const HIGH_WATER_MARK = 2 ** 30

/** The channel whose messages are arrays of key names; node-redis passes arrays on only in buffer mode. */
const INVALIDATIONS = '__redis__:invalidate'

/** A connection that has a node-redis client of its own. */
export class NodeRedisConnection implements ClientConnection {
  #client: RedisClient | undefined
  /** Aborted by close(). */
  #attempt: AbortController | undefined
  #connected = false
  #ready = false
  #busy = true
  #lossListener = (): void => {}
  readonly #send = (words: readonly string[]): Promise<Reply> => this.send(words)

  constructor(
    /** Makes a client that neither reconnects nor queues. */
    private readonly create: (connectTimeout: number) => RedisClient | Promise<RedisClient>,
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

  send(words: readonly string[]): Promise<Reply> {
    const client = this.#client
    if (!client) return Promise.reject(new Error('the connection is closed'))
    return withRealImmediate(() => client.sendCommand(words as string[])) as Promise<Reply>
  }

  transact(commands: readonly (readonly string[])[]): Promise<readonly Reply[] | null> {
    return transactBySending(this.#send, commands)
  }

  async subscribe(channel: string, listener: (message: Message) => void): Promise<void> {
    const client = this.#client
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
  }

  /** Closes the connection and reports it as lost. */
  drop(): void {
    this.close()
    this.#lossListener()
  }

  async #connect(timeout: number, signal: AbortSignal): Promise<void> {
    const client = await this.create(Math.max(1, Math.ceil(timeout)))
    signal.throwIfAborted()
    ignoreErrors(client)
    this.#client = client
    for (const event of ['error', 'end']) client.on(event, () => this.#lost(client))
    for (const event of ['connect', 'ready']) client.on(event, useRealImmediate)
    client.on('connect', () => setImmediateTask(() => this.#socketConnected(client)))
    await client.connect()
    signal.throwIfAborted()
    this.#ready = true
    if (!this.#busy) client.unref?.()
  }

  /** Runs one turn after 'connect': destroyed within that event, version 4 would leave a rejection of its own unhandled. */
  #socketConnected(client: RedisClient): void {
    if (client === this.#client) this.#connected = true
    else destroy(client)
  }

  #lost(client: RedisClient): void {
    if (client !== this.#client || client.isReady || !this.#ready) return
    this.#ready = false
    this.#lossListener()
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
