import { setTimeout as sleep } from 'node:timers/promises'
import { slotOf, tagOfSlot } from '../keys.js'
import type { Command, Reply, Request } from '../command.js'
import { ConnectionError } from '../errors.js'
import { settle, wordsOf, type Call } from './call.js'
import { isReply, type ClusterNode, type RedisClient, type RedisCluster } from './client.js'
import { Link, about, redirection } from './link.js'
import { explain } from './reply-error.js'
import type { Connector, Route } from './route.js'
import { Deadline, LentClient, closedByOwner, duplicateOf } from './source.js'

const PAUSE_WHILE_MOVING = 20

/** After this long without a node, the others are asked who has taken its place. */
const NODE_CONNECT_TIMEOUT = 1_000

/** Stands for the connection of a call that took a detour. */
const DETOURED = -1

/** Calls for a slot on the move: those that a node sent back, and those made since. */
interface Detour {
  readonly returned: Returned[]
  readonly later: Call[]
}

/** A call that came back, and why. */
interface Returned {
  readonly call: Call
  readonly why: Error
}

/**
 * The way to a cluster: every call goes to the link of the node that holds its slot. Order is kept per key: when a slot
 * moves, its calls take turns, in order, until none is left that was sent to the old place.
 */
export class Cluster implements Route {
  readonly isCluster = true
  readonly #links = new Map<string, Link>()
  readonly #detours = new Map<number, Detour>()
  readonly #unrouted: Call[] = []
  #connecting = false
  #wasOpen = false

  constructor(
    private readonly cluster: RedisCluster,
    private readonly connectTimeout: number
  ) {
    cluster.on('error', () => {})
    this.#wasOpen = cluster.isOpen
  }

  submit(call: Call): void {
    const slot = slotOf(call.command.keys[0] ?? '')
    const detour = this.#detours.get(slot)
    if (detour) detour.later.push(call)
    else if (this.#unrouted.length > 0 || !this.#submitTo(slot, call)) {
      this.#unrouted.push(call)
      this.#connect()
    }
  }

  sendAtOnce(key: string, words: string[]): Promise<Reply> | undefined {
    return this.#linkOf(slotOf(key))?.sendAtOnce(words)
  }

  stray(keys: readonly string[]): string | undefined {
    const slot = slotOf(keys[0] ?? '')
    return keys.find(key => slotOf(key) !== slot)
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOf(slotOf(key))?.address
  }

  async connectorFor(key: string): Promise<Connector> {
    const error = this.#nodeOf(slotOf(key)) ? undefined : await this.#discover()
    if (error) throw error
    const node = this.#nodeOf(slotOf(key)) as ClusterNode
    const { address } = node
    const client = await (this.cluster.nodeClient(node as never) as RedisClient | Promise<RedisClient>)
    return { address, another: () => duplicateOf(client, address, this.connectTimeout) }
  }

  /**
   * Any command through the cluster client makes it follow MOVED and learn where the slots are now. When the key's own node
   * is gone, another one is asked for the key: it says MOVED, too.
   */
  async relearn(key: string): Promise<void> {
    const node = this.#nodeOf(slotOf(key))
    const gone = node !== undefined && this.#links.get(node.address)?.usable === false
    const other = gone ? this.cluster.slots.findIndex(slot => slot !== undefined && slot.master !== node) : -1
    const route = `{${tagOfSlot(other === -1 ? slotOf(key) : other)}}`
    const asked = this.cluster.sendCommand(route, false, ['EXISTS', key]).catch(() => {})
    await Promise.race([asked, sleep(NODE_CONNECT_TIMEOUT)])
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
  }

  /** Hands the call to the link of the slot's master, if the map of slots is known. */
  #submitTo(slot: number, call: Call): boolean {
    const link = this.#linkOf(slot)
    link?.submit(call)
    return link !== undefined
  }

  #nodeOf(slot: number): ClusterNode | undefined {
    if (!this.cluster.isOpen) return undefined
    this.#wasOpen = true
    return this.cluster.slots[slot]?.master
  }

  #linkOf(slot: number): Link | undefined {
    const node = this.#nodeOf(slot)
    if (!node) return undefined
    const known = this.#links.get(node.address)
    if (known) return known
    const obtain = (): RedisClient | Promise<RedisClient> => {
      const current = this.cluster.masters.find(({ address }) => address === node.address) ?? node
      return this.cluster.nodeClient(current as never) as RedisClient | Promise<RedisClient>
    }
    const link = new Link(
      new LentClient(obtain, node.address, Math.min(this.connectTimeout, NODE_CONNECT_TIMEOUT)),
      (call, why) => this.#detour(call, why)
    )
    this.#links.set(node.address, link)
    return link
  }

  #connect(): void {
    if (this.#connecting) return
    this.#connecting = true
    void this.#discover().then(error => {
      this.#connecting = false
      const calls = this.#unrouted.splice(0)
      for (const call of calls) {
        if (error) call.reject(about(call, error))
        else this.submit(call)
      }
    })
  }

  /** Opens the cluster client and learns which node holds which slot; returns what made that impossible. */
  async #discover(): Promise<ConnectionError | undefined> {
    const deadline = new Deadline(this.connectTimeout)
    if (this.#wasOpen && !this.cluster.isOpen) return closedByOwner(undefined)
    for (let last: unknown; ;) {
      try {
        if (!this.cluster.isOpen) await deadline.spend(this.cluster.connect())
        this.#wasOpen = true
        if (this.cluster.masters.length > 0 && this.#covers()) return undefined
      } catch (error) {
        last = error
      }
      if (deadline.left === 0) {
        const reason = last instanceof Error ? last.message : 'it does not tell where its slots are'
        return new ConnectionError(`can't reach the Redis cluster within ${this.connectTimeout} ms (${reason})`, {
          outcome: 'not-sent',
          cause: last
        })
      }
      await sleep(PAUSE_WHILE_MOVING)
    }
  }

  #covers(): boolean {
    return this.#unrouted.every(({ command }) => this.#linkOf(slotOf(command.keys[0] ?? '')) !== undefined)
  }

  /** A node says that it does not hold the slot (any more, or not yet), or is gone itself. */
  #detour(call: Call, why: Error): void {
    if (call.command === PING) return call.resolve(undefined)
    const [key = ''] = call.command.keys
    const detour = this.#detours.get(slotOf(key))
    if (detour) {
      detour.returned.push({ call, why })
      return
    }
    const started = { returned: [{ call, why }], later: [] }
    this.#detours.set(slotOf(key), started)
    void this.#follow(key, started)
  }

  /**
   * Sends the calls again in their order, in rounds, until none comes back. A round ends when everything on its way to the
   * slot's node has been answered.
   */
  async #follow(key: string, detour: Detour): Promise<void> {
    const end = performance.now() + this.connectTimeout
    await this.#drained(key)
    while (detour.returned.length + detour.later.length > 0) {
      await this.relearn(key)
      const calls = [...detour.returned.splice(0).map(({ call }) => call), ...detour.later.splice(0)]
      for (const call of calls) this.#submitTo(slotOf(key), call)
      await this.#drained(key)
      const refused = detour.returned.shift()
      if (refused) await this.#carry(refused, detour, end)
    }
    this.#detours.delete(slotOf(key))
  }

  /** Resolves when everything that is on its way to the node of the key's slot has been answered: answers come in order. */
  #drained(key: string): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => resolve()
      if (!this.#submitTo(slotOf(key), { command: PING, resolve: done, reject: done })) resolve()
    })
  }

  /** A call that came back from where its slot should be by now. */
  async #carry({ call, why }: Returned, detour: Detour, end: number): Promise<void> {
    const tryAgain = performance.now() < end
    if (tryAgain && (!why.message.startsWith('ASK ') || call.command.requests.length > 1)) {
      detour.returned.unshift({ call, why })
      await sleep(PAUSE_WHILE_MOVING)
    } else if (why instanceof ConnectionError) {
      call.reject(about(call, why))
    } else if (tryAgain) {
      await this.#ask(call, detour)
    } else {
      call.reject(await explain(why, call.command, () => Promise.resolve('none')))
    }
  }

  /** While a slot is being moved its keys are in either place: the cluster client follows ASK. */
  async #ask(call: Call, detour: Detour): Promise<void> {
    const { keys, requests, operation, kind } = call.command
    const [key = ''] = keys
    try {
      const route = `{${tagOfSlot(slotOf(key))}}`
      const reply = await this.cluster.sendCommand(route, false, wordsOf(requests[0] as Request, 'EVAL'))
      settle(call, [reply as Reply], DETOURED)
    } catch (error) {
      if (isReply(error) && !redirection.test(error.message)) {
        call.reject(await explain(error, call.command, () => Promise.resolve('none')))
      } else if (isReply(error) || kind === 'read') {
        detour.returned.unshift({ call, why: error as Error })
        await sleep(PAUSE_WHILE_MOVING)
      } else {
        const message = `key '${key}': the connection was lost while its slot was being moved, so the call may or may not have been applied`
        call.reject(new ConnectionError(message, { key, operation, cause: error, outcome: 'unknown' }))
      }
    }
  }
}

/** Marks the end of what is on its way over a link. */
const PING: Command<unknown> = {
  operation: 'ping',
  keys: [''],
  kind: 'read',
  holds: undefined,
  requests: [{ args: ['PING'] }],
  returnsNothing: true,
  decode: () => undefined
}
