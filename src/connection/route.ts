import type { Reply } from '../command.js'
import type { Lane } from './call.js'
import type { OwnClient } from './source.js'

/** A server, and how to make connections of our own to it. */
export interface Connector {
  readonly address: string
  readonly another: () => OwnClient
}

/** The way to Redis: one server, or a cluster. */
export interface Route extends Lane {
  readonly isCluster: boolean
  /** Sends a Redis command past all calls, and only this once; undefined when there is no connection to the key's server. */
  sendAtOnce(key: string, words: string[]): Promise<Reply> | undefined
  /** Why one call can't use all these keys; undefined when it can. */
  stray(keys: readonly string[]): string | undefined
  /** The address of the server that this key is on, if that is known this very moment. */
  nodeOf(key: string): string | undefined
  /** How to make further connections to the server that this key is on. */
  connectorFor(key: string): Promise<Connector>
  /** Learns again where the key lives, after a node has said that it is not there. */
  relearn(key: string): Promise<void>
  close(): void
}
