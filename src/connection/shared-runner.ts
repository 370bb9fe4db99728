import type { WaitOptions } from '../core/arguments.js'
import {
  command,
  keysOfAll,
  type Command,
  type Reply,
  type Request,
  type Runner,
  type Update
} from '../core/command.js'
import { CrossSlotError, closed } from '../core/errors.js'
import { Key } from '../core/keys.js'
import { Pending } from '../core/pending.js'
import type { Topology } from './topology.js'
import type { Call } from '../execution/call.js'
import { execute, type Executor, type Reject, type Resolve } from '../execution/driver.js'
import { CallLimit, withLimit } from '../execution/limit.js'
import { InFlight } from '../execution/in-flight.js'
import { KeySerializer } from '../execution/key-serializer.js'

/** The functions of the promise made last: so a call allocates no closure for them. */
const captured: { resolve: Resolve<unknown>; reject: Reject } = { resolve: () => {}, reject: () => {} }

function capture(resolve: Resolve<unknown>, reject: Reject): void {
  captured.resolve = resolve
  captured.reject = reject
}

/** Runs the commands of one Hot over their shared connection, in the order of calls. */
export class SharedRunner implements Runner, Executor {
  readonly repliesToWrites = true
  readonly #serializer: KeySerializer
  readonly #calls = new InFlight()
  readonly #isCluster: boolean
  #closed = false
  readonly read: (call: Call) => void
  readonly write: (call: Call) => void

  constructor(private readonly topology: Topology) {
    this.#isCluster = topology.isCluster
    this.#serializer = new KeySerializer(topology, topology.isCluster)
    this.read = this.write = this.#serializer.submit
  }

  run<R>(command: Command<R>, limits?: WaitOptions): Pending<R> {
    const pending = new Pending<R>(capture as (resolve: Resolve<R>, reject: Reject) => void)
    this.submit(command, captured.resolve, captured.reject, limits)
    return pending
  }

  submit<R>(command: Command<R>, resolve: Resolve<R>, reject: Reject, limits?: WaitOptions): void {
    if (this.#closed) return reject(closed(command.info))
    const crossing = this.#isCluster ? this.crossSlotError(command) : undefined
    if (crossing) return reject(crossing)
    const limit = limits && new CallLimit(limits, command, reject)
    if (command.kind === 'update') this.#runUpdate(command, resolve, reject, limit)
    else if (!limit) execute(command, this, resolve, reject, this.#calls.begin())
    else execute(command, withLimit(this, limit), limit.ending(resolve), limit.ending(reject), this.#calls.begin())
  }

  #runUpdate<R>(command: Update<R>, resolve: Resolve<R>, reject: Reject, limit: CallLimit | undefined): void {
    const generation = this.#calls.begin()
    const [succeed, fail] = limit ? [limit.ending(resolve), limit.ending(reject)] : [resolve, reject]
    this.#serializer.run(command, done => {
      const ended = (): void => {
        generation.ended()
        done()
      }
      if (limit?.over) return ended()
      execute(
        command,
        limit ? withLimit(this.#pastOrder, limit) : this.#pastOrder,
        result => {
          succeed(result)
          ended()
        },
        error => {
          fail(error)
          ended()
        }
      )
    })
  }

  /** Executes the requests of a running Update, which all other calls wait for. */
  readonly #pastOrder: Executor = {
    repliesToWrites: true,
    read: call => this.topology.submit(call),
    write: call => this.topology.submit(call),
    typeOf: key => this.typeOf(key)
  }

  /** Sends requests as one MULTI, in order with all other calls; replies may be Errors. */
  transact(requests: readonly Request[]): Promise<readonly Reply[]> {
    if (this.#closed) return Promise.reject(closed({ operation: 'transaction', key: undefined }))
    const generation = this.#calls.begin()
    return new Promise((resolve, reject) => {
      this.write({
        requests,
        resend: false,
        losses: 0,
        replied: replies => {
          generation.ended()
          resolve(replies)
        },
        failed: error => {
          generation.ended()
          reject(error)
        }
      })
    })
  }

  /** The Redis type of a key, for an error message. */
  typeOf(key: string): Promise<string> {
    return new Promise(resolve => {
      this.topology.submit({
        requests: [command('TYPE', new Key(key))],
        resend: true,
        losses: 0,
        replied: ([type]) => resolve(typeof type === 'string' ? type : 'none'),
        failed: () => resolve('none')
      })
    })
  }

  /** Resolves when every call made so far has been answered; undefined when none is in flight. */
  settled(): Promise<void> | undefined {
    return this.#calls.settled()
  }

  /** The error for a call whose keys can't be used together, or not with those of `others`. */
  crossSlotError(command: Command<unknown>, others: readonly string[] = []): CrossSlotError | undefined {
    if (!this.#isCluster) return undefined
    const requests = command.kind === 'update' ? [command.read] : command.requests
    const keys = [...others, ...keysOfAll(requests)]
    const [first = ''] = keys
    const crossing = this.topology.crossSlotKey(keys)
    if (crossing === undefined) return undefined
    return new CrossSlotError(
      `keys '${first}' and '${crossing}' live in different slots of the cluster: give both a hash tag, as in '{tag}:${first}' and '{tag}:${crossing}'`,
      { key: first, operation: command.info.operation }
    )
  }

  /** Refuses new commands and waits for those in flight. */
  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
  }
}
