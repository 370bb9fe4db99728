import { isReplyError, type ClusterProvider } from '../clients/port.js'
import { keysOf, keysOfAll, type Reply } from '../core/command.js'
import { Deadline } from '../core/deadline.js'
import { ConnectionError } from '../core/errors.js'
import { SLOTS, slotOf } from '../core/keys.js'
import type { Call } from '../execution/call.js'
import { closedByOwner, connectionClosed, type Destination } from './connector.js'
import { Pipeline, type ClusterNode, type Timeouts } from './pipeline.js'
import { SlotMigration, type MigrationHost } from './slot-migration.js'
import type { Connector, Topology } from './topology.js'

/** Milliseconds to connect to a node; then the other nodes are asked which one has replaced it. */
const NODE_CONNECT_TIMEOUT = 1_000

const DISCOVERY_PAUSE = 20

/**
 * A cluster: each call goes to the pipeline of the node that owns its slot. Calls are ordered per key; while a slot moves, its
 * SlotMigration holds and sends its calls.
 */
export class Cluster implements Topology, ClusterNode, MigrationHost {
  readonly isCluster = true
  readonly #pipelines = new Map<string, Pipeline>()
  readonly #migrations = new Map<number, SlotMigration>()
  /** The number of calls in flight for each slot. */
  readonly #inFlight = new Uint32Array(SLOTS)
  /** Calls made before the slots are known. */
  readonly #unrouted: Call[] = []
  #discovering = false
  readonly #closing = new AbortController()

  constructor(
    private readonly provider: ClusterProvider,
    readonly timeouts: Timeouts
  ) {}

  submit(call: Call): void {
    const slot = slotOfCall(call)
    const migration = this.#migrations.get(slot)
    if (migration) migration.submit(call)
    else if (this.#unrouted.length > 0 || !this.submitTo(this.#addressOf(slot), call)) {
      this.#unrouted.push(call)
      this.#discover()
    }
  }

  /** Hands a call to the pipeline of a node; false when the node is not known. */
  submitTo(address: string | undefined, call: Call): boolean {
    if (address === undefined) return false
    this.#count(slotOfCall(call), 1)
    this.#pipelineOf(address).submit(call)
    return true
  }

  redirect(call: Call, why: Error): void {
    if (isReplyError(why) && keysOfAll(call.requests).length === 0) {
      // A key that is not marked as one: no node would be the right one.
      return call.replied([why], 0)
    }
    const slot = slotOfCall(call)
    let migration = this.#migrations.get(slot)
    if (!migration) {
      migration = new SlotMigration(slot, this)
      this.#migrations.set(slot, migration)
    }
    migration.returned(call, why)
  }

  completed(call: Call): void {
    const slot = slotOfCall(call)
    if (this.#count(slot, -1) === 0) this.#migrations.get(slot)?.drained()
  }

  /** Whether calls of a slot are in flight. */
  isInFlight(slot: number): boolean {
    return this.#count(slot, 0) > 0
  }

  migrated(slot: number): void {
    this.#migrations.delete(slot)
  }

  sendOutOfBand(key: string, words: readonly string[]): Promise<Reply> | undefined {
    const address = this.nodeOf(key)
    return address === undefined ? undefined : this.#pipelineOf(address).sendOutOfBand(key, words)
  }

  crossSlotKey(keys: readonly string[]): string | undefined {
    const slot = slotOf(keys[0] ?? '')
    return keys.find(key => slotOf(key) !== slot)
  }

  nodeOf(key: string): string | undefined {
    return this.#addressOf(slotOf(key))
  }

  async connectorFor(key: string): Promise<Connector> {
    if (this.nodeOf(key) === undefined) await this.#learnSlots(() => this.nodeOf(key) !== undefined)
    const address = this.nodeOf(key) as string
    return { destination: this.#destination(address), connection: () => this.provider.connection(address) }
  }

  async refreshSlots(key: string): Promise<void> {
    await this.refreshSlot(slotOf(key))
  }

  async refreshSlot(slot: number): Promise<void> {
    const address = this.#addressOf(slot)
    const lost = address !== undefined && this.#pipelines.get(address)?.usable === false
    const refreshed = this.provider.refreshSlot(slot, lost ? address : undefined)
    await new Deadline(NODE_CONNECT_TIMEOUT, this.#closing.signal).wait(refreshed).catch(() => {})
  }

  masterOf(slot: number): string | undefined {
    return this.#addressOf(slot)
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  close(): void {
    this.#closing.abort(connectionClosed())
    for (const pipeline of this.#pipelines.values()) pipeline.close()
  }

  #count(slot: number, change: number): number {
    return (this.#inFlight[slot] = (this.#inFlight[slot] ?? 0) + change)
  }

  #addressOf(slot: number): string | undefined {
    return this.provider.closedByOwner ? undefined : this.provider.masterOf(slot)
  }

  #pipelineOf(address: string): Pipeline {
    const known = this.#pipelines.get(address)
    if (known) return known
    const connectTimeout = Math.min(this.timeouts.connectTimeout, NODE_CONNECT_TIMEOUT)
    const timeouts = { ...this.timeouts, connectTimeout }
    const pipeline = new Pipeline(this.provider.connection(address), this.#destination(address), timeouts, this)
    this.#pipelines.set(address, pipeline)
    // It fails what it is given, and opens no connection.
    if (this.closed) pipeline.close()
    return pipeline
  }

  #destination(address: string): Destination {
    const { provider } = this
    return {
      address,
      get closedByOwner() {
        return provider.closedByOwner
      }
    }
  }

  #discover(): void {
    if (this.#discovering) return
    this.#discovering = true
    const isKnown = (): boolean => this.#unrouted.every(call => this.#addressOf(slotOfCall(call)) !== undefined)
    const done = (error?: unknown): void => {
      this.#discovering = false
      const calls = this.#unrouted.splice(0)
      for (const call of calls) {
        if (error === undefined) this.submit(call)
        else call.failed(error)
      }
    }
    this.#learnSlots(isKnown).then(() => done(), done)
  }

  /** Opens the cluster client and waits until it knows the slots that matter. */
  async #learnSlots(isKnown: () => boolean): Promise<void> {
    const deadline = new Deadline(this.timeouts.connectTimeout, this.#closing.signal)
    for (let last: unknown; ;) {
      if (this.provider.closedByOwner) throw closedByOwner()
      try {
        await deadline.wait(this.provider.open())
        if (isKnown()) return
      } catch (error) {
        this.#closing.signal.throwIfAborted()
        last = error
      }
      if (deadline.left === 0) {
        const reason = last instanceof Error ? last.message : 'it does not tell where its slots are'
        throw new ConnectionError(
          `can't reach the Redis cluster within ${this.timeouts.connectTimeout} ms (${reason})`,
          { outcome: 'not-sent', cause: last }
        )
      }
      await deadline.sleep(DISCOVERY_PAUSE)
    }
  }
}

/** The slot of a call: all of its keys share one. */
function slotOfCall({ requests }: Call): number {
  for (const request of requests) {
    if (!request.script && request.slot !== undefined) return request.slot
    const [key] = keysOf(request)
    if (key !== undefined) return slotOf(key)
  }
  return 0
}
