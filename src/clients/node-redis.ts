/** What this library needs of a node-redis client, of version 4, 5 or 6; and what differs between them. */

export interface RedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly options?: { readonly socket?: object; readonly url?: string } | undefined
  connect(): Promise<unknown>
  /** Version 4. */
  disconnect?(): Promise<unknown>
  /** Versions 5 and 6. */
  destroy?(): void
  sendCommand(args: string[]): Promise<unknown>
  multi(): unknown
  subscribe?(channel: string, listener: (message: unknown) => void, bufferMode?: boolean): Promise<void>
  duplicate(overrides?: object): unknown
  withTypeMapping?(mapping: object): unknown
  ref?(): void
  unref?(): void
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
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

/** What EXEC fails with when commands in it failed: every reply, the errors among them. */
interface MultiError {
  readonly replies: readonly unknown[]
  readonly errorIndexes: readonly number[]
}

/** RESP3's maps and sets come as arrays, as RESP2 has them. */
const RESP2_SHAPES = { 37: Array, 126: Array }

/** The client with replies in the shape of RESP2, whatever protocol it speaks (5 and 6 may speak RESP3). */
export function speakingResp2(client: RedisClient): RedisClient {
  return (client.withTypeMapping?.(RESP2_SHAPES) as RedisClient | undefined) ?? client
}

export function isCluster(client: object): client is RedisCluster {
  return typeof (client as RedisCluster).nodeClient === 'function'
}

export function isClient(client: object): client is RedisClient {
  return typeof (client as RedisClient).sendCommand === 'function' && 'isReady' in client && !isCluster(client)
}

/** Drops the connection at once; nothing that was not sent is sent later. */
export function destroy(client: RedisClient): void {
  if (!client.isOpen) return
  if (client.destroy) client.destroy()
  else client.disconnect?.().catch(() => {})
}

/**
 * Whether an error is Redis's own answer (`WRONGTYPE Operation…`) and not a failure on the way. Told by its form: the
 * classes differ between the versions of node-redis, and their names do not survive a bundler.
 */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z][A-Z0-9]+(?: |$)/.test(error.message)
}

export function isMultiError(error: unknown): error is Error & MultiError {
  return error instanceof Error && Array.isArray((error as Partial<MultiError>).errorIndexes)
}
