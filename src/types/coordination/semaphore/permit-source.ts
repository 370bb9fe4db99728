import { command, script, type Request, type ScriptRequest, type Write } from '../../../core/command.js'
import { LockTimeoutError } from '../../../core/errors.js'
import { keysFor, type Key } from '../../../core/keys.js'
import type { Ask, Grant, WaitSpec } from '../../../core/wait-spec.js'
import type { HandleContext, Op } from '../../../handles/operation.js'
import {
  semaphoreAcquire,
  semaphoreAdd,
  semaphoreAvailable,
  semaphoreAvailableKeys,
  semaphoreClear,
  semaphoreExpire,
  semaphoreHeld,
  semaphoreRelease,
  semaphoreStateKeys
} from '../../../scripts.generated.js'
import { leaseRenewal } from '../../lease-renewal.js'
import { HeldPermit } from './permit.js'

/** What a semaphore asks Redis: its keys, its scripts, and what has to wait. */
export class PermitSource {
  #keys: readonly Key[] | undefined

  constructor(
    readonly context: HandleContext,
    readonly value: number
  ) {}

  /** The holders and the auxiliary keys, as the scripts declare them. */
  get keys(): readonly Key[] {
    return (this.#keys ??= keysFor(this.context.key, semaphoreStateKeys))
  }

  available(): Request {
    return script(semaphoreAvailable, keysFor(this.context.key, semaphoreAvailableKeys), this.value)
  }

  acquire({ mode, ticket, position }: Ask, length: number): ScriptRequest {
    return script(semaphoreAcquire, this.keys, this.value, mode, ticket, position, length)
  }

  /** The command that gives a permit back: false when it was not held any more. */
  release(ticket: string, idempotent = false): Write<boolean> {
    const request = script(semaphoreRelease, this.keys, this.value, ticket)
    return this.context
      .op('release')
      .writeCommand(request, released => released === 1, { idempotent, serve: this.expire() })
  }

  renew(ticket: string, length: number): Write<boolean> {
    return leaseRenewal(this.context.op('renew'), this.context.key, ticket, length)
  }

  held(): Request {
    return script(semaphoreHeld, [this.context.key])
  }

  /** Follows a change of the key's time to live. */
  expire(): Request {
    return script(semaphoreExpire, this.keys, this.value)
  }

  add(): Request {
    return script(semaphoreAdd, this.keys, this.value)
  }

  /** The requests that free all permits. */
  clear(): readonly Request[] {
    return [command('DEL', this.context.key), script(semaphoreClear, this.keys, this.value)]
  }
}

/** For a permit, which is held by lease from then on. */
export class Acquiring implements WaitSpec<HeldPermit | undefined> {
  readonly redisType = 'zset'

  constructor(
    private readonly source: PermitSource,
    private readonly op: Op,
    readonly lease: number
  ) {}

  get operation(): string {
    return this.op.operation
  }

  get key(): string {
    return this.op.key
  }

  get waitQueue(): Key {
    return this.source.keys[1] as Key
  }

  ask(ask: Ask): ScriptRequest {
    return this.source.acquire(ask, this.lease)
  }

  decode(token: unknown, grant: Grant): HeldPermit {
    return new HeldPermit(this.source, Number(token), grant, this.lease)
  }

  timeoutError(milliseconds: number): Error {
    return lockTimeout(this.op, milliseconds)
  }
}

/** The same for a call that does not wait. */
export class TryingToAcquire extends Acquiring {
  fallback(): undefined {
    return undefined
  }
}

export function lockTimeout({ key, operation }: Op, milliseconds: number): LockTimeoutError {
  return new LockTimeoutError(`key '${key}' had no permit free within ${Math.ceil(milliseconds)} ms`, {
    key,
    operation
  })
}
