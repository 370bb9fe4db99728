import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { ConnectionError } from '../errors.js'
import { destroy, isReply, speakingResp2, type RedisClient } from './client.js'

/** Where a client comes from: made here, or lent by the user. One physical connection at a time. */
export interface Source {
  /** The client to send on, if it can be used this very moment. */
  readonly client: RedisClient | undefined
  /** Counts the physical connections there were. */
  readonly connection: number
  /** Resolves when `client` is there, or fails with a ConnectionError within the connect timeout. */
  connect(): Promise<void>
  /** Whether there is work that should keep the process alive. */
  keepAlive(busy: boolean): void
  close(): void
}

const FIRST_PAUSE = 20
const LONGEST_PAUSE = 250

/** Answers that mean "not yet": Redis is loading its data, waiting for its master, or busy with a script. */
const notYet = /^(?:LOADING|MASTERDOWN|BUSY) /
/** Answers that no waiting will change. */
const refusal = /^(?:NOAUTH|WRONGPASS|NOPERM|ERR invalid password|ERR Client sent AUTH|ERR AUTH)/

/** The time there is to connect: `spend` awaits something, but no longer. */
export class Deadline {
  readonly #end: number
  constructor(readonly timeout: number) {
    this.#end = performance.now() + timeout
  }

  get left(): number {
    return Math.max(0, this.#end - performance.now())
  }

  async spend<T>(promise: Promise<T>): Promise<T> {
    const timer = new AbortController()
    const late = sleep(this.left, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`no answer within ${this.timeout} ms`)
    })
    late.catch(() => {})
    try {
      return await Promise.race([promise, late])
    } finally {
      timer.abort()
    }
  }
}

/** Waits until Redis answers commands on this connection. */
async function answering(client: RedisClient, deadline: Deadline): Promise<void> {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      await deadline.spend(client.sendCommand(['PING']))
      return
    } catch (error) {
      if (!isReply(error) || /^NOPERM/.test(error.message)) {
        if (isReply(error)) return
        throw error
      }
      if (!notYet.test(error.message) || deadline.left === 0) throw error
      await sleep(Math.min(pause, deadline.left))
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message || error.name : String(error)
}

function unreachable(address: string, timeout: number, cause: unknown): ConnectionError {
  const reason = reasonOf(cause)
  const message = refusal.test(reason)
    ? `Redis at ${address} refuses us (${reason}): give user and password, as in redis://user:password@host:6379`
    : `can't reach Redis at ${address} within ${timeout} ms (${reason}): is it running there? createHot({ url }) and REDIS_URL say where to look`
  return new ConnectionError(message, { outcome: 'not-sent', cause })
}

/**
 * A client of our own. It never reconnects by itself: a dropped connection is left alone until there is something to
 * send, and nothing that was reported as failed can be waiting in it.
 */
export class OwnClient implements Source {
  #client: RedisClient | undefined
  #usable = false
  #busy = true
  connection = 0

  constructor(
    private readonly create: (socket: { connectTimeout: number }) => RedisClient,
    private readonly address: string,
    private readonly connectTimeout: number
  ) {}

  get client(): RedisClient | undefined {
    return this.#usable && this.#client?.isReady ? this.#client : undefined
  }

  async connect(): Promise<void> {
    const deadline = new Deadline(this.connectTimeout)
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await this.#open(deadline)
        return
      } catch (error) {
        if (refusal.test(reasonOf(error)) || deadline.left <= pause) {
          throw unreachable(this.address, this.connectTimeout, error)
        }
        await sleep(pause)
      }
    }
  }

  async #open(deadline: Deadline): Promise<void> {
    this.close()
    const client = this.create({ connectTimeout: Math.max(1, Math.ceil(deadline.left)) })
    client.on('error', () => {})
    this.#client = speakingResp2(client)
    try {
      await deadline.spend(client.connect())
      await answering(client, deadline)
    } catch (error) {
      destroy(client)
      throw error
    }
    this.connection++
    this.#usable = true
    if (!this.#busy) client.unref?.()
  }

  keepAlive(busy: boolean): void {
    this.#busy = busy
    if (busy) this.#client?.ref?.()
    else this.#client?.unref?.()
  }

  close(): void {
    this.#usable = false
    if (this.#client) destroy(this.#client)
  }
}

/** A client of node-redis 4 for a URL, made so that it neither reconnects nor queues by itself. */
export function ownClient(url: string, connectTimeout: number): OwnClient {
  const create = ({ connectTimeout }: { connectTimeout: number }): RedisClient =>
    createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false, connectTimeout } })
  return new OwnClient(create, addressOf(url), connectTimeout)
}

/** In RESP3 invalidations come in another form; these options of node-redis 5 and 6 would ask for it. */
const RESP2_ONLY = { RESP: 2, clientSideCache: undefined, emitInvalidate: false, maintNotifications: 'disabled' }

/** A connection of our own to where a lent client goes, with its options. */
export function duplicateOf(lent: RedisClient, address: string, connectTimeout: number): OwnClient {
  const create = ({ connectTimeout }: { connectTimeout: number }): RedisClient => {
    const socket = { ...lent.options?.socket, reconnectStrategy: false, connectTimeout }
    return lent.duplicate({ disableOfflineQueue: true, socket, ...RESP2_ONLY }) as RedisClient
  }
  return new OwnClient(create, address, connectTimeout)
}

/** A URL without its user and password. */
function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname.length > 1 ? pathname : ''}`
}

/**
 * A client that belongs to the user, or to the user's cluster. How it reconnects and whether it keeps the process alive
 * is its owner's business; here it is only used when it is ready.
 */
export class LentClient implements Source {
  #owner: RedisClient | undefined
  #client: RedisClient | undefined
  #answering = false
  #ended = false
  #lastError: unknown
  connection = 0

  constructor(
    private readonly obtain: () => RedisClient | Promise<RedisClient>,
    private readonly address: string,
    private readonly connectTimeout: number
  ) {
    const client = obtain()
    if (!(client instanceof Promise)) this.#adopt(client)
  }

  get client(): RedisClient | undefined {
    return this.#answering && this.#owner?.isReady ? this.#client : undefined
  }

  async connect(): Promise<void> {
    const deadline = new Deadline(this.connectTimeout)
    this.#lastError = undefined
    try {
      const client = await deadline.spend(Promise.resolve(this.obtain()))
      this.#adopt(client)
      if (this.#ended && !client.isOpen) throw new Error('it was closed by its owner')
      if (!client.isReady) await deadline.spend(this.#untilReady(client))
      await answering(client, deadline)
      this.#answering = true
    } catch (error) {
      if (this.#ended) throw closedByOwner(error)
      throw unreachable(this.address, this.connectTimeout, this.#lastError ?? error)
    }
  }

  /** Opens a client that is not, and waits for the 'ready' that its own reconnecting brings. */
  #untilReady(client: RedisClient): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => (): void => {
        client.off('ready', onReady)
        client.off('end', onEnd)
        how()
      }
      const onReady = settle(resolve)
      const onEnd = settle(() => reject(new Error('it was closed by its owner')))
      client.on('ready', onReady)
      client.on('end', onEnd)
      if (!client.isOpen) client.connect().then(onReady, (error: unknown) => settle(() => reject(error))())
    })
  }

  #adopt(client: RedisClient): void {
    if (client === this.#owner) return
    this.#release()
    this.#owner = client
    this.#client = speakingResp2(client)
    this.#answering = client.isReady
    this.#ended = false
    if (client.isReady) this.connection++
    client.on('error', this.#onError)
    client.on('ready', this.#onReady)
    client.on('end', this.#onEnd)
  }

  #release(): void {
    this.#owner?.off('ready', this.#onReady)
    this.#owner?.off('end', this.#onEnd)
  }

  readonly #onError = (error: unknown): void => {
    this.#lastError = error
  }
  readonly #onReady = (): void => {
    this.#answering = false
    this.#ended = false
    this.connection++
  }
  readonly #onEnd = (): void => {
    this.#ended = true
  }

  keepAlive(): void {}

  /** Stops using it. Its error listener stays, for without one an error of it would end the process. */
  close(): void {
    this.#release()
    this.#answering = false
  }
}

export function closedByOwner(cause: unknown): ConnectionError {
  return new ConnectionError(
    'the client given to createHot() has been closed: open it again with client.connect(), or give another one',
    { outcome: 'not-sent', cause }
  )
}
