import { clearTimer, now, setTimer, sleep } from '../core/clock.js'
import { keysOfAll } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import type { Call } from '../execution/call.js'
import type { Timeouts } from './pipeline.js'

/** Milliseconds between attempts while a node says that it can't serve the keys now. */
const PAUSE = 20

/** Milliseconds for which it is remembered where a key has gone, after the last call of the slot. */
const REMEMBERED = 1_000

/** What a migration needs of its cluster. */
export interface MigrationHost {
  readonly timeouts: Timeouts
  readonly closed: boolean
  masterOf(slot: number): string | undefined
  /** Hands a call to the pipeline of a node; false when the node is not known. */
  submitTo(address: string | undefined, call: Call): boolean
  /** Whether calls of a slot are in flight. */
  isInFlight(slot: number): boolean
  refreshSlot(slot: number): Promise<void>
  /** The calls of the slot go their usual way again. */
  migrated(slot: number): void
}

interface Held {
  readonly call: Call
  /** When it came back first: from then on it has the connect timeout. */
  since: number | undefined
  why: Error | undefined
}

/**
 * The calls of one slot while it moves from node to node. They are held in the order in which they were made, and sent in
 * rounds: a round is over when none of its calls is in flight, and what came back stands in front of the next.
 *
 * While a slot migrates each key is on either node, and the old one answers ASK for what it does not have any more: calls on
 * such keys go to the new one, each behind an ASKING. A call on several keys may find them on both nodes (TRYAGAIN): it goes
 * alone, so that nothing overtakes it.
 */
export class SlotMigration {
  #held: Held[] = []
  readonly #sent = new Map<Call, Held>()
  /** Keys that the old node does not have any more, and the node that has them. */
  readonly #asked = new Map<string, string>()
  #back: Held[] = []
  #running = false
  #forgetTimer: NodeJS.Timeout | undefined
  #onDrained: (() => void) | undefined

  constructor(
    private readonly slot: number,
    private readonly cluster: MigrationHost
  ) {}

  submit(call: Call): void {
    this.#held.push({ call, since: undefined, why: undefined })
    this.#start()
  }

  /** A node did not execute the call. */
  returned(call: Call, why: Error): void {
    const held = this.#sent.get(call) ?? { call, since: undefined, why: undefined }
    this.#sent.delete(call)
    held.since ??= now()
    held.why = why
    this.#back.push(held)
    this.#start()
  }

  /** No call of the slot is in flight. */
  drained(): void {
    this.#onDrained?.()
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    clearTimer(this.#forgetTimer)
    void this.#run()
  }

  async #run(): Promise<void> {
    await this.#allBack()
    while (this.#held.length > 0) {
      await this.#prepare()
      if (this.#held.length > 0) this.#sendRound()
      await this.#allBack()
    }
    this.#running = false
    if (this.#asked.size === 0) this.cluster.migrated(this.slot)
    // The calls that come next know where the keys are.
    else this.#forgetTimer = setTimer(() => this.cluster.migrated(this.slot), REMEMBERED).unref()
  }

  /** Waits until every call that was sent has been answered; what came back is the first to go again. */
  async #allBack(): Promise<void> {
    // What a node answers in one go is told one by one, before the last is complete or right behind it.
    do {
      if (this.cluster.isInFlight(this.slot)) await new Promise<void>(resolve => (this.#onDrained = resolve))
      await Promise.resolve()
    } while (this.cluster.isInFlight(this.slot))
    this.#onDrained = undefined
    this.#sent.clear()
    this.#held = [...this.#back.splice(0), ...this.#held]
  }

  /** Learns from the first call why it came back; gives up what came back for too long. */
  async #prepare(): Promise<void> {
    const [first] = this.#held
    const why = first?.why
    if (!first || !why) return
    const ask = /^ASK \d+ (\S+)/.exec(why.message)?.[1]
    if (ask !== undefined) {
      for (const held of this.#held) {
        if (held.why?.message === why.message)
          for (const key of keysOfAll(held.call.requests)) this.#asked.set(key, ask)
      }
    } else if (!why.message.startsWith('TRYAGAIN ')) {
      this.#asked.clear()
      await this.cluster.refreshSlot(this.slot)
    }
    const { connectTimeout } = this.cluster.timeouts
    const isLate = ({ since }: Held): boolean => since !== undefined && now() - since > connectTimeout
    this.#held = this.#held.filter(held => {
      if (!isLate(held) && !this.cluster.closed) return true
      this.#giveUp(held)
      return false
    })
    if (first.since !== undefined && now() - first.since > PAUSE && ask === undefined) await sleep(PAUSE)
    for (const held of this.#held) held.why = undefined
  }

  /** Lets the caller go without an answer. */
  #giveUp({ call, why = this.#unreachable() }: Held): void {
    if (why instanceof ConnectionError) call.failed(why)
    else call.replied([why], 0)
  }

  #unreachable(): ConnectionError {
    const { connectTimeout } = this.cluster.timeouts
    return new ConnectionError(`can't reach the Redis cluster within ${connectTimeout} ms`, { outcome: 'not-sent' })
  }

  /** Sends calls up to the first one that has to go alone. */
  #sendRound(): void {
    for (let first = true; this.#held.length > 0; first = false) {
      const [held] = this.#held as [Held]
      const keys = keysOfAll(held.call.requests)
      if (keys.length > 1 && !first) return
      this.#held.shift()
      const asked = keys.map(key => this.#asked.get(key)).find(address => address !== undefined)
      const call = asked === undefined ? held.call : asking(held.call)
      this.#sent.set(call, { ...held, call: held.call })
      if (!this.cluster.submitTo(asked ?? this.cluster.masterOf(this.slot), call)) {
        this.#sent.delete(call)
        held.since ??= now()
        held.why = this.#unreachable()
        this.#back.push(held)
        return
      }
      if (keys.length > 1) return
    }
  }
}

/** A call behind an ASKING. */
function asking(call: Call): Call {
  return {
    requests: call.requests,
    resend: call.resend,
    losses: call.losses,
    asking: true,
    replied: (replies, epoch) => call.replied(replies, epoch),
    failed: error => call.failed(error)
  }
}
