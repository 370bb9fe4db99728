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
  /** Sends one command; commands are sent and answered in order. Nothing is sent twice. */
  transmit(words: readonly string[], receiver: ReplyReceiver): void
  /** Does the same with a promise, which rejects with the reply that is an Error (see isReplyError). */
  send(words: readonly string[]): Promise<Reply>
  /**
   * Sends commands as one MULTI. The reply is null when a watched key had changed; a command that failed has an Error as its
   * part of the reply. When a command was refused, so that none was executed, that Error is the reply.
   */
  transmitMulti(commands: readonly (readonly string[])[], receiver: ReplyReceiver): void
  /** Does the same with a promise, which rejects when none was executed. */
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

/** Receives the reply to a command. */
export interface ReplyReceiver {
  /** Redis has replied; with an Error when it refuses the command. */
  replied(reply: Reply): void
  /** The connection was lost before. */
  lost(error: unknown): void
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

/** The promise of a reply; rejects with Redis's error reply, too. */
export function promised<R extends Reply>(transmit: (receiver: ReplyReceiver) => void): Promise<R> {
  return new Promise((resolve, reject) => {
    transmit({
      replied: reply => (reply instanceof Error ? reject(reply) : resolve(reply as R)),
      lost: reject
    })
  })
}

/** Gives the outcome of a promise to a receiver. */
export function settle(reply: Promise<Reply>, receiver: ReplyReceiver): void {
  reply.then(
    value => receiver.replied(value),
    (error: unknown) => (isReplyError(error) ? receiver.replied(error) : receiver.lost(error))
  )
}

/** What receives the reply to each command of a MULTI, for the receiver of the whole. */
export function multiReceiver(commands: number, receiver: ReplyReceiver): ReplyReceiver {
  // MULTI, the commands, EXEC.
  let left = commands + 2
  let refusal: Error | undefined
  return {
    replied: reply => {
      left--
      if (reply instanceof Error) refusal ??= reply
      if (left === 0) receiver.replied(refusal ?? reply)
    },
    lost: error => {
      if (left > 0) receiver.lost(error)
      left = 0
    }
  }
}

/** The commands of a MULTI in the order in which they are sent. */
export function multiWords(commands: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [['MULTI'], ...commands, ['EXEC']]
}
