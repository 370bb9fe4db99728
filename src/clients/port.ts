import type { Reply } from '../core/command.js'

/**
 * What the library needs from a Redis client: it sends words and receives replies, and knows no Redis commands. An adapter
 * implements it for one client library; __tests__/conformance/ tests all adapters for the same behaviour.
 *
 * Every connection belongs to the library. For a given client it is made with that client's address, credentials, TLS and
 * database. So nothing that the owner does (WATCH, a full queue, another protocol) affects our commands, and a silent
 * connection can be dropped.
 */
export interface ClientConnection {
  /** Whether a command is sent at once. */
  readonly ready: boolean
  /** Connects in one attempt of at most `timeout` milliseconds. The connection never reconnects by itself. */
  open(timeout: number): Promise<void>
  /**
   * Sends one command; commands are sent and answered in order. Rejects with Redis's own message when Redis refuses it (see
   * isReplyError), with anything else when the connection is lost. Nothing is sent twice.
   */
  send(words: readonly string[]): Promise<Reply>
  /**
   * Sends commands as one MULTI. Null when a watched key had changed. A command that failed has an Error as its reply;
   * rejects with Redis's message when a command was refused, so that none was executed.
   */
  transact(commands: readonly (readonly string[])[]): Promise<readonly Reply[] | null>
  /** Subscribes to a channel. A message is text, or the names of keys when Redis sends an array, or null. */
  subscribe(channel: string, listener: (message: Message) => void): Promise<void>
  /** Calls the listener when the connection is lost. */
  onLoss(listener: () => void): void
  /** Whether it keeps the process alive. */
  keepAlive(busy: boolean): void
  /** Drops the connection at once; commands in flight reject. */
  close(): void
}

export type Message = string | readonly string[] | null

/** Makes connections to one server. */
export interface ServerProvider {
  readonly kind: 'server'
  /** The address, without user and password. */
  readonly address: string
  /** Whether the owner of the given client has closed it. */
  readonly closedByOwner: boolean
  /** A connection that is not open yet. */
  connection(): ClientConnection
}

/** A cluster, as the given client knows it. */
export interface ClusterProvider {
  readonly kind: 'cluster'
  readonly closedByOwner: boolean
  /** Opens the client if it is not open, and learns its slots, in one attempt. */
  open(): Promise<void>
  /** The addresses of the masters. */
  masters(): readonly string[]
  /** The address of the master of a slot, if it is known. */
  masterOf(slot: number): string | undefined
  /** Makes the client refresh the node of a slot; `lostAddress` is a node that can't be reached. */
  refreshSlot(slot: number, lostAddress: string | undefined): Promise<void>
  /** A connection to a node, not open yet. */
  connection(address: string): ClientConnection
}

export type ClientProvider = ServerProvider | ClusterProvider

/**
 * Whether an error is a reply of Redis (`WRONGTYPE Operation…`) and not a connection failure. It is recognised by its
 * message: the classes differ between client versions, and bundlers rename them.
 */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z][A-Z0-9]+(?: |$)/.test(error.message)
}

/** `transact` for clients that send any command: MULTI, the commands and EXEC in a row. */
export async function transactBySending(
  send: (words: readonly string[]) => Promise<Reply>,
  commands: readonly (readonly string[])[]
): Promise<readonly Reply[] | null> {
  const settled = await Promise.allSettled([['MULTI'], ...commands, ['EXEC']].map(send))
  const refused = settled.find(result => result.status === 'rejected')
  if (refused) throw refused.reason
  const executed = settled.at(-1) as PromiseFulfilledResult<Reply>
  return executed.value as readonly Reply[] | null
}
