import type { ClientConnection } from '../clients/port.js'
import type { Reply } from '../core/command.js'
import type { CommandSink } from '../execution/call.js'
import type { Destination } from './connector.js'

/** A server, and how to make further connections to it. */
export interface Connector {
  readonly destination: Destination
  connection(): ClientConnection
}

/** Where keys live: one server, or the masters of a cluster. */
export interface Topology extends CommandSink {
  readonly isCluster: boolean
  /** Sends one command past all calls, only this once; undefined when there is no connection to the key's server. */
  sendOutOfBand(key: string, words: readonly string[]): Promise<Reply> | undefined
  /** The key that keeps keys from being used together, as it lives in another slot; undefined when they share one. */
  crossSlotKey(keys: readonly string[]): string | undefined
  /** The address of the server that a key is on, if that is known this very moment. */
  nodeOf(key: string): string | undefined
  /** The address of the master of a slot, if that is known this very moment. */
  masterOf(slot: number): string | undefined
  /** How to make further connections to the server that a key is on. */
  connectorFor(key: string): Promise<Connector>
  /** Learns again where a key lives, after a node has said that it is not there. */
  refreshSlots(key: string): Promise<void>
  close(): void
}
