import { command, type Reply, type Request } from '../core/command.js'
import type { ConnectionError } from '../core/errors.js'
import { isWaitQueue } from '../core/keys.js'
import type { Entry, Journal } from './journal.js'
import { asksTime, atTime, type Clock } from './replay.js'
import { currentScope, type Scope } from './scope.js'
import type { Shadows } from './shadows.js'
import type { WatchedConnection } from './watched-connection.js'

/** A call that needs what has been written: a read, or without requests the result of a write. */
export interface Step {
  readonly keys: readonly string[]
  /** The writes before this position have to run first. */
  readonly position: number
  readonly requests: readonly Request[]
  replied(replies: readonly Reply[]): void
  failed(error: unknown): void
}

/** What is run on shadows for an entry of the journal, or for a read. */
interface Action {
  readonly keys: readonly string[]
  readonly requests: readonly Request[]
  replied(replies: readonly Reply[]): void
  failed(error: unknown): void
}

/**
 * Runs reads of what has been written, and the writes before them, on shadows. Calls of one turn share a round: WATCH of the
 * keys, copies of those that have no shadow yet, and the calls in their order.
 */
export class ShadowRunner {
  readonly #queue: (Step & { readonly scope: Scope | undefined })[] = []
  #draining = false
  #clock: Clock | undefined

  constructor(
    private readonly watch: WatchedConnection,
    private readonly journal: Journal,
    private readonly shadows: Shadows,
    /** Ends the transaction, for shadows can't be made; explains why. */
    private readonly refused: (error: Error) => Promise<Error>
  ) {}

  submit(step: Step): void {
    this.#queue.push({ ...step, scope: currentScope() })
    if (!this.#draining) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#draining = true
    // The calls of one turn go together.
    await Promise.resolve()
    for (let step; (step = this.#queue[0]);) {
      try {
        await this.#prepare(step)
        await this.#run(this.#plan())
      } catch (error) {
        for (const failed of this.#queue.splice(0)) failed.failed(error)
      }
    }
    this.#draining = false
  }

  /** Waits until it is known what the writes before a step are, and what time it is for them. */
  async #prepare(step: Step): Promise<void> {
    for (let unready; (unready = this.#unready(step));) await unready
    const entries = this.journal.before(step.keys, step.position)
    for (const entry of entries) if (entry.unsure) await this.#checkKeys(entry)
    if (this.#clock || !this.#needsClock(step, entries)) return
    const [time] = await this.watch.read([command('TIME')], step.keys.filter(isWatchable))
    if (time instanceof Error) throw await this.refused(time)
    this.#clock = time as unknown as Clock
  }

  /** A key that is not marked would be changed in earnest. */
  async #checkKeys(entry: Entry): Promise<void> {
    const [request] = entry.call?.requests ?? []
    if (!request || request.script) return
    const asking = { words: ['COMMAND', 'GETKEYS', ...request.words], keysAt: [] }
    const [found] = await this.watch.read([asking], entry.keys.filter(isWatchable))
    entry.keysMarked = !Array.isArray(found) || found.length <= request.keysAt.length
    if (!entry.keysMarked) throw await this.refused(new Error('SHADOW keys'))
  }

  #unready({ keys, position }: Step): Promise<unknown> | undefined {
    return this.journal.before(keys, position).find(entry => entry.ready !== undefined)?.ready
  }

  #needsClock({ requests }: Step, entries: readonly Entry[]): boolean {
    return [...requests, ...entries.flatMap(({ call }) => call?.requests ?? [])].some(asksTime)
  }

  /** Takes the steps of the next round from the queue. */
  #plan(): readonly Action[] {
    const actions: Action[] = []
    for (let step; (step = this.#queue[0]);) {
      const entries = this.journal.before(step.keys, step.position)
      const isReady =
        !entries.some(({ ready, unsure }) => ready !== undefined || unsure) &&
        (this.#clock ?? !this.#needsClock(step, entries))
      if (!isReady) break
      this.#queue.shift()
      for (const entry of entries) actions.push(this.#actionOf(entry))
      this.journal.answers(step)
      const { keys, requests } = step
      actions.push({
        keys,
        requests: requests.map(request => atTime(request, this.#clock)),
        replied: replies => step.replied(replies),
        failed: error => step.failed(error)
      })
    }
    return actions
  }

  #actionOf(entry: Entry): Action {
    const { keys, state, call } = entry
    this.journal.runs(entry)
    if (state === 'stale') return { keys, requests: entry.replay, replied: () => {}, failed: () => {} }
    const clock = this.#clock
    return {
      keys,
      requests: call?.requests.map(request => atTime(request, clock)) ?? [],
      replied: replies => entry.hasRun(replies, clock),
      failed: error => call?.failed(error)
    }
  }

  async #run(actions: readonly Action[]): Promise<void> {
    const keys = new Set(actions.flatMap(action => action.keys).filter(isWatchable))
    const shadowed = new Set([...keys].filter(key => this.shadows.has(key) || this.journal.isChanged(key)))
    const fresh = new Set([...shadowed].filter(key => !this.shadows.has(key)))
    const opening = shadowed.size > 0 ? [this.shadows.open(shadowed, fresh)] : []
    const requests = actions.flatMap(action => action.requests.map(request => this.shadows.onShadows(request)))
    const closing = shadowed.size > 0 ? [this.shadows.close(shadowed)] : []
    try {
      const replies = await this.watch.read([...opening, ...requests, ...closing], [...keys])
      let at = opening.length
      if (at > 0 && replies[0] instanceof Error) throw await this.#refusal(replies[0])
      for (const action of actions) action.replied(replies.slice(at, (at += action.requests.length)))
    } catch (error) {
      for (const action of actions) action.failed(error)
    }
  }

  #refusal(error: Error): Promise<Error> | ConnectionError {
    return error.message.endsWith('SHADOW lost') ? this.watch.lose(error) : this.refused(error)
  }
}

/** Wait queues are hidden: who waits makes no difference to a transaction. */
function isWatchable(key: string): boolean {
  return !isWaitQueue(key)
}
