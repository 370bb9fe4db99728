import type { Reply, Request, ScriptRequest } from '../command.js'
import { ConnectionError } from '../errors.js'
import { batched } from './batch.js'
import { settle, wordsOf, type Call, type Lane } from './call.js'
import { isReply, type RedisClient } from './client.js'
import { execute } from './multi.js'
import { explain } from './reply-error.js'
import type { Source } from './source.js'

/** A read is sent again after this many lost connections; then whatever loses them may well be the read itself. */
const MOST_LOSSES = 5

/** So long after its last answer a connection still counts as busy: to tell the event loop after every call costs more. */
const IDLE_AFTER = 10

/** Of script calls so many at most go as one: for so long Redis serves nobody else. */
const LONGEST_RUN = 100

/** Error replies of a cluster node that does not serve the key (now). */
export const redirection = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /

/**
 * The ordered way to one server. Calls made in the same turn of the event loop go out together, in order, without
 * waiting for each other's answers.
 *
 * Order survives SCRIPT FLUSH by one rule: EVALSHA is sent only when nothing is under way and nothing follows before its
 * answer, so that a script that has to be sent again (NOSCRIPT) overtakes nothing and is overtaken by nothing. In
 * company scripts go as EVAL.
 *
 * Calls of one script in a row go as one batch, which is one call of a script; different scripts in a row as one MULTI,
 * where the first use of each is EVAL, and nothing gets in between that and the EVALSHA behind it.
 */
export class Link implements Lane {
  #queue: Call[] = []
  #again: Call[] = []
  #underWay = 0
  #scheduled = false
  #held = false
  #connecting = false
  #alive = true
  #idling: NodeJS.Timeout | undefined

  constructor(
    private readonly source: Source,
    /** Takes the calls that a cluster node refers elsewhere, and those for a node that can't be reached. */
    private readonly redirect?: (call: Call, why: Error) => void
  ) {}

  submit(call: Call): void {
    this.#queue.push(call)
    this.#schedule()
  }

  /** Sends a command that has no place in the order, and waits for nothing; undefined when there is no connection. */
  sendAtOnce(words: string[]): Promise<Reply> | undefined {
    return this.source.client?.sendCommand(words) as Promise<Reply> | undefined
  }

  /** Whether there is a connection to use. */
  get usable(): boolean {
    return this.source.client !== undefined
  }

  close(): void {
    clearTimeout(this.#idling)
    this.source.close()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // After the microtasks: what callers do next, who were answered together, goes together again.
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#held || this.#queue.length + this.#again.length === 0) return
    const { client } = this.source
    if (!client) return this.#connect()
    const calls = this.#takeQueue()
    this.#stayAlive()
    const runs = calls.length === 1 ? [calls] : this.#runsOf(calls)
    const alone = this.#underWay === 0 && runs.length === 1
    for (const run of runs) {
      const [call] = run
      if (run.length > 1) this.#sendTogether(client, run, alone)
      else if (call) this.#send(client, call, alone)
    }
  }

  /** Cuts calls into those that go together, as runs of script calls do, and single ones. */
  #runsOf(calls: readonly Call[]): readonly (readonly Call[])[] {
    const runs: Call[][] = []
    for (const call of calls) {
      const run = runs.at(-1)
      const [last] = run ?? []
      // On a cluster what goes together takes keys of one slot only.
      const fits = last && scriptOf(last) && scriptOf(call) && (!this.redirect || sameKey(last, call))
      if (run && fits && run.length < LONGEST_RUN) run.push(call)
      else runs.push([call])
    }
    return runs
  }

  #takeQueue(): Call[] {
    const calls = this.#again.length > 0 ? [...this.#again, ...this.#queue] : this.#queue
    this.#again = []
    this.#queue = []
    return calls
  }

  #connect(): void {
    if (this.#connecting) return
    this.#connecting = true
    const done = (): void => {
      this.#connecting = false
      this.#schedule()
    }
    this.source.connect().then(done, (error: unknown) => {
      for (const call of this.#takeQueue()) {
        if (this.redirect) this.redirect(call, error as Error)
        else call.reject(about(call, error))
      }
      done()
    })
  }

  #send(client: RedisClient, call: Call, alone: boolean): void {
    this.#underWay++
    const { connection } = this.source
    const { requests, takesErrors } = call.command
    const [request] = requests
    const failed = (error: unknown): void => this.#failed(client, call, error)
    if (requests.length === 1 && request && !takesErrors) {
      const answered = (reply: Reply): void => this.#answered(() => settle(call, [reply], connection))
      this.#sendRequest(client, request, alone, answered, failed)
      return
    }
    execute(client, requests, call.command.keys).then((replies = []) => {
      const error = takesErrors ? undefined : replies.find(reply => reply instanceof Error)
      if (error) failed(error)
      else this.#answered(() => settle(call, replies, connection))
    }, failed)
  }

  /** Script calls that were made together: as one batch, or if there are several as one MULTI. */
  #sendTogether(client: RedisClient, calls: readonly Call[], alone: boolean): void {
    this.#underWay += calls.length
    const { connection } = this.source
    const { requests, repliesOf } = batched(calls.map(scriptOf) as ScriptRequest[])
    const answered = (...replies: readonly Reply[]): void => {
      const each = repliesOf(replies)
      for (const [index, call] of calls.entries()) {
        const reply = each[index] ?? null
        if (reply instanceof Error) this.#failed(client, call, reply)
        else this.#answered(() => settle(call, [reply], connection))
      }
    }
    const failed = (error: unknown): void => {
      for (const call of calls) this.#failed(client, call, error)
    }
    const [request, ...more] = requests
    if (request && more.length === 0) this.#sendRequest(client, request, alone, answered, failed)
    else execute(client, requests, calls[0]?.command.keys ?? []).then((replies = []) => answered(...replies), failed)
  }

  /** A script that turns out to be missing is sent again, before anything else is. */
  #sendRequest(
    client: RedisClient,
    request: Request,
    alone: boolean,
    answered: (reply: Reply) => void,
    failed: (error: unknown) => void
  ): void {
    const bySha = alone && request.script !== undefined
    if (bySha) this.#held = true
    const send = (how: 'EVAL' | 'EVALSHA'): void => {
      ;(client.sendCommand(wordsOf(request, how)) as Promise<Reply>).then(
        reply => {
          if (bySha) this.#letGo()
          answered(reply)
        },
        (error: unknown) => {
          if (how === 'EVALSHA' && isMissingScript(error)) {
            send('EVAL')
          } else {
            if (bySha) this.#letGo()
            failed(error)
          }
        }
      )
    }
    send(bySha ? 'EVALSHA' : 'EVAL')
  }

  /** What had to come after that script may go. */
  #letGo(): void {
    this.#held = false
    if (this.#queue.length + this.#again.length > 0) this.#schedule()
  }

  #answered(tell: () => void): void {
    this.#underWay--
    tell()
    if (this.#underWay + this.#queue.length + this.#again.length > 0) return
    this.#idling ??= setTimeout(this.#rest, IDLE_AFTER)
  }

  #failed(client: RedisClient, call: Call, error: unknown): void {
    if (!isReply(error)) {
      this.#answered(() => this.#lost(call, error))
    } else if (/^EXECABORT/.test(error.message) && call.command.requests.length === 1) {
      // Nothing of it was done: a call beside it was refused.
      this.#send(client, call, false)
      this.#underWay--
    } else if (this.redirect && redirection.test(error.message)) {
      this.redirect(call, error)
      this.#answered(() => {})
    } else {
      const typeOf = (key: string): Promise<string> => client.sendCommand(['TYPE', key]).then(String, () => 'none')
      void explain(error, call.command, typeOf).then(explained => this.#answered(() => call.reject(explained)))
    }
  }

  /** The connection went while the call was under way: reads are sent again, and what may be repeated; of a write nobody can tell. */
  #lost(call: Call, error: unknown): void {
    call.losses = (call.losses ?? 0) + 1
    if ((call.command.kind === 'read' || call.command.repeatable) && call.losses <= MOST_LOSSES) {
      this.#again.push(call)
      this.#schedule()
      return
    }
    const { operation, keys, kind } = call.command
    const message =
      kind === 'read'
        ? `key '${keys[0]}': the connection was lost ${call.losses} times while waiting for the answer`
        : `key '${keys[0]}': the connection was lost before Redis answered, so the write may or may not have been applied; read to find out, it is not sent again`
    call.reject(new ConnectionError(message, { key: keys[0], operation, cause: error, outcome: 'unknown' }))
  }

  #stayAlive(): void {
    if (this.#alive) return
    this.#alive = true
    this.source.keepAlive(true)
  }

  /** Keeps the process alive no longer, if there is still nothing to do. */
  readonly #rest = (): void => {
    this.#idling = undefined
    if (this.#underWay + this.#queue.length + this.#again.length > 0) return
    this.#alive = false
    this.source.keepAlive(false)
  }
}

function isMissingScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT ')
}

/** The call of a script that a call consists of; undefined when it is something else. */
function scriptOf({ command }: Call): ScriptRequest | undefined {
  const [request] = command.requests
  return command.requests.length === 1 && request?.script && !command.takesErrors ? request : undefined
}

function sameKey(one: Call, other: Call): boolean {
  return one.command.keys[0] === other.command.keys[0]
}

/** The failure to connect, as the failure of one call. */
export function about(call: Call, error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  const { operation, keys, kind } = call.command
  const unknown = kind === 'write' && call.losses !== undefined
  const hint = unknown ? ' (it had been sent before, and may or may not have been applied)' : ''
  return new ConnectionError(`key '${keys[0]}': ${error.message}${hint}`, {
    key: keys[0],
    operation,
    cause: error.cause,
    outcome: unknown ? 'unknown' : error.outcome
  })
}
