import type { Reply } from '../core/command.js'

/**
 * What the library needs of a Redis client. It names no Redis command: words go out, replies come back. An adapter
 * implements it for one client library; __tests__/conformance/ holds all of them to the same behaviour.
 *
 * Every connection is the library's own, also where a client was given: then it is made as that client was, with its
 * address, credentials, TLS and database. So nothing of the client's owner (a WATCH, a full queue, another protocol)
 * gets between our commands, and a connection can be dropped when it does not answer.
 */
export interface ClientConnection {
  /** Whether a command sent this very moment goes out at once. */
  readonly ready: boolean
  /** Connects, in one attempt of `timeout` milliseconds at most. It never reconnects by itself. */
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
  /** Has messages of a channel told; the names of keys where Redis sends an array, null where it sends null. */
  subscribe(channel: string, listener: (message: Message) => void): Promise<void>
  /** Told when the connection is lost. */
  onLoss(listener: () => void): void
  /** Whether it keeps the process alive. */
  keepAlive(busy: boolean): void
  /** Drops the connection at once; what is in flight rejects. */
  close(): void
}

export type Message = string | readonly string[] | null

/** One server, and how to connect to it. */
export interface ServerProvider {
  readonly kind: 'server'
  /** Where it is, without user and password. */
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
  /** Opens the client if it is not, and learns where the slots are; in one attempt. */
  open(): Promise<void>
  /** The addresses of the masters. */
  masters(): readonly string[]
  /** The address of the master of a slot, if it is known. */
  masterOf(slot: number): string | undefined
  /** Has the client learn again where a slot is; `lostAddress` is a node that can't be reached. */
  refreshSlot(slot: number, lostAddress: string | undefined): Promise<void>
  /** A connection to a node, not open yet. */
  connection(address: string): ClientConnection
}

export type ClientProvider = ServerProvider | ClusterProvider

/**
 * Whether an error is Redis's own reply (`WRONGTYPE Operation…`) and not a failure on the way. Told by its form: the
 * classes differ between versions of a client, and their names do not survive a bundler.
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
