import type { Call } from './call.js'
import type { RedisClient } from './client.js'
import { Link } from './link.js'
import { Pool } from './pool.js'
import { MOST_TRANSACTION_CONNECTIONS, type Route } from './route.js'
import { LentClient, duplicateOf, ownClient } from './source.js'

/** The way to one server: a link for everything, and a pool for transactions that read. */
export class Server implements Route {
  readonly #link: Link
  readonly #pool: Pool

  constructor(url: string, lent: RedisClient | undefined, connectTimeout: number) {
    const address = 'the given client'
    this.#link = new Link(lent ? new LentClient(() => lent, address, connectTimeout) : ownClient(url, connectTimeout))
    const another = () => (lent ? duplicateOf(lent, address, connectTimeout) : ownClient(url, connectTimeout))
    this.#pool = new Pool(another, MOST_TRANSACTION_CONNECTIONS)
  }

  submit(call: Call): void {
    this.#link.submit(call)
  }

  stray(): undefined {
    return undefined
  }

  poolFor(): Promise<Pool> {
    return Promise.resolve(this.#pool)
  }

  relearn(): Promise<void> {
    return Promise.resolve()
  }

  close(): void {
    this.#link.close()
    this.#pool.close()
  }
}
