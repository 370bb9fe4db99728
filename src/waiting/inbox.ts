import type { Reply, Request } from '../command.js'
import { ConnectionError } from '../errors.js'
import { wordsOf } from '../connection/call.js'
import { isReply, type RedisClient } from '../connection/client.js'
import type { OwnClient } from '../connection/source.js'

/** Where Redis sends the names of tracked keys that have changed. */
const INVALIDATIONS = '__redis__:invalidate'

/** How often to look at all keys where Redis does not let us track them. */
const LOOK_INTERVAL = 1_000

/** After so many lost connections while it subscribes, something is wrong. */
const MOST_LOSSES = 5

/** Who is told what arrives. */
export interface Recipient {
  message(text: string): void
  /** Other programs may have changed these keys; undefined for any key. */
  touched(keys: readonly string[] | undefined): void
  /** Nothing arrives any more: who is in line can't be told. */
  dropped(): void
}

/**
 * What one server tells a process that waits, over one connection however many waits there are. A second one reads the
 * keys that other programs may change, so that Redis says when they do (CLIENT TRACKING); when one of them is lost, so is
 * the other.
 */
export class Inbox {
  readonly #subscriber: OwnClient
  readonly #reader: OwnClient
  /** Keys whose next change will be told. */
  readonly #watched = new Set<string>()
  #opening: Promise<void> | undefined
  #tracks = false
  #looking: NodeJS.Timeout | undefined
  #open = false
  #closed = false

  constructor(
    connector: () => OwnClient,
    private readonly channel: string,
    private readonly recipient: Recipient
  ) {
    this.#subscriber = connector()
    this.#reader = connector()
  }

  /** Whether messages arrive now. */
  get ready(): boolean {
    return this.#open && this.#subscriber.client !== undefined
  }

  /** Resolves when messages arrive; fails with a ConnectionError within the connect timeout. */
  open(): Promise<void> {
    if (this.ready) return Promise.resolve()
    return (this.#opening ??= this.#connect().finally(() => (this.#opening = undefined)))
  }

  /**
   * Reads a key in such a way that its next change is told; an error is a reply, too. Undefined when that has been done
   * already, or can't be: then all keys count as changed each second.
   */
  watch(key: string, request: Request): Promise<Reply> | undefined {
    const { client } = this.#reader
    if (!this.#tracks || !client || this.#watched.has(key)) return undefined
    this.#watched.add(key)
    return client.sendCommand(wordsOf(request, 'EVAL')).catch((error: unknown) => {
      this.#watched.delete(key)
      return error
    }) as Promise<Reply>
  }

  keepAlive(busy: boolean): void {
    this.#subscriber.keepAlive(busy)
  }

  close(): void {
    this.#closed = true
    this.#letGo()
  }

  #letGo(): void {
    this.#open = false
    this.#tracks = false
    clearInterval(this.#looking)
    this.#watched.clear()
    this.#subscriber.close()
    this.#reader.close()
  }

  async #connect(): Promise<void> {
    for (let losses = 0; !this.ready; losses++) {
      this.#letGo()
      try {
        await Promise.all([this.#subscriber.connect(), this.#reader.connect()])
        await this.#subscribe(this.#subscriber.client as RedisClient, this.#reader.client as RedisClient)
        this.#open = true
      } catch (error) {
        const unreachable = error instanceof ConnectionError
        if (!unreachable && !isReply(error) && losses < MOST_LOSSES) continue
        this.#letGo()
        throw unreachable ? error : unheard(error)
      }
    }
    if (this.#closed) this.#letGo()
  }

  /** Who is in line must hear of FLUSHALL, too: nobody gets there before the tracking is on. */
  async #subscribe(subscriber: RedisClient, reader: RedisClient): Promise<void> {
    this.#reader.keepAlive(false)
    for (const client of [subscriber, reader]) for (const event of ['error', 'end']) client.on(event, this.#check)
    this.#tracks = await this.#track(subscriber, reader)
    if (!this.#tracks) this.#looking = setInterval(() => this.recipient.touched(undefined), LOOK_INTERVAL).unref()
    await subscriber.subscribe?.(this.channel, text => this.recipient.message(String(text)))
  }

  readonly #check = (): void => {
    if (!this.#open || (this.#subscriber.client && this.#reader.client)) return
    this.#letGo()
    this.recipient.dropped()
  }

  /** Whether Redis allows it. */
  async #track(subscriber: RedisClient, reader: RedisClient): Promise<boolean> {
    try {
      const id = await subscriber.sendCommand(['CLIENT', 'ID'])
      await subscriber.subscribe?.(INVALIDATIONS, keys => this.#touched(keys), true)
      await reader.sendCommand(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id)])
      return true
    } catch (error) {
      if (isReply(error)) return false
      throw error
    }
  }

  /** Of all keys, when none are named: as after FLUSHALL. */
  #touched(names: unknown): void {
    const keys = Array.isArray(names) ? names.map(String) : undefined
    if (keys) for (const key of keys) this.#watched.delete(key)
    else this.#watched.clear()
    this.recipient.touched(keys)
  }
}

function unheard(cause: unknown): ConnectionError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ConnectionError(
    `can't be told of what is waited for (${reason}): a user with restricted rights needs SUBSCRIBE and PUBLISH, and the channels hot-redis:*`,
    { outcome: 'not-sent', cause }
  )
}
