import type { Reply, Request } from '../core/command.js'

/** Takes what became of requests. */
interface Receiver {
  /** A reply for each request; what Redis refused has an Error. `epoch` numbers the connection. */
  replied(replies: readonly Reply[], epoch: number): void
  /** Redis did not answer, or they were not sent. */
  failed(error: unknown): void
}

/** Requests on their way to Redis as one atomic unit, and whom to tell. */
export interface Call extends Receiver {
  readonly requests: readonly Request[]
  /** Sent again after a lost connection: it changes nothing, or the same when done twice. */
  readonly resend: boolean
  /** How often it was sent on a connection that was lost. */
  losses: number
  /** Was refused once by a server that had become a replica. */
  readOnly?: boolean
  /** Sent behind an ASKING: its keys are on a node that does not own their slot yet. */
  readonly asking?: boolean
}

/** Takes calls in order. */
export interface CommandSink {
  submit(call: Call): void
}
