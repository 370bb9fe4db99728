import type { Reply } from '../command.js'
import type { Call } from './call.js'
import type { RedisClient } from './client.js'
import { Link } from './link.js'
import type { Connector, Route } from './route.js'
import { LentClient, duplicateOf, ownClient } from './source.js'

/** The way to one server. */
export class Server implements Route {
  readonly isCluster = false
  readonly #link: Link
  readonly #connector: Connector

  constructor(url: string, lent: RedisClient | undefined, connectTimeout: number) {
    const address = 'the given client'
    this.#link = new Link(lent ? new LentClient(() => lent, address, connectTimeout) : ownClient(url, connectTimeout))
    this.#connector = {
      address,
      another: () => (lent ? duplicateOf(lent, address, connectTimeout) : ownClient(url, connectTimeout))
    }
  }

  submit(call: Call): void {
    this.#link.submit(call)
  }

  sendAtOnce(_key: string, words: string[]): Promise<Reply> | undefined {
    return this.#link.sendAtOnce(words)
  }

  stray(): undefined {
    return undefined
  }

  nodeOf(): string {
    return this.#connector.address
  }

  connectorFor(): Promise<Connector> {
    return Promise.resolve(this.#connector)
  }

  relearn(): Promise<void> {
    return Promise.resolve()
  }

  close(): void {
    this.#link.close()
  }
}
