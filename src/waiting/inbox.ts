import type { Reply, Request } from '../command.js'
import { wordsOf } from '../connection/call.js'
import { isReply, type RedisClient } from '../connection/client.js'
import type { OwnClient } from '../connection/source.js'

/** Where Redis sends the names of tracked keys that have changed. */
const INVALIDATIONS = '__redis__:invalidate'

/** How often to look at keys that Redis does not let us track. */
const LOOK_INTERVAL = 1_000

/** Who is told what arrives. */
export interface Recipient {
  message(text: string): void
  /** Other programs may have changed these keys; undefined for any key. */
  touched(keys: readonly string[] | undefined): void
  /** The connection is gone: who is in line can't be told any more. */
  dropped(): void
}

/**
 * What Redis tells a process that waits, over one connection to each server however many waits there are. A second one
 * reads the keys that other programs may change, so that Redis says when they do (CLIENT TRACKING).
 */
export class Inbox {
  readonly #subscriber: OwnClient
  readonly #tracker: OwnClient
  readonly #watched = new Set<string>()
  #opening: Promise<void> | undefined
  #tracking: Promise<RedisClient | undefined> | undefined
  #looking: NodeJS.Timeout | undefined
  #subscribed = false
  #id = ''

  constructor(
    connector: () => OwnClient,
    private readonly channel: string,
    private readonly recipient: Recipient
  ) {
    this.#subscriber = connector()
    this.#tracker = connector()
  }

  /** Whether messages arrive now. */
  get ready(): boolean {
    return this.#subscribed && this.#subscriber.client !== undefined
  }

  /** Resolves when messages arrive; fails with a ConnectionError within the connect timeout. */
  open(): Promise<void> {
    if (this.ready) return Promise.resolve()
    return (this.#opening ??= this.#subscribe().finally(() => (this.#opening = undefined)))
  }

  /**
   * Reads a key in such a way that its next change is told. Undefined when that is being done already, or can't be: then
   * it counts as changed each second.
   */
  async watch(key: string, request: Request): Promise<Reply | undefined> {
    if (this.#watched.has(key) || !this.ready) return undefined
    this.#watched.add(key)
    try {
      const client = await (this.#tracking ??= this.#track())
      if (client) return (await client.sendCommand(wordsOf(request, 'EVAL'))) as Reply
      this.#looking ??= setInterval(() => this.#touched([...this.#watched]), LOOK_INTERVAL)
    } catch {
      this.#watched.delete(key)
      this.#tracking = undefined
    }
    return undefined
  }

  keepAlive(busy: boolean): void {
    this.#subscriber.keepAlive(busy)
    if (busy) this.#looking?.ref()
    else this.#looking?.unref()
  }

  close(): void {
    this.#subscribed = false
    clearInterval(this.#looking)
    this.#looking = undefined
    this.#tracking = undefined
    this.#watched.clear()
    this.#subscriber.close()
    this.#tracker.close()
  }

  async #subscribe(): Promise<void> {
    await this.#subscriber.connect()
    const client = this.#subscriber.client as RedisClient
    const check = (): void => {
      if (this.#subscribed && this.#subscriber.client === undefined) this.#drop()
    }
    client.on('error', check)
    client.on('end', check)
    this.#id = String(await client.sendCommand(['CLIENT', 'ID']).catch(() => ''))
    await client.subscribe?.(this.channel, text => this.recipient.message(String(text)))
    this.#subscribed = true
  }

  #drop(): void {
    this.close()
    this.recipient.dropped()
  }

  /** The client whose reads are tracked; undefined when Redis does not allow that. */
  async #track(): Promise<RedisClient | undefined> {
    const subscriber = this.#subscriber.client
    await this.#tracker.connect()
    this.#tracker.keepAlive(false)
    const client = this.#tracker.client as RedisClient
    client.on('error', () => {
      if (this.#tracker.client || !this.#subscribed) return
      this.#tracking = undefined
      this.#touched(undefined)
    })
    try {
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', this.#id])
      await subscriber?.subscribe?.(INVALIDATIONS, keys => this.#touched(keyNames(keys)), true)
      return client
    } catch (error) {
      if (!isReply(error)) throw error
      this.#tracker.close()
      return undefined
    }
  }

  #touched(keys: readonly string[] | undefined): void {
    if (keys) for (const key of keys) this.#watched.delete(key)
    else this.#watched.clear()
    this.recipient.touched(keys)
  }
}

/** The keys of an invalidation; none are named when all of them are gone (FLUSHALL). */
function keyNames(keys: unknown): readonly string[] | undefined {
  return Array.isArray(keys) ? keys.map(String) : undefined
}
