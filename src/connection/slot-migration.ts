import { clearTimer, now, setTimer, sleep } from '../core/clock.js'
import { keysOfAll } from '../core/command.js'
import { ConnectionError } from '../core/errors.js'
import type { Call } from '../execution/call.js'
import { sentBefore, type Timeouts } from './pipeline.js'

/** Milliseconds between attempts while a node can't serve the keys. */
const PAUSE = 20

/** Milliseconds for which the new node of a key is remembered after the last call of its slot. */
const REMEMBERED = 1_000

/** What a migration needs from its cluster. */
export interface MigrationHost {
  readonly timeouts: Timeouts
  readonly closed: boolean
  masterOf(slot: number): string | undefined
  /** Hands a call to the pipeline of a node; false when the node is not known. */
  submitTo(address: string | undefined, call: Call): boolean
  /** Whether calls of a slot are in flight. */
  isInFlight(slot: number): boolean
  refreshSlot(slot: number): Promise<void>
  /** Calls of the slot no longer go through the migration. */
  migrated(slot: number): void
}

interface Held {
  readonly call: Call
  /** When a node first refused it: the connect timeout counts from then. */
  since: number | undefined
  why: Error | undefined
}

/**
 * The calls of one slot while it moves between nodes. They are held in the order of calls and sent in rounds: a round ends
 * when none of its calls is in flight, and its refused calls are the first of the next round.
 *
 * While a slot migrates, each key is on either node. The old node replies ASK for keys it no longer has: calls on such keys go
 * to the new node, each after an ASKING. A call on several keys may find them on both nodes (TRYAGAIN): it is sent alone, so
 * that no call overtakes it.
 */
export class SlotMigration {
  #held: Held[] = []
  readonly #sent = new Map<Call, Held>()
  /** Keys that the old node no longer has, and the address of the node that has them. */
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
    // Later calls go to the new node at once.
    else this.#forgetTimer = setTimer(() => this.cluster.migrated(this.slot), REMEMBERED).unref()
  }

  /** Waits until every call that was sent has a reply; refused calls are the first to be sent again. */
  async #allBack(): Promise<void> {
    // Replies that arrive together are reported one by one, some of them after the last call has ended.
    do {
      if (this.cluster.isInFlight(this.slot)) await new Promise<void>(resolve => (this.#onDrained = resolve))
      await Promise.resolve()
    } while (this.cluster.isInFlight(this.slot))
    this.#onDrained = undefined
    this.#sent.clear()
    this.#held = [...this.#back.splice(0), ...this.#held]
  }

  /** Acts on the refusal of the first call; fails calls that have been refused for the connect timeout. */
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
    const { closed, timeouts } = this.cluster
    const latest = now() - timeouts.connectTimeout
    const isOver = ({ since = Infinity }: Held): boolean => closed || since < latest
    const over = this.#held.filter(isOver)
    this.#held = this.#held.filter(held => !isOver(held))
    // Whoever is told may make the next call at once: it is held behind the others.
    for (const held of over) this.#giveUp(held)
    if (first.since !== undefined && now() - first.since > PAUSE && ask === undefined) await sleep(PAUSE)
    for (const held of this.#held) held.why = undefined
  }

  /** Fails a call with the last refusal. */
  #giveUp({ call, why = this.#unreachable() }: Held): void {
    if (why instanceof ConnectionError) call.failed(sentBefore(call, why))
    else call.replied([why], 0)
  }

  #unreachable(): ConnectionError {
    const { connectTimeout } = this.cluster.timeouts
    return new ConnectionError(`can't reach the Redis cluster within ${connectTimeout} ms`, { outcome: 'not-sent' })
  }

  /** Sends calls up to the first one that has to be sent alone. */
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

/** A call that is sent after an ASKING. */
function asking(call: Call): Call {
  return {
    requests: call.requests,
    resend: call.resend,
    ignoresReply: call.ignoresReply === true,
    // Whoever handles the reply asks the call how often its connection was lost.
    get losses() {
      return call.losses
    },
    set losses(count) {
      call.losses = count
    },
    asking: true,
    givenUp: () => call.givenUp?.(),
    replied: (replies, epoch) => call.replied(replies, epoch),
    failed: error => call.failed(error)
  }
}
