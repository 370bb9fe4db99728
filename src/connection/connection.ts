import type { Command, Runner } from '../command.js'
import type { WaitOptions } from '../arguments.js'
import { CrossSlotError, closed } from '../errors.js'
import { Generations } from '../generations.js'
import { Pending } from '../pending.js'
import { Leases, type Lease, type Terms } from '../waiting/lease.js'
import type { Wait } from '../waiting/wait.js'
import { Waits } from '../waiting/waits.js'
import type { Call, Lane } from './call.js'
import { isCluster, type RedisClient, type RedisCluster } from './client.js'
import { Cluster } from './cluster.js'
import { KeyOrder } from './key-order.js'
import { Pool } from './pool.js'
import type { Route } from './route.js'
import { Server } from './server.js'

export interface ConnectionOptions {
  /** Where Redis is, for a client of our own. */
  readonly url: string
  /** The user's client or cluster, used instead of one of our own. */
  readonly client?: RedisClient | RedisCluster | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
}

/** The transactions of one Hot that read share at most this many connections (on a cluster: to each master). */
const MOST_TRANSACTION_CONNECTIONS = 8

/** The shared way to Redis: runs the commands of one Hot, in order. The first one connects. */
export class Connection implements Runner {
  readonly #route: Route
  readonly #order: Lane
  readonly #pools = new Map<string, Pool>()
  readonly #waits: Waits
  readonly #leases: Leases
  readonly #calls = new Generations()
  #closed = false

  constructor({ url, client, connectTimeout }: ConnectionOptions) {
    this.#route =
      client && isCluster(client) ? new Cluster(client, connectTimeout) : new Server(url, client, connectTimeout)
    this.#order = new KeyOrder(this.#route)
    this.#waits = new Waits((command, resolve, reject) => this.#submit(command, resolve, reject), this.#route)
    this.#leases = new Leases(this, (key, words) => this.#route.sendAtOnce(key, words))
  }

  /** Waits, on a connection of its own, for what `wait` asks for. */
  wait<Result>(wait: Wait<Result>, limits: WaitOptions): Pending<Result> {
    return this.#waits.open(wait, limits)
  }

  /** Keeps a lease from ending. */
  keep(terms: Terms): Lease {
    return this.#leases.keep(terms)
  }

  run<Result>(command: Command<Result>): Pending<Result> {
    return new Pending<Result>((resolve, reject) => this.#submit(command, resolve, reject))
  }

  #submit<Result>(command: Command<Result>, resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    if (this.#closed) return reject(closed(command))
    const crossing = this.crossSlot(command)
    if (crossing) return reject(crossing)
    const generation = this.#calls.begin()
    const call: Call<Result> = {
      command,
      resolve: result => {
        generation.ended()
        resolve(result)
      },
      reject: error => {
        generation.ended()
        reject(error)
      }
    }
    this.#order.submit(call as Call)
  }

  /** Resolves when every call made so far has been answered; undefined when none is under way. */
  settled(): Promise<void> | undefined {
    return this.#calls.settled()
  }

  /** The error for a call whose keys can't be used together. */
  crossSlot({ keys, operation }: Command<unknown>): CrossSlotError | undefined {
    const [first = ''] = keys
    const stray = keys.length > 1 ? this.#route.stray(keys) : undefined
    if (stray === undefined) return undefined
    return new CrossSlotError(
      `keys '${first}' and '${stray}' live in different slots of the cluster: give both a hash tag, as in '{tag}:${first}' and '{tag}:${stray}'`,
      { key: first, operation }
    )
  }

  /** Lends a connection of its own to a transaction on this key; `queues` is told when that waits for other ones. */
  async lend(key: string, queues: (queueing: boolean) => void): Promise<Loan> {
    const pool = await this.#poolFor(key)
    const source = await pool.acquire(queues)
    return {
      client: source.client as RedisClient,
      giveBack: ({ broken }) => {
        if (broken) source.close()
        pool.release(source)
      }
    }
  }

  /** Learns again where the key lives, after a node of a cluster has said that it is not there. */
  relearn(key: string): Promise<void> {
    return this.#route.relearn(key)
  }

  /** Gives up what waits and what is held, takes no more commands, waits for those under way and lets go of Redis. */
  async close(): Promise<void> {
    await this.#waits.close()
    await this.#leases.close()
    this.#closed = true
    await this.settled()
    this.#route.close()
    for (const pool of this.#pools.values()) pool.close()
  }

  async #poolFor(key: string): Promise<Pool> {
    const { address, another } = await this.#route.connectorFor(key)
    const pool = this.#pools.get(address) ?? new Pool(another, MOST_TRANSACTION_CONNECTIONS)
    this.#pools.set(address, pool)
    return pool
  }
}

/** A connection that belongs to one transaction for a while. */
export interface Loan {
  readonly client: RedisClient
  giveBack(state: { readonly broken: boolean }): void
}
