/** What this adapter needs from node-redis 4, 5 or 6, and the differences between the versions. */

export interface RedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly options?: RedisClientOptions | undefined
  connect(): Promise<unknown>
  /** Version 4. */
  disconnect?(): Promise<unknown>
  /** Versions 5 and 6. */
  destroy?(): void
  sendCommand(args: string[]): Promise<unknown>
  subscribe?(channel: string, listener: (message: unknown) => void, bufferMode?: boolean): Promise<void>
  duplicate(overrides?: object): unknown
  ref?(): void
  unref?(): void
  on(event: string, listener: (...args: unknown[]) => void): unknown
  /** Version 4 in legacy mode: the client whose calls give promises. */
  readonly v4?: object
}

export interface RedisClientOptions {
  readonly socket?: object
  readonly url?: string
  readonly database?: number
  readonly legacyMode?: boolean
}

export interface ClusterNode {
  readonly address: string
}

export interface RedisCluster {
  readonly isOpen: boolean
  readonly slots: readonly ({ readonly master: ClusterNode } | undefined)[]
  readonly masters: readonly ClusterNode[]
  connect(): Promise<unknown>
  nodeClient(node: never): unknown
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): unknown
}

/** Versions 5 and 6. */
export interface RedisSentinel {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  getMasterNode(): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
}

/** What node-redis keeps for itself: calls a function with the client that is connected to the master. */
export interface MasterAccess {
  _execute<R>(isReadonly: boolean, fn: (master: RedisClient) => Promise<R>): Promise<R>
}

export function isSentinel(client: object): client is RedisSentinel {
  return 'getMasterNode' in client && '_execute' in client
}

export function isCluster(client: object): client is RedisCluster {
  return typeof (client as RedisCluster).nodeClient === 'function'
}

export function isClient(client: object): client is RedisClient {
  return (
    typeof (client as RedisClient).sendCommand === 'function' &&
    'duplicate' in client &&
    'isReady' in client &&
    !isCluster(client) &&
    !isSentinel(client)
  )
}

/** What a Hot can be given. */
export type GivenClient = RedisClient | RedisCluster | RedisSentinel

const listening = new WeakSet<object>()

/** An error event without a listener ends the process. One listener per client is enough for any number of Hots. */
export function ignoreErrors(client: GivenClient): void {
  if (listening.has(client)) return
  listening.add(client)
  client.on('error', () => {})
}
