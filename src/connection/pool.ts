import type { OwnClient } from './source.js'

/** A few connections that are lent out one at a time, each to one transaction; who comes when all are out waits. */
export class Pool {
  readonly #idle: OwnClient[] = []
  readonly #waiting: ((client: OwnClient) => void)[] = []
  readonly #all = new Set<OwnClient>()

  constructor(
    private readonly create: () => OwnClient,
    private readonly limit: number
  ) {}

  /** A connection that is ready; fails with a ConnectionError when Redis can't be reached. */
  async acquire(queues: (queueing: boolean) => void): Promise<OwnClient> {
    queues(this.#idle.length === 0 && this.#all.size >= this.limit)
    const client = await this.#next()
    queues(false)
    try {
      if (!client.client) await client.connect()
      client.keepAlive(true)
      return client
    } catch (error) {
      this.release(client)
      throw error
    }
  }

  /** Takes it back; one that is broken is connected again before its next use. */
  release(client: OwnClient): void {
    const next = this.#waiting.shift()
    if (next) return next(client)
    client.keepAlive(false)
    this.#idle.push(client)
  }

  close(): void {
    for (const client of this.#all) client.close()
  }

  #next(): OwnClient | Promise<OwnClient> {
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#all.size >= this.limit) return new Promise(resolve => this.#waiting.push(resolve))
    const made = this.create()
    this.#all.add(made)
    return made
  }
}
