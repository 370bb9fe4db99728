import { setTimeout as sleep } from 'node:timers/promises'
import {
  settle,
  type ClientConnection,
  type ClientProvider,
  type Message,
  type ReplyReceiver
} from '../../src/clients/port.js'
import type { Reply } from '../../src/core/command.js'
import { isReadOnly } from '../../src/core/redis-commands.js'
import { hotWith } from '../../src/hot.js'
import type { Hot } from '../../src/index.js'
import { settingsOf } from '../../src/options.js'
import type { FaultyEnvironment } from './faulty-program.js'
import { freshKey } from './fresh-key.js'
import { Random } from './random.js'

/**
 * What goes wrong: `cut before` the command reaches Redis, or `cut after` it was executed and before its reply; `half-open`
 * the connection carries nothing any more, and stays up; `slow` the reply is late; `refused` Redis replies with an error
 * instead of executing it.
 */
type Fault = 'cut before' | 'cut after' | 'half-open' | 'slow' | 'refused'

const FAULTS: readonly [Fault, ...Fault[]] = ['cut before', 'cut after', 'half-open', 'slow', 'refused', 'refused']

/** What a server says to writes from the time on when it has become a replica. */
const READONLY = "READONLY You can't write against a read only replica."

const SERVER_REFUSALS: readonly [string, ...string[]] = [
  "OOM command not allowed when used memory > 'maxmemory'.",
  'LOADING Redis is loading the dataset in memory',
  'BUSY Redis is busy running a script.'
]

/** Commands without a key, which no node refers elsewhere. */
const UNKEYED = /^(?:PING|CLIENT|SUBSCRIBE|ASKING)$/

/** Decides, by a seed, what goes wrong on the connections of one provider; counts those that are open. */
class Faults {
  open = 0
  #active = true
  /** The slot is somewhere else, or being moved: no node executes a command on its keys. */
  #referral: { readonly error: string; readonly until: number } | undefined
  /** Refusals on their way: the slot does not come back before they are told, as calls behind them would overtake them. */
  refusalsUnderWay = 0

  constructor(
    private readonly random: Random,
    private readonly probability: number
  ) {}

  /** From now on all goes well. */
  end(): void {
    this.#active = false
  }

  draw(): Fault | undefined {
    if (!this.#active || !this.random.chance(this.probability)) return undefined
    return this.random.oneOf(FAULTS)
  }

  /** The error that a command gets for as long as the slot is somewhere else. */
  referral(words: readonly string[], behindAsking: boolean): string | undefined {
    if (!this.#referral || UNKEYED.test(words[0] ?? '')) return undefined
    const { error, until } = this.#referral
    if (performance.now() < until || this.refusalsUnderWay > 0)
      return behindAsking && error.startsWith('ASK ') ? undefined : error
    this.#referral = undefined
    return undefined
  }

  refusal(words: readonly string[], address: string | undefined): string {
    if (words[0] === 'EVALSHA' && this.random.chance(0.7)) return 'NOSCRIPT No matching script. Please use EVAL.'
    if (UNKEYED.test(words[0] ?? '')) return 'LOADING Redis is loading the dataset in memory'
    if (address === undefined && !isReadOnly(words) && this.random.chance(0.3)) return READONLY
    if (address === undefined || this.random.chance(0.5)) return this.random.oneOf(SERVER_REFUSALS)
    // The node names itself: when the slot is back, it executes the command.
    const error = this.random.oneOf([`MOVED 0 ${address}`, `ASK 0 ${address}`, 'CLUSTERDOWN The cluster is down'])
    this.#referral = { error, until: performance.now() + 3 * this.delay }
    return error
  }

  get delay(): number {
    return 1 + this.random.upTo(10)
  }
}

/** Which exchanges with Redis go wrong. */
const FAULT_PROBABILITY = 0.08

const TIMEOUTS = { connectTimeout: 3_000, responseTimeout: 100 }

/** Hots whose connections fail as a seed has it. */
export class FaultyConnections implements FaultyEnvironment {
  readonly random: Random
  readonly #faults: Faults[] = []

  constructor(
    private readonly provider: ClientProvider,
    private readonly seed: number
  ) {
    this.random = new Random(seed)
  }

  /** How many connections are open. */
  get open(): number {
    return this.#faults.reduce((sum, { open }) => sum + open, 0)
  }

  createHot(onError?: (error: unknown) => void): Hot {
    const faults = new Faults(this.random, FAULT_PROBABILITY)
    this.#faults.push(faults)
    const provider = faultyProvider(this.provider, faults)
    return hotWith({ ...settingsOf('createHot'), ...TIMEOUTS, provider, onError })
  }

  newKey(name: string): string {
    return freshKey(`faults:{${name}:${this.seed}}`)
  }

  /** These faults come with the calls, however quickly those are made. */
  async pause(): Promise<void> {}

  /** From now on all goes well. */
  end(): void {
    for (const faults of this.#faults) faults.end()
  }
}

/** A provider whose connections fail now and then. */
function faultyProvider<P extends ClientProvider>(provider: P, faults: Faults): P {
  const connections =
    provider.kind === 'server'
      ? { connection: () => new FaultyConnection(provider.connection(), faults) }
      : {
          connection: (address: string) => new FaultyConnection(provider.connection(address), faults, address)
        }
  return new Proxy(provider, {
    get(target, property) {
      if (property === 'connection') return connections.connection
      const value: unknown = Reflect.get(target, property)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    }
  })
}

/** A connection that fails as its faults have it, and is in all else as the port has it. */
class FaultyConnection implements ClientConnection {
  readonly #unanswered = new Set<(error: Error) => void>()
  #usable = false
  #mute = false
  #behindAsking = false
  #replica = false
  /** Replies come in order, also slow ones. */
  #replies: Promise<unknown> = Promise.resolve()
  #lossListener = (): void => {}

  constructor(
    private readonly inner: ClientConnection,
    private readonly faults: Faults,
    private readonly address?: string
  ) {
    inner.onLoss(() => this.#lose())
  }

  get ready(): boolean {
    return this.#usable && this.inner.ready
  }

  async open(timeout: number): Promise<void> {
    this.close()
    const fault = this.faults.draw()
    if (fault === 'slow') await sleep(this.faults.delay)
    await this.inner.open(timeout)
    this.#usable = true
    this.faults.open++
    this.#mute = fault === 'half-open'
    if (fault === 'cut before' || fault === 'cut after') {
      this.close()
      throw new Error('the connection was cut while it was being opened')
    }
  }

  send(words: readonly string[]): Promise<Reply> {
    return this.#exchange(words, () => this.inner.send(words))
  }

  transact(commands: readonly (readonly string[])[]): Promise<readonly Reply[] | null> {
    return this.#exchange(['EXEC'], () => this.inner.transact(commands))
  }

  transmit(words: readonly string[], receiver: ReplyReceiver): void {
    settle(this.send(words), receiver)
  }

  transmitMulti(commands: readonly (readonly string[])[], receiver: ReplyReceiver): void {
    settle(this.transact(commands) as Promise<Reply>, receiver)
  }

  async subscribe(channel: string, listener: (message: Message) => void): Promise<void> {
    await this.#exchange(['SUBSCRIBE'], () =>
      this.inner.subscribe(channel, message => {
        if (this.#usable && !this.#mute) listener(message)
      })
    )
  }

  onLoss(listener: () => void): void {
    this.#lossListener = listener
  }

  keepAlive(busy: boolean): void {
    this.inner.keepAlive(busy)
  }

  close(): void {
    if (this.#usable) this.faults.open--
    this.#usable = false
    this.#mute = false
    this.#replica = false
    this.inner.close()
    const unanswered = [...this.#unanswered]
    this.#unanswered.clear()
    for (const fail of unanswered) fail(new Error('the connection was cut'))
  }

  #lose(): void {
    if (!this.#usable) return
    this.close()
    this.#lossListener()
  }

  #refusesWrite(words: readonly string[]): boolean {
    return this.#replica && !isReadOnly(words) && !UNKEYED.test(words[0] ?? '')
  }

  #exchange<T>(words: readonly string[], execute: () => Promise<T>): Promise<T> {
    if (!this.#usable) return Promise.reject(new Error('the connection is closed'))
    const referral = this.#refusesWrite(words) ? READONLY : this.faults.referral(words, this.#behindAsking)
    this.#behindAsking = words[0] === 'ASKING'
    const fault = referral === undefined ? this.faults.draw() : 'refused'
    return new Promise<T>((resolve, reject) => {
      this.#unanswered.add(reject)
      if (fault === 'half-open') this.#mute = true
      if (this.#mute) return
      if (fault === 'cut before') {
        // A socket tells of its end later, never to its writer.
        queueMicrotask(() => this.#lose())
        return
      }
      const refusal = fault === 'refused' ? (referral ?? this.faults.refusal(words, this.address)) : undefined
      this.#replica ||= refusal === READONLY
      const executed = refusal === undefined ? execute() : Promise.reject<T>(new Error(refusal))
      this.#replies = this.#deliver(executed, fault, resolve, reject)
      if (refusal !== undefined) void this.#untilTold(this.#replies)
    })
  }

  async #untilTold(delivered: Promise<unknown>): Promise<void> {
    this.faults.refusalsUnderWay++
    await delivered
    // Whoever is told acts on it in the microtasks that follow.
    await new Promise(resolve => setImmediate(resolve))
    this.faults.refusalsUnderWay--
  }

  async #deliver<T>(
    executed: Promise<T>,
    fault: Fault | undefined,
    resolve: (reply: T) => void,
    reject: (error: unknown) => void
  ): Promise<void> {
    const before = this.#replies
    const [outcome] = await Promise.allSettled([executed])
    await before
    if (fault === 'slow') await sleep(this.faults.delay)
    if (!this.#unanswered.has(reject) || this.#mute) return
    if (fault === 'cut after') {
      this.#lose()
      return
    }
    this.#unanswered.delete(reject)
    if (outcome.status === 'fulfilled') resolve(outcome.value)
    else reject(outcome.reason)
  }
}
