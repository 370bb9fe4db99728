import { createClient } from 'redis'
import { tagOfSlot } from '../../core/keys.js'
import { isReplyError, type ClientProvider, type ClusterProvider, type ServerProvider } from '../port.js'
import {
  ignoreErrors,
  isClient,
  isCluster,
  isSentinel,
  type ClusterNode,
  type GivenClient,
  type MasterAccess,
  type RedisClient,
  type RedisClientOptions,
  type RedisCluster,
  type RedisSentinel
} from './client.js'
import { HIGH_WATER_MARK, NodeRedisConnection, type CreateClient } from './connection.js'
import type { OnRead } from './wire.js'

export type { RedisClient, RedisCluster, RedisSentinel } from './client.js'

/** Options of the sockets of our connections. */
const ownSocket = {
  reconnectStrategy: false,
  highWaterMark: HIGH_WATER_MARK
} as const

/** A client of node-redis 4 for a URL, made so that it neither reconnects nor queues. */
export function serverAt(url: string): ServerProvider {
  const { protocol, host, pathname } = new URL(url)
  const create: CreateClient = (connectTimeout, onread) =>
    createClient({
      url,
      disableOfflineQueue: true,
      socket: { ...ownSocket, connectTimeout, onread } as object
    }) as object as RedisClient
  return {
    kind: 'server',
    address: `${protocol}//${host}${pathname.length > 1 ? pathname : ''}`,
    closedByOwner: false,
    connection: () => new NodeRedisConnection(create)
  }
}

/** Whether this adapter knows the client. */
export function isNodeRedis(client: object): client is GivenClient {
  return isClient(client) || isCluster(client) || isSentinel(client)
}

/** One provider per client, for any number of Hots. */
const providers = new WeakMap<object, ClientProvider>()

export function providerOf(client: GivenClient): ClientProvider {
  let provider = providers.get(client)
  if (!provider) {
    ignoreErrors(client)
    provider = makeProvider(client)
    providers.set(client, provider)
  }
  return provider
}

function makeProvider(client: GivenClient): ClientProvider {
  if (isCluster(client)) return new ClusterClient(client)
  return isSentinel(client) ? new SentinelClient(client) : new SingleClient(client)
}

/** Tells a client that its owner has closed from one that is not open yet. */
class Owner {
  #wasOpen: boolean

  constructor(private readonly client: { readonly isOpen: boolean }) {
    this.#wasOpen = client.isOpen
  }

  opened(): void {
    this.#wasOpen = true
  }

  get hasClosed(): boolean {
    this.#wasOpen ||= this.client.isOpen
    return this.#wasOpen && !this.client.isOpen
  }
}

/** A given client. Connections are made with its options and closed when it is closed. It is not opened. */
class SingleClient implements ServerProvider {
  readonly kind = 'server'
  readonly address = 'the given client'
  readonly #connections = new Set<NodeRedisConnection>()
  readonly #owner: Owner

  constructor(private readonly client: RedisClient) {
    this.#owner = new Owner(client)
    client.on('ready', () => this.#owner.opened())
    client.on('end', () => {
      for (const connection of [...this.#connections]) connection.drop()
    })
  }

  get closedByOwner(): boolean {
    return this.#owner.hasClosed
  }

  connection(): NodeRedisConnection {
    return new NodeRedisConnection(
      async (connectTimeout, onread) =>
        duplicateOf(this.client, { connectTimeout, onread }, await selectedDatabase(this.client)),
      this.#connections
    )
  }
}

/** A given sentinel client. It knows the master, and connections are made with its options. */
class SentinelClient implements ServerProvider {
  readonly kind = 'server'
  readonly address = 'the master of the given sentinel client'
  readonly #owner: Owner

  constructor(private readonly sentinel: RedisSentinel) {
    this.#owner = new Owner(sentinel)
  }

  get closedByOwner(): boolean {
    return this.#owner.hasClosed
  }

  connection(): NodeRedisConnection {
    return new NodeRedisConnection(async (connectTimeout, onread) => {
      if (!this.sentinel.isOpen) await this.sentinel.connect()
      const sentinel: unknown = this.sentinel
      return (sentinel as MasterAccess)._execute(false, master =>
        Promise.resolve(duplicateOf(master, { connectTimeout, onread }))
      )
    })
  }
}

/** A given cluster client. It knows the slots, and connections are made with its options. */
class ClusterClient implements ClusterProvider {
  readonly kind = 'cluster'
  readonly #owner: Owner

  constructor(private readonly cluster: RedisCluster) {
    this.#owner = new Owner(cluster)
  }

  get closedByOwner(): boolean {
    return this.#owner.hasClosed
  }

  async open(): Promise<void> {
    if (!this.cluster.isOpen) await this.cluster.connect()
    this.#owner.opened()
  }

  masters(): readonly string[] {
    return this.cluster.isOpen ? this.cluster.masters.map(({ address }) => address) : []
  }

  masterOf(slot: number): string | undefined {
    return this.cluster.isOpen ? this.cluster.slots[slot]?.master.address : undefined
  }

  /** Any command makes the cluster client follow MOVED and refresh its slots. */
  async refreshSlot(slot: number, lostAddress: string | undefined): Promise<void> {
    const { slots } = this.cluster
    // A lost node does not reply; any other node replies MOVED for a slot it does not own.
    const through =
      lostAddress === undefined || slots[slot]?.master.address !== lostAddress
        ? slot
        : slots.findIndex(other => other !== undefined && other.master.address !== lostAddress)
    const route = `{${tagOfSlot(through === -1 ? slot : through)}}`
    await this.cluster.sendCommand(route, false, ['EXISTS', `{${tagOfSlot(slot)}}`]).catch(() => {})
  }

  connection(address: string): NodeRedisConnection {
    return new NodeRedisConnection(async (connectTimeout, onread) => {
      const { masters } = this.cluster
      const node = masters.find(master => master.address === address)
      const client = (await this.cluster.nodeClient(
        (node ?? masters[0]) as never as ClusterNode as never
      )) as RedisClient
      return duplicateOf(client, { connectTimeout, onread, ...(node ? {} : hostOf(address)) })
    })
  }
}

function hostOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

/**
 * A client with the options of another. It uses RESP2 without type mapping, legacy mode or cache, and neither reconnects nor
 * queues. The options already contain what the URL said.
 */
function duplicateOf(
  client: RedisClient,
  ofSocket: { connectTimeout: number; onread: OnRead; host?: string; port?: number },
  database?: number
): RedisClient {
  const { socket } = optionsOf(client)
  return client.duplicate({
    url: undefined,
    socket: { ...socket, ...ofSocket, ...ownSocket },
    ...(database !== undefined && { database }),
    disableOfflineQueue: true,
    commandsQueueMaxLength: undefined,
    legacyMode: false,
    pingInterval: undefined,
    RESP: 2,
    commandOptions: undefined,
    clientSideCache: undefined,
    emitInvalidate: false,
    maintNotifications: 'disabled'
  }) as RedisClient
}

function optionsOf({ options }: RedisClient): RedisClientOptions {
  return options ?? {}
}

/** The database that a client has selected, as the server reports it: a duplicate would not select it. */
async function selectedDatabase(client: RedisClient): Promise<number | undefined> {
  const { database } = optionsOf(client)
  if (!client.isReady) return database
  try {
    const info = String(await promising(client).sendCommand(['CLIENT', 'INFO']))
    return Number(/(?:^| )db=(\d+)/.exec(info)?.[1] ?? database ?? 0)
  } catch (error) {
    if (isReplyError(error)) return database
    throw error
  }
}

/** In legacy mode, version 4 takes callbacks; its `v4` property returns promises. */
function promising(client: RedisClient): Pick<RedisClient, 'sendCommand'> {
  return optionsOf(client).legacyMode ? (client.v4 as Pick<RedisClient, 'sendCommand'>) : client
}
