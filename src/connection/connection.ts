import type { Command, Runner } from '../command.js'
import { ConnectionError, CrossSlotError } from '../errors.js'
import { Pending } from '../pending.js'
import type { Call, Lane } from './call.js'
import { isCluster, type RedisClient, type RedisCluster } from './client.js'
import { Cluster } from './cluster.js'
import { KeyOrder } from './key-order.js'
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

/** Calls made while it was the newest of its kind: whoever comes later can wait until all of them are done. */
class Generation {
  open = 0
  #done: (() => void) | undefined

  constructor(readonly previous: Promise<void> | undefined) {}

  ended(): void {
    if (--this.open === 0) this.#done?.()
  }

  async settled(): Promise<void> {
    await this.previous
    if (this.open > 0) await new Promise<void>(resolve => (this.#done = resolve))
  }
}

/** The shared way to Redis: runs the commands of one Hot, in order. The first one connects. */
export class Connection implements Runner {
  readonly #route: Route
  readonly #order: Lane
  #generation = new Generation(undefined)
  #closed = false

  constructor({ url, client, connectTimeout }: ConnectionOptions) {
    this.#route =
      client && isCluster(client) ? new Cluster(client, connectTimeout) : new Server(url, client, connectTimeout)
    this.#order = new KeyOrder(this.#route)
  }

  run<Result>(command: Command<Result>): Pending<Result> {
    return new Pending<Result>((resolve, reject) => {
      if (this.#closed) return reject(closed(command))
      const crossing = this.crossSlot(command)
      if (crossing) return reject(crossing)
      const generation = this.#generation
      generation.open++
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
    })
  }

  /** Resolves when every call made so far has been answered; undefined when none is under way. */
  settled(): Promise<void> | undefined {
    const { open, previous } = this.#generation
    if (open === 0 && previous === undefined) return undefined
    const settled = this.#generation.settled().then(() => {
      if (this.#generation.previous === settled) this.#generation = new Generation(undefined)
    })
    this.#generation = new Generation(settled)
    return settled
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
    const pool = await this.#route.poolFor(key)
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

  /** Takes no more commands, waits for those under way and lets go of the connection. */
  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
    this.#route.close()
  }
}

/** A connection that belongs to one transaction for a while. */
export interface Loan {
  readonly client: RedisClient
  giveBack(state: { readonly broken: boolean }): void
}

export function closed({ operation, keys }: Pick<Command<unknown>, 'operation' | 'keys'>): ConnectionError {
  const [key] = keys
  const place = key === undefined ? '' : `key '${key}': `
  return new ConnectionError(`${place}this Hot has been closed; make a new one with createHot()`, {
    key,
    operation,
    outcome: 'not-sent'
  })
}
