import { AsyncResource } from 'node:async_hooks'
import { isReplyError, type ClientConnection } from '../clients/port.js'
import { Deadline } from '../core/deadline.js'
import { ConnectionError } from '../core/errors.js'

const FIRST_PAUSE = 20
const LONGEST_PAUSE = 250

/** Replies to retry on: Redis is loading its data, waiting for its master, or busy with a script. */
const NOT_YET = /^(?:LOADING|MASTERDOWN|BUSY) /
/** Replies that are final. */
const REFUSAL = /^(?:NOAUTH|WRONGPASS|ERR invalid password|ERR Client sent AUTH|ERR AUTH|ERR DB index)/

/** Connections are opened in the root context: a socket would keep the AsyncLocalStorage stores of its caller alive. */
const root = new AsyncResource('HotRedisConnection')

/** The server of a connection, and whether the owner has closed the given client. */
export interface Destination {
  readonly address: string
  readonly closedByOwner: boolean
}

/** How a connection is opened. */
export interface Opening {
  readonly to: Destination
  /** Milliseconds, all attempts together. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Sends what comes before all commands. */
  readonly prepare?: () => Promise<unknown>
}

/**
 * Opens a connection, in several attempts if needed, until Redis replies to a command.
 *
 * @throws ConnectionError when Redis does not reply in time, or refuses; the signal's reason when it aborts
 */
export function openConnection(connection: ClientConnection, opening: Opening): Promise<void> {
  return root.runInAsyncScope(attempts, undefined, connection, opening)
}

async function attempts(connection: ClientConnection, { to, timeout, signal, prepare }: Opening): Promise<void> {
  signal.throwIfAborted()
  const deadline = new Deadline(timeout, signal)
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (to.closedByOwner) throw closedByOwner()
    try {
      await deadline.wait(connection.open(deadline.left))
      await untilAnswered(connection, deadline)
      if (prepare) await deadline.wait(prepare())
      return
    } catch (error) {
      connection.close()
      signal.throwIfAborted()
      if (REFUSAL.test(reasonOf(error)) || deadline.left <= pause) throw unreachable(to.address, timeout, error)
      await deadline.sleep(pause)
    }
  }
}

/** Waits until Redis replies to a PING; a refusal for lack of rights is a reply, too. */
async function untilAnswered(connection: ClientConnection, deadline: Deadline): Promise<void> {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      await deadline.wait(connection.send(['PING']))
      return
    } catch (error) {
      if (!isReplyError(error)) throw error
      if (REFUSAL.test(error.message)) throw error
      if (!NOT_YET.test(error.message)) return
      if (deadline.left === 0) throw error
      await deadline.sleep(pause)
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message || error.name : String(error)
}

function unreachable(address: string, timeout: number, cause: unknown): ConnectionError {
  const reason = reasonOf(cause)
  const message = REFUSAL.test(reason)
    ? `Redis at ${address} refuses us (${reason}): give user, password and database, as in redis://user:password@host:6379/0`
    : `can't reach Redis at ${address} within ${timeout} ms (${reason}): is it running there? createHot({ url }) and REDIS_URL say where to look`
  return new ConnectionError(message, { outcome: 'not-sent', cause })
}

/** For what was not sent before its Hot was closed. */
export function connectionClosed(): ConnectionError {
  return new ConnectionError('the connection was closed', { outcome: 'not-sent' })
}

export function closedByOwner(): ConnectionError {
  return new ConnectionError(
    'the client given to createHot() has been closed: open it again with client.connect(), or give another one',
    { outcome: 'not-sent' }
  )
}
