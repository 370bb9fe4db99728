import type { Reply, Request } from '../core/command.js'

/** Receives the outcome of requests. */
interface Receiver {
  /** One reply per request, an Error for a refused one. `epoch` identifies the connection. */
  replied(replies: readonly Reply[], epoch: number): void
  /** Redis did not reply, or the requests were not sent. */
  failed(error: unknown): void
}

/** Requests that are sent as one atomic unit, and their callbacks. */
export interface Call extends Receiver {
  readonly requests: readonly Request[]
  /** The only request of a call, if it knows that it has just one. */
  readonly request?: Request | undefined
  /** Sent again after a lost connection: it changes nothing, or is idempotent. */
  readonly resend: boolean
  /** The number of connections that were lost after it was sent. */
  losses: number
  /** Was refused once by a server that had become a replica. */
  readOnly?: boolean
  /** Nobody asks what Redis replied, unless it was an error. */
  readonly ignoresReply?: boolean
  /** The error for a call whose caller has given it up; undefined when it is still to be sent. */
  givenUp?(): Error | undefined
  /** Sent behind an ASKING: its keys are on a node that does not own their slot yet. */
  readonly asking?: boolean
}

/** Takes calls in order. */
export interface CommandSink {
  submit(call: Call): void
}

/** The only request of a call; undefined where it has several. */
export function onlyRequest(call: Pick<Call, 'request' | 'requests'>): Request | undefined {
  if (call.request) return call.request
  const { requests } = call
  return requests.length === 1 ? requests[0] : undefined
}
