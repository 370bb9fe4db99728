/**
 * Descriptions of calls that may wait and of leases: plain data, as Commands are.
 */

import type { WaitOptions } from './arguments.js'
import type { Command, RedisType, Reply, Request, ScriptRequest } from './command.js'
import type { Key } from './keys.js'

/**
 * `try` takes what is there. `wait` also joins the wait queue if there is nothing. `leave` leaves the wait queue if there is
 * nothing. `withdraw` leaves it and takes nothing. `refuse` also gives back what the ticket was given.
 */
export type Mode = 'try' | 'wait' | 'leave' | 'withdraw' | 'refuse'

/** The arguments that the scripts of all waits share. */
export interface Ask {
  readonly mode: Mode
  /** Identifies the wait: a script replies the same to a repeated call with this ticket. Empty for a call that is not repeated. */
  readonly ticket: string
  /** The position in the wait queue, by time of arrival; empty until there is one. */
  readonly position: string
  /** Tickets whose replies have been received: Redis need not cache them any longer. */
  readonly received: readonly string[]
}

/** For a call that is not repeated and does not wait. */
export const AT_ONCE: Ask = { mode: 'try', ticket: '', position: '', received: [] }

/** How a result was obtained. */
export interface Grant {
  readonly ticket: string
  /** When the script was called, by the local clock: a lease ends no earlier than its length after that. */
  readonly since: number
  /** Set when a message handed the result over: its lease has to be confirmed. */
  readonly handedOver?: HandOver
  /** Keeps a lease on the result: a transaction, until it has committed. */
  readonly leases?: { autoRenew(spec: LeaseSpec): Lease }
}

/** The first lease of what was handed over. */
export interface HandOver {
  /** Milliseconds until it ends unless it is confirmed. */
  readonly firstLease: number
  /** The server's time when it was given, in milliseconds. */
  readonly time: number
}

/**
 * A call that may have to wait. Its script replies `[1, result]`, or `[0, position, due, new, time, first]`: the position in the
 * wait queue, in how many milliseconds to recheck (-1: never), whether the ticket was enqueued by this call, the
 * server's time, and whether the ticket is the first in the wait queue. Later a message has the result, or asks the process to call the script again.
 */
export interface WaitSpec<Result> {
  readonly operation: string
  readonly key: string
  readonly redisType: RedisType | undefined
  /** The key of the wait queue. */
  readonly waitQueue: Key
  ask(ask: Ask): ScriptRequest
  decode(reply: Reply, grant: Grant): Result
  /** The error when there is no result within the timeout. */
  timeoutError(milliseconds: number): Error
  /** For a call that does not wait: its result when there is nothing to take. */
  fallback?(): Result
  /** The length of the lease on the result, in milliseconds. */
  readonly lease?: number | undefined
  /** Its script caches the reply to a ticket until that is reported as received. */
  readonly cachesReply?: boolean
  /** A plain write is sent first: without a ticket, never repeated, its reply not cached. */
  readonly tryFirst?: boolean
  /** A read of what other programs may change without our scripts; its reply shows whether to call the script again. */
  readonly watched?: { readonly request: Request; readonly worthAsking: (reply: Reply) => boolean } | undefined
  /** A call that is not expected to wait: a transaction queues it as a write without a result. */
  readonly asWrite?: (() => Command<Result>) | undefined
}

/** What is held for a limited time, and how to extend and end that. */
export interface LeaseSpec {
  /** The sorted set of leases, scored by their end. */
  readonly leases: Key
  readonly ticket: string
  /** The length of the lease, in milliseconds. */
  readonly length: number
  /** When the script was called, by the local clock. */
  readonly since: number
  readonly handedOver?: HandOver | undefined
  /** Extends the lease to its length from now; false when it has ended. */
  renewal(): Command<boolean>
  /** Gives the lease up. */
  surrender(): Command<unknown>
  /** Called when the lease ended before it was renewed, or was taken away. */
  lose?(why: string): void
}

/** A lease that is renewed while this process lives. */
export interface Lease {
  /** Whether the lease has been lost, given up or stopped. */
  readonly over: boolean
  /** Stops renewing; the holder gives the lease up. */
  stop(): void
  /** Stops renewing, and sends what gives the lease up. */
  end<R>(command: Command<R>): Promise<R>
  /** Gives the lease up and tells its holder why. */
  giveUp(why: string): Promise<void>
  /** Expires the lease if it has ended: timers may be late. */
  check(): void
}

export type { WaitOptions }
