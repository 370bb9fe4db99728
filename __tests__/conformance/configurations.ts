import * as version4 from 'redis'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { isNodeRedis, providerOf, serverAt } from '../../src/clients/node-redis/index.js'
import type { ClientConnection, ClientProvider } from '../../src/clients/port.js'
import { slotOf } from '../../src/core/keys.js'

/** Where an adapter connects to, and how it is told. */
export interface Target {
  readonly port: number
  /** Of a cluster: the port of the node for which `port`, that of a proxy, stands. */
  readonly nodePort: number
  /** Further options of the given client. */
  readonly options?: object
  readonly user?: { readonly name: string; readonly password: string }
  /** The path of the URL: `/3`. */
  readonly path?: string
  /** The owner connects the client before it is given. */
  readonly connected?: boolean
}

/** The given client, as its owner uses it. */
interface Owner {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  /** On the connection to the server under test. */
  readonly send: (...words: string[]) => Promise<unknown>
  /** Closes it at once. */
  destroy(): Promise<unknown>
}

/** An adapter that was made for a target. */
export interface Adapter {
  readonly provider: ClientProvider
  /** A connection to the server under test, not open yet. */
  connection(): ClientConnection
  /** Undefined where the library makes its own client. */
  readonly owner: Owner | undefined
}

export interface Configuration {
  readonly name: string
  readonly kind: 'own' | 'client' | 'cluster'
  readonly adapt: (target: Target) => Promise<Adapter>
}

/** A key in the slots of the first node of a cluster. */
export const KEY = '{b}'

interface NodeRedis {
  readonly isOpen: boolean
  readonly v4?: NodeRedis
  connect(): Promise<unknown>
  disconnect?(): Promise<unknown>
  destroy?(): unknown
  sendCommand(words: string[]): Promise<unknown>
  on(event: string, listener: () => void): unknown
}

interface NodeRedisCluster extends NodeRedis {
  readonly slots: readonly { readonly master: object }[]
  nodeClient(node: object): NodeRedis | Promise<NodeRedis>
}

const urlOf = ({ port, user, path = '' }: Target): string =>
  `redis://${user ? `${user.name}:${user.password}@` : ''}127.0.0.1:${port}${path}`

const own: Configuration = {
  name: 'a URL',
  kind: 'own',
  adapt: target => {
    const provider = serverAt(urlOf(target))
    return Promise.resolve({ provider, owner: undefined, connection: () => provider.connection() })
  }
}

function client(name: string, create: (options: never) => unknown, always: object = {}): Configuration {
  return {
    name: `a client of ${name}`,
    kind: 'client',
    adapt: async target => {
      const made = create({ url: urlOf(target), ...always, ...target.options } as never) as NodeRedis
      made.on('error', () => undefined)
      if (target.connected ?? true) await made.connect()
      const provider = given(made)
      if (provider.kind !== 'server') throw new Error('a client was taken for a cluster')
      return {
        provider,
        connection: () => provider.connection(),
        owner: ownerOf(made, () => Promise.resolve('legacyMode' in always ? made.v4! : made))
      }
    }
  }
}

function cluster(name: string, create: (options: never) => unknown, always: object = {}): Configuration {
  return {
    name: `a cluster of ${name}`,
    kind: 'cluster',
    adapt: async target => {
      const { user, port, nodePort, options } = target
      const made = create({
        rootNodes: [{ url: urlOf({ port, nodePort }) }],
        defaults: { ...always, ...options, ...(user && { username: user.name, password: user.password }) },
        nodeAddressMap: (address: string) =>
          address.endsWith(`:${nodePort}`) ? { host: '127.0.0.1', port } : undefined
      } as never) as NodeRedisCluster
      made.on('error', () => undefined)
      const provider = given(made)
      if (provider.kind !== 'cluster') throw new Error('a cluster was taken for a client')
      await provider.open()
      return {
        provider,
        connection: () => provider.connection(provider.masterOf(slotOf(KEY))!),
        owner: ownerOf(made, async () => made.nodeClient(made.slots[slotOf(KEY)]!.master))
      }
    }
  }
}

function given(made: object): ClientProvider {
  if (!isNodeRedis(made)) throw new Error('the client is not known')
  return providerOf(made)
}

function ownerOf(made: NodeRedis, connected: () => Promise<NodeRedis>): Owner {
  return {
    get isOpen() {
      return made.isOpen
    },
    connect: () => made.connect(),
    send: async (...words) => (await connected()).sendCommand(words),
    destroy: async () => {
      if (made.isOpen) await (made.destroy ? made.destroy() : made.disconnect!())
    }
  }
}

const bytes = {
  commandOptions: {
    typeMapping: {
      [version5.RESP_TYPES.BLOB_STRING]: Buffer,
      [version5.RESP_TYPES.SIMPLE_STRING]: Buffer,
      [version5.RESP_TYPES.NUMBER]: String,
      [version5.RESP_TYPES.DOUBLE]: String
    }
  }
}

/** Every way in which the library comes to its connections. */
export const configurations: readonly Configuration[] = [
  own,
  client('node-redis 4', version4.createClient),
  client('node-redis 4 in legacy mode', version4.createClient, { legacyMode: true }),
  client('node-redis 5', version5.createClient),
  client('node-redis 5 with RESP3', version5.createClient, { RESP: 3 }),
  client('node-redis 5 with a type mapping', version5.createClient, bytes),
  client('node-redis 6 with RESP2', version6.createClient, { RESP: 2 }),
  client('node-redis 6 with RESP3', version6.createClient, { RESP: 3 }),
  client('node-redis 6 with a type mapping', version6.createClient, bytes),
  client('node-redis 6 with a client-side cache', version6.createClient, {
    RESP: 3,
    clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' }
  }),
  cluster('node-redis 4', version4.createCluster),
  cluster('node-redis 5', version5.createCluster),
  cluster('node-redis 5 with RESP3', version5.createCluster, { RESP: 3 }),
  cluster('node-redis 5 with a type mapping', version5.createCluster, bytes),
  cluster('node-redis 6', version6.createCluster)
]
