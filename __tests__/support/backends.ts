import { afterAll } from '@jest/globals'
import { createClient, createCluster } from 'redis'
import { providerOf, serverAt } from '../../src/clients/node-redis/index.js'
import type { ClientProvider } from '../../src/clients/port.js'
import { createHot, type Hot, type HotOptions } from '../../src/index.js'

/** What a test needs of a Redis to run on it: `describe.each(backends)('List on $name', ({ createHot, raw }) => …)`. */
export interface Backend {
  readonly name: string
  /** A new Hot on this backend, closed after the test file. */
  readonly createHot: (options?: Omit<HotOptions, 'url' | 'client'>) => Hot
  /** What a Hot is made with, for tests that put something between. */
  readonly provider: () => ClientProvider
  /** Sends a raw command; on a cluster to the node of `key`, which need not be among `args` otherwise. */
  readonly raw: (key: string, ...args: string[]) => Promise<unknown>
}

const closers: (() => Promise<unknown>)[] = []

afterAll(async () => {
  // In reverse: a Hot is closed before the client it was given.
  for (const close of closers.splice(0).reverse()) await close()
})

function closedAfterwards(made: Hot): Hot {
  // What a test left unflushed on purpose is that test's business.
  closers.push(() => made.close().catch(() => undefined))
  return made
}

function environment(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: it comes from jest's setupFiles`)
  return value
}

function newCluster() {
  const cluster = createCluster({
    rootNodes: environment('HOT_TEST_CLUSTER')
      .split(',')
      .map(url => ({ url }))
  }).on('error', () => undefined)
  closers.push(async () => {
    if (cluster.isOpen) await cluster.disconnect()
  })
  return cluster
}

function newClient() {
  const client = createClient({ url: environment('HOT_TEST_URL') }).on('error', () => undefined)
  closers.push(async () => {
    if (client.isOpen) await client.disconnect()
  })
  return client
}

/** Makes a client at its first use only. */
function connected<T extends { connect(): Promise<unknown> }>(make: () => T): () => Promise<T> {
  let client: Promise<T> | undefined
  return () => {
    client ??= (async () => {
      const made = make()
      await made.connect()
      return made
    })()
    return client
  }
}

const rawClient = connected(newClient)
const rawCluster = connected(newCluster)

export const backends: readonly Backend[] = [
  {
    name: 'one server',
    createHot: options => closedAfterwards(createHot({ ...options, url: environment('HOT_TEST_URL') })),
    provider: () => serverAt(environment('HOT_TEST_URL')),
    raw: async (_key, ...args) => (await rawClient()).sendCommand(args)
  },
  {
    name: 'a cluster of three masters',
    createHot: options => closedAfterwards(createHot({ ...options, client: newCluster() })),
    provider: () => providerOf(newCluster()),
    raw: async (key, ...args) => (await rawCluster()).sendCommand(key, false, args)
  }
]
