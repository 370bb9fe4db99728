import { isReplyError } from '../clients/port.js'
import type { ConnectionPools, Loan } from '../connection/pool.js'
import { redirection } from '../connection/pipeline.js'
import type { Topology } from '../connection/topology.js'
import { keysOfAll, type Reply, type Request } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import { Key, turnKey } from '../core/keys.js'
import { multiOf, wordsOf } from '../execution/plan.js'
import { explain, readOnly } from '../execution/reply-error.js'

/** A command without a reply that matters, and what to do when it could not be sent, or was lost. */
export interface LastCommand {
  readonly words: readonly string[]
  readonly failed: () => void
}

/** What a transaction needs to connect. */
export interface Connections {
  readonly pools: ConnectionPools
  readonly topology: Topology
  /** Whether commands may be fused. */
  readonly fusion: boolean
}

/**
 * The connection that one attempt at a transaction has to itself: it watches what is read, and executes only if none of
 * that has changed. It never reconnects: a new connection would have forgotten what was watched.
 */
export class WatchedConnection {
  readonly #watched = new Set<string>()
  #borrowing: Promise<Loan> | undefined
  #loan: Loan | undefined
  #lost = false
  #refusal: Error | undefined
  #closed = false
  #queued = false
  #yielded = false
  #turn: string | undefined

  constructor(
    private readonly connections: Connections,
    /** Resolves when all that was called before the transaction has been answered. */
    private readonly earlier: Promise<void> | undefined,
    /** Whether it is its turn; else it looks whether others take turns. */
    private readonly hasTurn: boolean
  ) {}

  /** Whether anything has been read: then there is something to check before the end. */
  get used(): boolean {
    return this.#borrowing !== undefined
  }

  /** The lock by which those that collide at the first key take turns. */
  get turn(): string | undefined {
    return this.#turn
  }

  /** Whether others take turns: then it makes way for them. */
  get yielded(): boolean {
    return this.#yielded
  }

  /** The keys that have been read. */
  get keys(): readonly string[] {
    return [...this.#watched]
  }

  /** Whether it waits for other transactions to give a connection back. */
  get queued(): boolean {
    return this.#queued
  }

  /** Whether what was read counts for nothing, because the connection was lost or a key moved to another node. */
  get lost(): boolean {
    return this.#lost || this.#yielded
  }

  /** Watches the keys, and reads; what Redis refused has an Error as its reply. */
  async read(requests: readonly Request[], keys = keysOfAll(requests)): Promise<readonly Reply[]> {
    const loan = await (this.#borrowing ??= this.#borrow(keys[0] ?? ''))
    const looking = this.#look(loan, keys[0])
    const unwatched = keys.filter(key => !this.#watched.has(key))
    for (const key of unwatched) this.#watched.add(key)
    const watching = unwatched.length > 0 ? this.#watch(loan, unwatched) : undefined
    const reading = requests.map(request => this.#reply(loan, wordsOf(request), request.script?.slow))
    const [refusal, replies, taken] = await Promise.all([watching, Promise.all(reading), looking])
    if (refusal) return [refusal]
    if (taken === 1) throw this.#yield()
    const moved = replies.find(reply => reply instanceof Error && redirection.test(reply.message))
    if (moved) throw await this.#moved(moved as Error)
    return replies
  }

  /**
   * The replies of a MULTI with these requests; undefined when nothing was done, because something read has changed since,
   * or can't be vouched for. `last` follows, whatever comes of it.
   */
  async execute(requests: readonly Request[], last?: LastCommand): Promise<readonly Reply[] | undefined> {
    if (this.#refusal) throw this.#refusal
    const loan = this.#loan
    if (this.lost || !loan?.connection.ready) {
      this.#lost ||= !this.#yielded
      last?.failed()
      return undefined
    }
    try {
      const slow = requests.some(({ script }) => script?.slow)
      const multi = multiOf(requests, () => this.connections.fusion)
      const executing = loan.responseTimer.track(loan.connection.transact(multi.commands), slow)
      if (last) loan.connection.send(last.words).catch(last.failed)
      const replies = await executing
      this.#watched.clear()
      if (replies?.some(reply => isReplyError(reply) && readOnly.test(reply.message)))
        return this.#replica(loan, replies)
      return replies ? multi.repliesFrom(replies) : undefined
    } catch (error) {
      if (isReplyError(error)) {
        if (readOnly.test(error.message) && this.#replica(loan, [error]) === undefined) return undefined
        if (!redirection.test(error.message)) throw await this.#explained(error)
        await this.#moved(error)
        return undefined
      }
      this.#lost = true
      if (requests.length === 0) return undefined
      throw new ConnectionError(
        'the connection was lost before Redis answered the EXEC of a transaction, so it may or may not have been applied; it is not run again',
        { outcome: 'unknown', operation: 'transaction', cause: error }
      )
    }
  }

  /** A replica has refused to execute: an older connection is dropped, a new one would lead to a replica again. */
  #replica({ fresh }: Loan, replies: readonly Reply[]): readonly Reply[] | undefined {
    if (fresh) return replies
    this.#lost = true
    return undefined
  }

  /**
   * Gives the connection back: clean, or closed when there is something on it that nobody waits for any more. `last` is sent
   * before.
   */
  close(inFlight: boolean, last?: LastCommand): void {
    this.#closed = true
    if (!this.#loan) return
    const broken = inFlight || this.#lost
    if (broken) last?.failed()
    else if (last) this.#loan.connection.send(last.words).catch(last.failed)
    if (!broken && this.#watched.size > 0) this.#loan.connection.send(['UNWATCH']).catch(() => {})
    this.#loan.giveBack({ broken })
    this.#loan = undefined
  }

  /** Whether others take turns at the first key. */
  #look(loan: Loan, key: string | undefined): Promise<Reply> | undefined {
    if (this.#turn !== undefined || key === undefined) return undefined
    this.#turn = turnKey(new Key(key)).name
    if (this.hasTurn) return undefined
    // A lost connection is told by what is read.
    return this.#reply(loan, ['EXISTS', this.#turn]).catch(() => null)
  }

  #yield(): ConnectionError {
    this.#yielded = true
    return new ConnectionError('other transactions take turns at this key; it is run again', { outcome: 'not-sent' })
  }

  /** What can't be watched must not be read either: then nothing is executed. */
  async #watch(loan: Loan, keys: readonly string[]): Promise<Error | undefined> {
    const reply = await this.#reply(loan, ['WATCH', ...keys])
    if (!(reply instanceof Error)) return undefined
    if (redirection.test(reply.message)) throw await this.#moved(reply)
    this.#refusal = await this.#explained(reply)
    return reply
  }

  /** The reply, an Error where Redis refuses; throws when the connection is lost. */
  async #reply({ connection, responseTimer }: Loan, words: readonly string[], slow = false): Promise<Reply> {
    try {
      return await responseTimer.track(connection.send(words), slow)
    } catch (error) {
      if (isReplyError(error)) return error
      throw this.lose(error)
    }
  }

  async #borrow(key: string): Promise<Loan> {
    await this.earlier
    const loan = await this.connections.pools
      .lend(key, isQueued => (this.#queued = isQueued))
      .catch((error: unknown) => {
        this.#borrowing = undefined
        throw error
      })
    if (this.#closed) {
      loan.giveBack({ broken: false })
      throw new ConnectionError('the transaction is over', { outcome: 'not-sent' })
    }
    return (this.#loan = loan)
  }

  #explained(error: Error): Promise<Error> {
    const info = { operation: 'transaction', key: [...this.#watched][0] ?? '', redisType: undefined }
    return explain(error, info, [], () => Promise.resolve('none'))
  }

  async #moved(cause: Error): Promise<ConnectionError> {
    for (const key of this.#watched) await this.connections.topology.refreshSlots(key)
    return this.lose(cause)
  }

  /** What was read counts for nothing any more. */
  lose(cause: unknown): ConnectionError {
    this.#lost = true
    const message = 'the connection was lost while a transaction was reading; it is run again'
    return new ConnectionError(message, { cause, outcome: 'not-sent' })
  }
}
