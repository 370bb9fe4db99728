import type { ServerProvider } from '../clients/port.js'
import { Pipeline, type Timeouts } from './pipeline.js'
import type { Connector, Topology } from './topology.js'

/** One server. */
export class SingleServer extends Pipeline implements Topology {
  readonly isCluster = false
  readonly #connector: Connector

  constructor(provider: ServerProvider, timeouts: Timeouts) {
    super(provider.connection(), provider, timeouts)
    this.#connector = { destination: provider, connection: () => provider.connection() }
  }

  crossSlotKey(): undefined {
    return undefined
  }

  nodeOf(): string {
    return this.#connector.destination.address
  }

  masterOf(): string {
    return this.nodeOf()
  }

  connectorFor(): Promise<Connector> {
    return Promise.resolve(this.#connector)
  }

  refreshSlots(): Promise<void> {
    return Promise.resolve()
  }
}
