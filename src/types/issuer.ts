import { script, type Command, type RedisType, type Reply, type Request } from '../command.js'
import { leaseRenew } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import type { WaitOptions } from '../arguments.js'
import type { Dispatcher } from '../dispatcher.js'
import type { Wait } from '../waiting/wait.js'
import { Values, type ValueOptions } from '../values.js'

/** What a handle's type is called, in words and in Redis, and how its proxy is indexed. */
export interface TypeShape {
  readonly name: string
  /** What its key holds. */
  readonly holds: RedisType
  /** What square brackets and dots reach: items by position, fields by name, or nothing. */
  readonly indexedBy: 'position' | 'field' | 'nothing'
}

/** What a Hot gives each of its handles. */
export interface Home {
  readonly dispatcher: Dispatcher
  /** The key in Redis for a key of the user's. */
  fullKey(operation: string, key: unknown): string
  /** Another handle of the same type and options. */
  sibling(key: string): unknown
}

type Decode<R> = (...replies: Reply[]) => R

interface Details {
  /** All keys, where there are others beside the handle's own. */
  readonly keys?: readonly string[]
  /** False where any type of key will do. */
  readonly typed?: boolean
}

/** Makes the commands of one handle and has them run: knows its key, its type and its values, and no more. */
export class Issuer {
  readonly values: Values

  constructor(
    /** The key as the user gave it. */
    readonly name: string,
    /** The key in Redis. */
    readonly key: string,
    readonly shape: TypeShape,
    readonly home: Home,
    options: ValueOptions
  ) {
    this.values = new Values(key, options)
  }

  operation(method: string): string {
    return `${this.shape.name}.${method}`
  }

  command<R>(
    kind: 'read' | 'write',
    method: string,
    requests: Request | readonly Request[],
    decode: Decode<R> | undefined,
    { keys, typed = true }: Details = {}
  ): Command<R> {
    return {
      operation: this.operation(method),
      keys: keys ?? [this.key],
      kind,
      holds: typed ? this.shape.holds : undefined,
      requests: Array.isArray(requests) ? (requests as readonly Request[]) : [requests as Request],
      returnsNothing: decode === undefined,
      decode: replies => decode?.(...replies) as R
    }
  }

  read<R>(method: string, requests: Request | readonly Request[], decode: Decode<R>, details?: Details): Pending<R> {
    return this.run(this.command('read', method, requests, decode, details))
  }

  /** Without `decode` the result is undefined. */
  write(method: string, requests: Request | readonly Request[], decode?: undefined, details?: Details): Pending<void>
  write<R>(method: string, requests: Request | readonly Request[], decode: Decode<R>, details?: Details): Pending<R>
  write<R>(method: string, requests: Request | readonly Request[], decode?: Decode<R>, details?: Details): Pending<R> {
    return this.run(this.command('write', method, requests, decode, details))
  }

  /** Has a call wait for what the script it asks gives to those in its line. */
  wait<R>(wait: Wait<R>, limits: WaitOptions): Pending<R> {
    return this.home.dispatcher.wait(wait, limits)
  }

  /** The command that has a lease end later: false when it has ended. */
  renewal(method: string, leases: string, ticket: string, milliseconds: number): Command<boolean> {
    const request = script(leaseRenew, [leases], ticket, milliseconds)
    const command = this.command('write', method, request, renewed => renewed === 1, { keys: [leases], typed: false })
    return { ...command, repeatable: true }
  }

  run<R>(command: Command<R>): Pending<R> {
    return this.home.dispatcher.run(command)
  }

  /** For what can't be awaited: its failure goes to flush(), onError or a warning. */
  assign(result: Promise<unknown>): void {
    this.home.dispatcher.assign(result)
  }

  encode(method: string, value: unknown, field?: string): string {
    return this.values.encode(this.operation(method), value, field)
  }

  /** A decoder for a reply that is one value, or null where there is none. */
  decoder<T>(method: string, field?: string): (reply: Reply | undefined) => T | undefined {
    return reply =>
      reply === null || reply === undefined
        ? undefined
        : (this.values.decode(this.operation(method), String(reply), field) as T)
  }
}
