import { wordsOf } from '../connection/call.js'
import { isReply, type RedisClient } from '../connection/client.js'
import type { Connection, Loan } from '../connection/connection.js'
import { redirection } from '../connection/link.js'
import { execute } from '../connection/multi.js'
import { explain } from '../connection/reply-error.js'
import type { Command, Reply, Request } from '../command.js'
import { ConnectionError } from '../errors.js'

/**
 * The connection that one attempt at a transaction has to itself: it watches what is read, and executes only if none of
 * that has changed. It never reconnects: a new connection would have forgotten what was watched.
 */
export class WatchedConnection {
  readonly #watched = new Set<string>()
  #loan: Promise<Loan> | undefined
  #lent: Loan | undefined
  #lost = false
  #refusal: Error | undefined
  #closed = false
  #queueing = false

  constructor(
    private readonly connection: Connection,
    /** Resolves when all that was called before the transaction has been answered. */
    private readonly earlier: Promise<void> | undefined
  ) {}

  /** Whether anything has been read: then there is something to check before the end. */
  get used(): boolean {
    return this.#loan !== undefined
  }

  /** Whether it waits for other transactions to give a connection back. */
  get queues(): boolean {
    return this.#queueing
  }

  /** Whether what was read counts for nothing, because the connection went or the key moved to another node. */
  get lost(): boolean {
    return this.#lost
  }

  async read(command: Command<unknown>): Promise<readonly Reply[]> {
    const { client } = await (this.#loan ??= this.#borrow(command.keys[0] ?? ''))
    const unwatched = command.keys.filter(key => !this.#watched.has(key))
    for (const key of unwatched) this.#watched.add(key)
    const watching = unwatched.length > 0 ? [this.#watch(client, command, unwatched)] : []
    const reading = command.requests.map(request => client.sendCommand(wordsOf(request, 'EVAL')))
    try {
      const replies = await Promise.all([...watching, ...reading])
      return replies.slice(watching.length) as Reply[]
    } catch (error) {
      throw await this.#failure(client, command, error)
    }
  }

  /**
   * The replies of a MULTI with these requests; undefined when nothing was done, because something read has changed since,
   * or can't be vouched for.
   */
  async execute(requests: readonly Request[]): Promise<readonly Reply[] | undefined> {
    if (this.#refusal) throw this.#refusal
    const client = this.#lent?.client
    if (this.#lost || !client?.isReady) {
      this.#loseIt()
      return
    }
    try {
      const replies = await execute(client, requests, [...this.#watched])
      this.#watched.clear()
      return replies
    } catch (error) {
      if (isReply(error)) {
        if (!redirection.test(error.message)) throw await this.#explained(error)
        await this.#moved()
        return undefined
      }
      this.#loseIt()
      if (requests.length === 0) return undefined
      throw new ConnectionError(
        'the connection was lost before Redis answered the EXEC of a transaction, so it may or may not have been applied; it is not run again',
        { outcome: 'unknown', operation: 'transaction', cause: error }
      )
    }
  }

  /** Gives the connection back: clean, or closed when there is something on it that nobody waits for any more. */
  close(underWay: boolean): void {
    this.#closed = true
    if (!this.#lent) return
    const broken = underWay || this.#lost
    if (!broken && this.#watched.size > 0) this.#lent.client.sendCommand(['UNWATCH']).catch(() => {})
    this.#lent.giveBack({ broken })
    this.#lent = undefined
  }

  /** What can't be watched must not be read either: then nothing is executed. */
  async #watch(client: RedisClient, command: Command<unknown>, keys: readonly string[]): Promise<unknown> {
    try {
      return await client.sendCommand(['WATCH', ...keys])
    } catch (error) {
      if (isReply(error) && !redirection.test(error.message))
        this.#refusal = await this.#failure(client, command, error)
      throw error
    }
  }

  async #borrow(key: string): Promise<Loan> {
    await this.earlier
    const loan = await this.connection
      .lend(key, queueing => (this.#queueing = queueing))
      .catch((error: unknown) => {
        this.#loan = undefined
        throw error
      })
    if (this.#closed) {
      loan.giveBack({ broken: false })
      throw new ConnectionError('the transaction is over', { outcome: 'not-sent' })
    }
    return (this.#lent = loan)
  }

  async #failure(client: RedisClient, command: Command<unknown>, error: unknown): Promise<Error> {
    const { operation, keys } = command
    if (isReply(error) && !redirection.test(error.message)) {
      return explain(error, command, key => client.sendCommand(['TYPE', key]).then(String, () => 'none'))
    }
    if (isReply(error)) await this.#moved()
    this.#loseIt()
    const message = `key '${keys[0]}': the connection was lost while a transaction was reading; it is run again`
    return new ConnectionError(message, { key: keys[0], operation, cause: error, outcome: 'not-sent' })
  }

  #explained(error: Error): Promise<Error> {
    const command = { operation: 'transaction', keys: [...this.#watched], holds: undefined } as const
    return explain(error, command, () => Promise.resolve('none'))
  }

  #loseIt(): undefined {
    this.#lost = true
    return undefined
  }

  async #moved(): Promise<void> {
    this.#lost = true
    for (const key of this.#watched) await this.connection.relearn(key)
  }
}
