import * as version4 from 'redis'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import type { HotOptions } from '../../src/index.js'

/** What a test does with a client or cluster that it gives to a Hot, whatever its version. */
export interface OwnersClient {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): unknown
  listenerCount(event: string): number
}

type GivenClient = Extract<HotOptions['client'], { readonly isReady: boolean }> & OwnersClient
type GivenCluster = Exclude<HotOptions['client'], undefined | { readonly isReady: boolean }> & OwnersClient

/** node-redis in the versions that a client may come from; version 6 speaks RESP3 unless told otherwise. */
export const versions: readonly {
  readonly version: number
  readonly createClient: (url: string) => GivenClient
  readonly createCluster: (rootUrls: readonly string[]) => GivenCluster
  /** As an owner closes it: what is under way is answered first. */
  readonly close: (client: OwnersClient) => Promise<unknown>
  /** At once. */
  readonly destroy: (client: OwnersClient) => unknown
}[] = [
  {
    version: 4,
    createClient: url => version4.createClient({ url }),
    createCluster: urls => version4.createCluster({ rootNodes: urls.map(url => ({ url })) }),
    close: client => (client as unknown as { quit(): Promise<unknown> }).quit(),
    destroy: client => (client as unknown as { disconnect(): Promise<unknown> }).disconnect()
  },
  {
    version: 5,
    createClient: url => version5.createClient({ url }),
    createCluster: urls => version5.createCluster({ rootNodes: urls.map(url => ({ url })) }),
    close: client => (client as unknown as { close(): Promise<unknown> }).close(),
    destroy: client => (client as unknown as { destroy(): unknown }).destroy()
  },
  {
    version: 6,
    createClient: url => version6.createClient({ url }),
    createCluster: urls => version6.createCluster({ rootNodes: urls.map(url => ({ url })) }),
    close: client => (client as unknown as { close(): Promise<unknown> }).close(),
    destroy: client => (client as unknown as { destroy(): unknown }).destroy()
  }
]
