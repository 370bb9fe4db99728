import type { Command, Reply, Request } from '../command.js'

/** Takes what is there; has the caller put in line if there is nothing; or takes it out of the line again. */
export type Mode = 'try' | 'wait' | 'leave'

/** How a script is asked for what a call waits for. */
export interface Ask {
  readonly mode: Mode
  /** Names the wait: asked again under its ticket, a script gives the same answer. Empty for an ask that is sent once. */
  readonly ticket: string
  /** The place in line, by time of arrival; empty until there is one. */
  readonly arrival: string
  /** Tickets whose answers have arrived: they need be remembered no longer. */
  readonly received: readonly string[]
}

/** An ask that is sent once: it takes or puts at once, or not at all. */
export const AT_ONCE: Ask = { mode: 'try', ticket: '', arrival: '', received: [] }

/** What was got, and how. */
export interface Grant {
  readonly ticket: string
  /** When it was asked for, by performance.now(): a lease ends no earlier than its length after that. */
  readonly since: number
  /** Set when it was handed over instead of being asked for: then a lease has to be confirmed. */
  readonly handed?: Handed
}

/** How something was handed over that is held by lease. */
export interface Handed {
  /** Milliseconds for which it is held unless that is confirmed. */
  readonly first: number
  /** The server's time, in milliseconds. */
  readonly time: number
}

/**
 * What a type hands down for a call that may have to wait: plain data, as a Command is. The script it asks answers `[1,
 * result]`, or `[0, arrival, due, new, time]`: since when the caller is in line, in how many milliseconds it has to look
 * again (-1: it does not), whether it was put in line only now, and the server's time. Who is in line is told the result,
 * or that it is time to ask.
 */
export interface Wait<Result> extends Pick<Command<Result>, 'operation' | 'keys' | 'holds'> {
  /** The key of the line the caller is put in. */
  readonly line: string
  ask(ask: Ask): Request
  decode(reply: Reply, grant: Grant): Result
  /** The error when it has not come within the timeout. */
  late(milliseconds: number): Error
  /** For a call that does not wait: what it gives when there is nothing. */
  otherwise?(): Result
  /** Milliseconds of the lease by which it holds what it gets. */
  readonly leases?: number | undefined
  /** True when its script remembers an answer given to a ticket until that is told to have arrived. */
  readonly remembers?: boolean
  /** True when a plain write comes first: without a ticket, never sent twice, its answer not remembered. */
  readonly writesAtOnce?: boolean
  /** Gives back what is handed over to a ticket whose wait had failed, for want of a connection say. */
  refuse?(ticket: string): Request
  /** For what other programs may change past our scripts: a read that shows when to ask again. */
  readonly watched?: { readonly request: Request; readonly worthAsking: (reply: Reply) => boolean } | undefined
  /** What a transaction runs instead; without it, the call can't be part of one. */
  readonly inTransaction?: (() => Command<Result>) | undefined
}

/** The command that asks. */
export function asking(
  { operation, keys, holds }: Wait<unknown>,
  request: Request,
  repeatable: boolean
): Command<readonly Reply[]> {
  return {
    operation,
    keys,
    kind: 'write',
    holds,
    requests: [request],
    returnsNothing: false,
    repeatable,
    decode: ([reply]) => reply as Reply[]
  }
}
