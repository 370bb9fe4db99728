import type { Lane } from './call.js'
import type { Pool } from './pool.js'

/** The transactions of one Hot that read share at most this many connections (on a cluster: to each master). */
export const MOST_TRANSACTION_CONNECTIONS = 8

/** The way to Redis: one server, or a cluster. */
export interface Route extends Lane {
  /** Why one call can't use all these keys; undefined when it can. */
  stray(keys: readonly string[]): string | undefined
  /** Where transactions on this key get their connections. */
  poolFor(key: string): Promise<Pool>
  /** Learns again where the key lives, after a node has said that it is not there. */
  relearn(key: string): Promise<void>
  close(): void
}
