import type { ClientConnection } from '../clients/port.js'
import type { Reply } from '../core/command.js'
import type { CommandSink } from '../execution/call.js'
import type { Destination } from './connector.js'

/** Makes connections to one server. */
export interface Connector {
  readonly destination: Destination
  connection(): ClientConnection
}

/** Where keys live: one server, or the masters of a cluster. */
export interface Topology extends CommandSink {
  readonly isCluster: boolean
  /** Sends one command at once and out of order, once only; undefined when there is no connection to the key's server. */
  sendOutOfBand(key: string, words: readonly string[]): Promise<Reply> | undefined
  /** The first key that is in another slot than the others; undefined when all keys share a slot. */
  crossSlotKey(keys: readonly string[]): string | undefined
  /** The address of the server that a key is on, if it is known now. */
  nodeOf(key: string): string | undefined
  /** The address of the master of a slot, if it is known now. */
  masterOf(slot: number): string | undefined
  /** Makes connections to the server of a key. */
  connectorFor(key: string): Promise<Connector>
  /** Refreshes the slots after a node has redirected a call on the key. */
  refreshSlots(key: string): Promise<void>
  close(): void
}
