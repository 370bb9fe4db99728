import { isReplyError, type ClientConnection, type Message } from '../clients/port.js'
import { connectionClosed, openConnection } from '../connection/connector.js'
import { ResponseTimer } from '../connection/response-timer.js'
import type { Timeouts } from '../connection/pipeline.js'
import type { Connector } from '../connection/topology.js'
import { clearRepeatingTimer, setRepeatingTimer } from '../core/clock.js'
import { command, type Reply, type Request } from '../core/command.js'
import { Deadline } from '../core/deadline.js'
import { ConnectionError } from '../core/errors.js'
import { Key } from '../core/keys.js'
import { wordsOf } from '../execution/plan.js'

/** The channel on which Redis publishes the names of tracked keys that have changed. */
const INVALIDATIONS = '__redis__:invalidate'

/** Milliseconds between rechecks of all keys when CLIENT TRACKING is not allowed. */
const RECHECK_INTERVAL = 1_000

/** Milliseconds between pings while there are waits, and within which both connections must answer them. */
const PING_INTERVAL = 500
const PING_TIMEOUT = 1_000

/** Maximum connections in a row that may be lost while subscribing. */
const MAX_LOSSES = 5

/** Receives messages and notifications. */
export interface Recipient {
  message(text: string): void
  /** Other programs may have changed these keys; undefined for any key. */
  keysChanged(keys: readonly string[] | undefined): void
  /** No messages arrive any more: enqueued waits are not notified. */
  connectionLost(): void
}

/**
 * The subscription of this process to one server: one connection for Pub/Sub, however many waits there are. A second
 * connection reads the keys that other programs may change, with CLIENT TRACKING redirected to the first. When either of
 * them is lost, both are closed.
 */
export class Subscriber {
  readonly #subscriber: ClientConnection
  readonly #reader: ClientConnection
  /** Keys whose next change Redis will report, with the replies to the reads that make it so. */
  readonly #tracked = new Map<string, Promise<Reply>>()
  #opening: Promise<void> | undefined
  #tracks = false
  #recheckTimer: NodeJS.Timeout | undefined
  #pingTimer: NodeJS.Timeout | undefined
  #pinging = false
  readonly #responseTimers: readonly [subscriber: ResponseTimer, reader: ResponseTimer]
  #role: Reply | undefined
  /** There are waits. */
  #busy = true
  #open = false
  readonly #closing = new AbortController()

  constructor(
    private readonly connector: Connector,
    private readonly timeouts: Timeouts,
    private readonly channel: string,
    private readonly recipient: Recipient
  ) {
    this.#subscriber = connector.connection()
    this.#reader = connector.connection()
    this.#responseTimers = [
      new ResponseTimer(this.#subscriber, PING_TIMEOUT),
      new ResponseTimer(this.#reader, PING_TIMEOUT)
    ]
    for (const connection of [this.#subscriber, this.#reader]) connection.onLoss(this.#check)
  }

  /** Whether messages arrive. */
  get ready(): boolean {
    return this.#open && this.#subscriber.ready
  }

  /** Resolves when messages arrive; fails with a ConnectionError within the connect timeout. */
  open(): Promise<void> {
    if (this.ready) return Promise.resolve()
    return (this.#opening ??= this.#connect().finally(() => (this.#opening = undefined)))
  }

  /**
   * Reads a key so that Redis reports its next change; an error is a reply, too. Undefined when the key is tracked already,
   * or can't be: without tracking, all keys count as changed once a second.
   */
  watch(key: string, request: Request): Promise<Reply> | undefined {
    if (!this.#tracks || !this.#reader.ready || this.#tracked.has(key)) return undefined
    const reading = this.#reader.send(wordsOf(request)).catch((error: unknown) => {
      if (this.#tracked.get(key) === reading) this.#tracked.delete(key)
      return error as Error
    })
    this.#tracked.set(key, reading)
    return reading
  }

  /** Has Redis report the next change of a key; false when it could not be asked. Without tracking, all keys are rechecked. */
  async track(key: string): Promise<boolean> {
    if (!this.ready) return false
    if (!this.#tracks) return true
    const reading = this.#tracked.get(key) ?? this.watch(key, command('EXISTS', new Key(key)))
    return !((await reading) instanceof Error)
  }

  keepAlive(busy: boolean): void {
    this.#busy = busy
    this.#subscriber.keepAlive(busy)
  }

  close(): void {
    this.#closing.abort(connectionClosed())
    this.#release()
  }

  #release(): void {
    this.#open = false
    this.#tracks = false
    clearRepeatingTimer(this.#recheckTimer)
    clearRepeatingTimer(this.#pingTimer)
    this.#tracked.clear()
    this.#subscriber.close()
    this.#reader.close()
  }

  async #connect(): Promise<void> {
    const deadline = new Deadline(this.timeouts.connectTimeout, this.#closing.signal)
    for (let losses = 0; !this.ready; losses++) {
      this.#release()
      try {
        await Promise.all([this.#subscriber, this.#reader].map(connection => this.#openOne(connection)))
        await this.#inTime(this.#subscribe(), deadline)
        this.#pingTimer = setRepeatingTimer(() => void this.#ping(), PING_INTERVAL).unref()
        this.#open = true
      } catch (error) {
        const unreachable = error instanceof ConnectionError
        if (!unreachable && !isReplyError(error) && losses < MAX_LOSSES && deadline.left > 0) continue
        this.#release()
        throw unreachable ? error : subscribeError(error)
      }
    }
    if (this.#closing.signal.aborted) this.#release()
  }

  /** Fails when the connections are silent for longer than the response timeout. */
  #inTime<T>(replies: Promise<T>, { left }: Deadline): Promise<T> {
    return new Deadline(Math.min(this.timeouts.responseTimeout, left), this.#closing.signal).wait(replies)
  }

  #openOne(connection: ClientConnection): Promise<void> {
    const { destination: to } = this.connector
    return openConnection(connection, { to, timeout: this.timeouts.connectTimeout, signal: this.#closing.signal })
  }

  /** Tracking starts before any wait is enqueued: all waits must be notified of FLUSHALL. */
  async #subscribe(): Promise<void> {
    this.#reader.keepAlive(false)
    this.#tracks = await this.#track()
    if (!this.#tracks)
      this.#recheckTimer = setRepeatingTimer(() => this.recipient.keysChanged(undefined), RECHECK_INTERVAL).unref()
    await this.#subscriber.subscribe(this.channel, text => this.recipient.message(String(text)))
    this.#role = await this.#askRole()
  }

  readonly #check = (): void => {
    if (!this.#open || (this.#subscriber.ready && this.#reader.ready)) return
    this.#release()
    this.recipient.connectionLost()
  }

  /** `master` or `slave`; undefined for a user who may not ask. */
  async #askRole(): Promise<Reply | undefined> {
    try {
      const reply = await this.#reader.send(['ROLE'])
      return Array.isArray(reply) ? reply[0] : undefined
    } catch (error) {
      if (isReplyError(error)) return undefined
      throw error
    }
  }

  /**
   * Notices connections that carry nothing any more, and a server that has become a replica: it keeps its clients, but its
   * successor serves the waits.
   */
  async #ping(): Promise<void> {
    if (!this.#busy || !this.ready || this.#pinging) return
    this.#pinging = true
    const [subscriber, reader] = this.#responseTimers
    const pong = subscriber.track(this.#subscriber.send(['PING'])).catch(isReplyError)
    const role = await reader.track(this.#askRole()).catch(() => 'lost')
    const alive = (await pong) !== false && role === this.#role
    this.#pinging = false
    if (alive || !this.#open) return
    this.#release()
    this.recipient.connectionLost()
  }

  /** Starts CLIENT TRACKING; false when Redis does not allow it. */
  async #track(): Promise<boolean> {
    try {
      const id = await this.#subscriber.send(['CLIENT', 'ID'])
      await this.#subscriber.subscribe(INVALIDATIONS, keys => this.#invalidated(keys))
      await this.#reader.send(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id)])
      return true
    } catch (error) {
      if (isReplyError(error)) return false
      throw error
    }
  }

  /** No names stand for all keys, as after FLUSHALL. */
  #invalidated(names: Message): void {
    const keys = typeof names === 'string' ? [names] : (names ?? undefined)
    if (keys) for (const key of keys) this.#tracked.delete(key)
    else this.#tracked.clear()
    this.recipient.keysChanged(keys)
  }
}

function subscribeError(cause: unknown): ConnectionError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ConnectionError(
    `can't receive messages for waits (${reason}): a user with restricted rights needs SUBSCRIBE and PUBLISH, and the channels hot-redis:*`,
    { outcome: 'not-sent', cause }
  )
}
