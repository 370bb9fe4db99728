import type { ClientConnection } from '../clients/port.js'
import { connectionClosed, openConnection } from './connector.js'
import type { Timeouts } from './pipeline.js'
import { ResponseTimer } from './response-timer.js'
import type { Connector, Topology } from './topology.js'

/** Maximum connections for transactions that read, per Hot and server. */
const MAX_CONNECTIONS = 8

/** A connection lent to one borrower. */
export interface Loan {
  readonly connection: ClientConnection
  readonly responseTimer: ResponseTimer
  /** Whether the connection was opened for this borrower. */
  readonly fresh: boolean
  giveBack(state: { readonly broken: boolean }): void
}

/** Connections for transactions that watch keys: one pool per server. */
export class ConnectionPools {
  readonly #pools = new Map<string, Pool>()
  readonly #closing = new AbortController()

  constructor(
    private readonly topology: Topology,
    private readonly timeouts: Timeouts
  ) {}

  /** Lends a connection to the server of a key; calls `queued` with whether it waits for other borrowers. */
  async lend(key: string, queued: (isQueued: boolean) => void): Promise<Loan> {
    const connector = await this.topology.connectorFor(key)
    const { address } = connector.destination
    let pool = this.#pools.get(address)
    if (!pool) this.#pools.set(address, (pool = new Pool(connector, this.timeouts, this.#closing.signal)))
    return pool.lend(queued)
  }

  close(): void {
    this.#closing.abort(connectionClosed())
    for (const pool of this.#pools.values()) pool.close()
  }
}

/** Connections to one server, each lent to one borrower at a time; other borrowers wait. */
class Pool {
  readonly #idle: ClientConnection[] = []
  readonly #waiting: ((connection: ClientConnection) => void)[] = []
  readonly #all = new Set<ClientConnection>()

  constructor(
    private readonly connector: Connector,
    private readonly timeouts: Timeouts,
    private readonly closing: AbortSignal
  ) {}

  async lend(queued: (isQueued: boolean) => void): Promise<Loan> {
    queued(this.#idle.length === 0 && this.#all.size >= MAX_CONNECTIONS)
    const connection = await this.#next()
    queued(false)
    const fresh = !connection.ready
    const { connectTimeout: timeout, responseTimeout } = this.timeouts
    try {
      this.closing.throwIfAborted()
      if (fresh) await openConnection(connection, { to: this.connector.destination, timeout, signal: this.closing })
      connection.keepAlive(true)
    } catch (error) {
      this.#release(connection)
      throw error
    }
    return {
      connection,
      fresh,
      responseTimer: new ResponseTimer(connection, responseTimeout),
      giveBack: ({ broken }) => {
        if (broken) connection.close()
        this.#release(connection)
      }
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close()
  }

  #next(): ClientConnection | Promise<ClientConnection> {
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#all.size >= MAX_CONNECTIONS) return new Promise(resolve => this.#waiting.push(resolve))
    const made = this.connector.connection()
    this.#all.add(made)
    return made
  }

  #release(connection: ClientConnection): void {
    const next = this.#waiting.shift()
    if (next) return next(connection)
    connection.keepAlive(false)
    this.#idle.push(connection)
  }
}
