import { isReplyError, type ClientConnection, type Message } from '../clients/port.js'
import { connectionClosed, openConnection } from '../connection/connector.js'
import type { Connector } from '../connection/topology.js'
import { clearRepeatingTimer, setRepeatingTimer } from '../core/clock.js'
import type { Reply, Request } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import { wordsOf } from '../execution/plan.js'

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
export class Subscriber {
  readonly #subscriber: ClientConnection
  readonly #reader: ClientConnection
  /** Keys whose next change will be told. */
  readonly #watched = new Set<string>()
  #opening: Promise<void> | undefined
  #tracks = false
  #looking: NodeJS.Timeout | undefined
  #open = false
  readonly #closing = new AbortController()

  constructor(
    private readonly connector: Connector,
    private readonly connectTimeout: number,
    private readonly channel: string,
    private readonly recipient: Recipient
  ) {
    this.#subscriber = connector.connection()
    this.#reader = connector.connection()
    for (const connection of [this.#subscriber, this.#reader]) connection.onLoss(this.#check)
  }

  /** Whether messages arrive now. */
  get ready(): boolean {
    return this.#open && this.#subscriber.ready
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
    if (!this.#tracks || !this.#reader.ready || this.#watched.has(key)) return undefined
    this.#watched.add(key)
    return this.#reader.send(wordsOf(request)).catch((error: unknown) => {
      this.#watched.delete(key)
      return error as Error
    })
  }

  keepAlive(busy: boolean): void {
    this.#subscriber.keepAlive(busy)
  }

  close(): void {
    this.#closing.abort(connectionClosed())
    this.#letGo()
  }

  #letGo(): void {
    this.#open = false
    this.#tracks = false
    clearRepeatingTimer(this.#looking)
    this.#watched.clear()
    this.#subscriber.close()
    this.#reader.close()
  }

  async #connect(): Promise<void> {
    for (let losses = 0; !this.ready; losses++) {
      this.#letGo()
      try {
        await Promise.all([this.#subscriber, this.#reader].map(connection => this.#openOne(connection)))
        await this.#subscribe()
        this.#open = true
      } catch (error) {
        const unreachable = error instanceof ConnectionError
        if (!unreachable && !isReplyError(error) && losses < MOST_LOSSES) continue
        this.#letGo()
        throw unreachable ? error : unheard(error)
      }
    }
    if (this.#closing.signal.aborted) this.#letGo()
  }

  #openOne(connection: ClientConnection): Promise<void> {
    return openConnection(connection, this.connector.destination, this.connectTimeout, this.#closing.signal)
  }

  /** Tracking is on before anybody waits: FLUSHALL must be told to all who do. */
  async #subscribe(): Promise<void> {
    this.#reader.keepAlive(false)
    this.#tracks = await this.#track()
    if (!this.#tracks) this.#looking = setRepeatingTimer(() => this.recipient.touched(undefined), LOOK_INTERVAL).unref()
    await this.#subscriber.subscribe(this.channel, text => this.recipient.message(String(text)))
  }

  readonly #check = (): void => {
    if (!this.#open || (this.#subscriber.ready && this.#reader.ready)) return
    this.#letGo()
    this.recipient.dropped()
  }

  /** Whether Redis allows it. */
  async #track(): Promise<boolean> {
    try {
      const id = await this.#subscriber.send(['CLIENT', 'ID'])
      await this.#subscriber.subscribe(INVALIDATIONS, keys => this.#touched(keys))
      await this.#reader.send(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id)])
      return true
    } catch (error) {
      if (isReplyError(error)) return false
      throw error
    }
  }

  /** Of all keys, when none are named: as after FLUSHALL. */
  #touched(names: Message): void {
    const keys = typeof names === 'string' ? [names] : (names ?? undefined)
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
