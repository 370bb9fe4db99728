/**
 * What a type hands down for a call that may have to wait, and for what is held by lease: plain data, as a Command is.
 */

import type { WaitOptions } from './arguments.js'
import type { Command, RedisType, Reply, Request, ScriptRequest } from './command.js'
import type { Key } from './keys.js'

/**
 * `try` takes what is there. `wait` also joins the wait queue if there is nothing. `leave` leaves the wait queue if there is
 * nothing. `withdraw` leaves it and takes nothing. `refuse` also gives back what the ticket was given.
 */
export type Mode = 'try' | 'wait' | 'leave' | 'withdraw' | 'refuse'

/** How a script is asked for what a call waits for. */
export interface Ask {
  readonly mode: Mode
  /** Names the wait: asked again under its ticket, a script replies the same. Empty for an ask that is sent once. */
  readonly ticket: string
  /** The position in the wait queue, by time of arrival; empty until there is one. */
  readonly position: string
  /** Tickets whose replies have arrived: Redis need not keep them any longer. */
  readonly received: readonly string[]
}

/** An ask that is sent once: it takes or puts at once, or not at all. */
export const AT_ONCE: Ask = { mode: 'try', ticket: '', position: '', received: [] }

/** What was got, and how. */
export interface Grant {
  readonly ticket: string
  /** When it was asked for, by the local clock: a lease ends no earlier than its length after that. */
  readonly since: number
  /** Set when it was handed over instead of being asked for: then its lease has to be confirmed. */
  readonly handedOver?: HandOver
}

/** How something was handed over that is held by lease. */
export interface HandOver {
  /** Milliseconds for which it is held unless that is confirmed. */
  readonly firstLease: number
  /** The server's time, in milliseconds. */
  readonly time: number
}

/**
 * A call that may have to wait. The script it asks replies `[1, result]`, or `[0, position, due, new, time]`: the position
 * in the wait queue, in how many milliseconds to ask again (-1: never), whether it was enqueued only now, and the server's
 * time. A waiting process is told the result, or that it is time to ask.
 */
export interface WaitSpec<Result> {
  readonly operation: string
  readonly key: string
  readonly redisType: RedisType | undefined
  /** The key of the wait queue. */
  readonly waitQueue: Key
  ask(ask: Ask): ScriptRequest
  decode(reply: Reply, grant: Grant): Result
  /** The error when it has not come within the timeout. */
  timeoutError(milliseconds: number): Error
  /** For a call that does not wait: its result when there is nothing. */
  fallback?(): Result
  /** Milliseconds of the lease by which it holds what it gets. */
  readonly lease?: number | undefined
  /** Its script keeps the reply to a ticket until that is told to have arrived. */
  readonly cachesReply?: boolean
  /** A plain write is tried first: without a ticket, never sent twice, its reply not kept. */
  readonly tryFirst?: boolean
  /** For what other programs may change past our scripts: a read that shows when to ask again. */
  readonly watched?: { readonly request: Request; readonly worthAsking: (reply: Reply) => boolean } | undefined
  /** What a transaction runs instead; without it, the call can't be part of one. */
  readonly inTransaction?: (() => Command<Result>) | undefined
}

/** What is held for a limited time, and how to hold it for longer. */
export interface LeaseSpec {
  /** The sorted set where it stands, among others, by the end of its lease. */
  readonly leases: Key
  readonly ticket: string
  /** Milliseconds for which it is held each time. */
  readonly length: number
  /** When it was asked for, by the local clock. */
  readonly since: number
  readonly handedOver?: HandOver | undefined
  /** Has it end its length from now; false when it has ended. */
  renewal(): Command<boolean>
  /** Gives it up. */
  surrender(): Command<unknown>
  /** It could not be renewed before it ran out, or was taken away. */
  lose?(why: string): void
}

/** Something held by lease, renewed as long as this process lives. */
export interface Lease {
  /** Whether it has been lost, given up or stopped. */
  readonly over: boolean
  /** Renews it no more; whoever holds it gives it up. */
  stop(): void
  /** Gives it up for its holder, who has to be told why. */
  giveUp(why: string): Promise<void>
  /** Finds out by itself that it has ended: timers may be late. */
  check(): void
}

export type { WaitOptions }
