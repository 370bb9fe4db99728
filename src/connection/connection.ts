import type { Command, Runner } from '../command.js'
import { ConnectionError } from '../errors.js'
import { Pending } from '../pending.js'
import type { Call, Lane } from './call.js'
import { isCluster, type RedisClient, type RedisCluster } from './client.js'
import { Cluster } from './cluster.js'
import { KeyOrder } from './key-order.js'
import { Link } from './link.js'
import { LentClient, ownClient } from './source.js'

export interface ConnectionOptions {
  /** Where Redis is, for a client of our own. */
  readonly url: string
  /** The user's client or cluster, used instead of one of our own. */
  readonly client?: RedisClient | RedisCluster | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
}

/** The shared way to Redis: runs the commands of one Hot, in order. The first one connects. */
export class Connection implements Runner {
  readonly #route: Lane & { close(): void }
  readonly #order: Lane
  #open = 0
  #closed = false
  #whenIdle: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#route = routeTo(options)
    this.#order = new KeyOrder(this.#route)
  }

  run<Result>(command: Command<Result>): Pending<Result> {
    return new Pending<Result>((resolve, reject) => {
      if (this.#closed) return reject(closed(command))
      this.#open++
      const call: Call<Result> = {
        command,
        resolve: result => {
          this.#ended()
          resolve(result)
        },
        reject: error => {
          this.#ended()
          reject(error)
        }
      }
      this.#order.submit(call as Call)
    })
  }

  /** Takes no more commands, waits for those under way and lets go of the connection. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#open > 0) await new Promise<void>(resolve => (this.#whenIdle = resolve))
    this.#route.close()
  }

  #ended(): void {
    if (--this.#open === 0) this.#whenIdle?.()
  }
}

function routeTo({ url, client, connectTimeout }: ConnectionOptions): Lane & { close(): void } {
  if (!client) return new Link(ownClient(url, connectTimeout))
  if (isCluster(client)) return new Cluster(client, connectTimeout)
  return new Link(new LentClient(() => client, 'the given client', connectTimeout))
}

function closed({ operation, keys }: Command<unknown>): ConnectionError {
  return new ConnectionError(`key '${keys[0]}': this Hot has been closed; make a new one with createHot()`, {
    key: keys[0],
    operation,
    outcome: 'not-sent'
  })
}
