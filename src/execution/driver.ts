import type { Command, Reply, Request, Update } from '../core/command.js'
import type { Call } from './call.js'
import {
  callOf,
  explainRefusal,
  notAnswered,
  refusalIn,
  type Executor,
  type Reject,
  type Resolve
} from './command-call.js'
import type { Generation } from './in-flight.js'

export type { Executor, Reject, Resolve } from './command-call.js'

/** Runs a command: the only place that knows how the three kinds of commands are executed. */
export function execute<R>(
  command: Command<R>,
  executor: Executor,
  resolve: Resolve<R>,
  reject: Reject,
  inFlight?: Generation
): void {
  if (command.kind === 'update') new UpdateRun(command, executor, resolve, reject).start()
  else callOf(command).begin(executor, resolve, reject, inFlight)
}

/** The reply to a write that was executed. */
const DONE: Reply = ['done']

/** A running Update: reads, computes and writes, again until the stored value was not changed in between. */
class UpdateRun<R> {
  constructor(
    private readonly command: Update<R>,
    private readonly executor: Executor,
    private readonly resolve: Resolve<R>,
    private readonly reject: Reject
  ) {}

  start(): void {
    const { read, tryFirst } = this.command
    if (tryFirst && this.executor.repliesToWrites) this.#write(tryFirst, undefined as R)
    else this.executor.read(this.#call(read, true, stored => this.#attempt(stored)))
  }

  #attempt(stored: Reply): void {
    const { result, write } = this.command.compute(stored)
    if (write) this.#write(write, result)
    else this.resolve(result)
  }

  #write(request: Request, result: R): void {
    const call = this.#call(request, false, reply => {
      if (Array.isArray(reply) && reply[0] === null) this.#attempt(reply[1] ?? null)
      else this.resolve(result)
    })
    this.executor.write(call, DONE)
  }

  #call(request: Request, resend: boolean, next: (reply: Reply) => void): Call {
    const { command, executor, reject } = this
    return {
      request,
      requests: [request],
      resend,
      losses: 0,
      replied: replies => {
        const refusal = refusalIn(replies)
        if (refusal) return explainRefusal(refusal, command.info, [request], executor, reject)
        try {
          next(replies[0] ?? null)
        } catch (error) {
          reject(error)
        }
      },
      failed: error => reject(notAnswered(command.info, false, error))
    }
  }
}
