import { describe, test } from '@jest/globals'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'
import { ask } from '../support/failover.js'
import { FaultyConsumers, FaultyLock, FaultyQueue } from '../support/faulty-coordination.js'
import { FaultyPlay } from '../support/faulty-play.js'
import { inTime, type FaultyEnvironment, type FaultyProgram, type MakeProgram } from '../support/faulty-program.js'
import { freshKey } from '../support/fresh-key.js'
import { until } from '../support/promises.js'
import { Random } from '../support/random.js'
import { durableCluster, durableServer, TIMEOUTS, type FaultyServers } from '../support/real-faults.js'
import { inLane } from '../support/runs.js'
import type { Server } from '../support/servers.js'
import { withoutUnhandled } from '../support/under-faults.js'
import { ofAllTypes } from '../types/all-types.js'

/** How long each environment is hurt. */
const SECONDS = Number(process.env['HOT_TEST_SOAK_SECONDS'] ?? inLane(20, 300))
const TIMEOUT = 1_000 * SECONDS + 180_000
const ROUND = 20_000
const BETWEEN_FAULTS = 2_000

const programs: readonly MakeProgram[] = [
  ...ofAllTypes(
    (type): MakeProgram =>
      (environment, seed) =>
        new FaultyPlay(type, environment, seed)
  ),
  environment => new FaultyLock(environment),
  environment => new FaultyQueue(environment),
  environment => new FaultyConsumers(environment)
]

describe.each([
  { name: 'one server', start: durableServer },
  { name: 'a cluster of three masters and three replicas', start: durableCluster }
])('on $name', ({ start }) => {
  test(
    `no write that was answered is lost or applied twice by real faults (${SECONDS} s)`,
    async () => {
      const servers = await start()
      const failures: string[] = []
      const done: Record<string, number> = {}
      try {
        await withoutUnhandled(async () => {
          const end = performance.now() + 1_000 * SECONDS
          for (let seed = 1; performance.now() < end; seed++) {
            failures.push(...(await new Round(servers, seed, done).play()))
          }
        })
      } finally {
        await servers.stop()
      }
      process.stdout.write(`what was done: ${JSON.stringify(done)}\n`)
      assert.equal(failures.length, 0, failures.join('\n\n'))
    },
    TIMEOUT
  )
})

/** Programs that run while their servers are hurt, over and over; when that is over, all of them are checked. */
class Round implements FaultyEnvironment {
  readonly random: Random
  readonly #faults: Random
  readonly #keys: string[] = []
  readonly #hots: Hot[] = []
  readonly #closers: (() => Promise<unknown>)[] = []
  readonly #failures: string[] = []
  readonly #log: string[] = []
  readonly #start = performance.now()

  constructor(
    private readonly servers: FaultyServers,
    private readonly seed: number,
    /** Counts what was done. */
    private readonly done: Record<string, number>
  ) {
    this.random = new Random(seed)
    this.#faults = new Random(seed)
  }

  createHot(onError?: (error: unknown) => void): Hot {
    const { options, close } = this.servers.connect()
    const hot = createHot({ ...options, ...TIMEOUTS, onError })
    this.#hots.push(hot)
    this.#closers.push(close)
    return hot
  }

  newKey(name: string): string {
    const key = freshKey(name)
    this.#keys.push(key)
    return key
  }

  async pause(): Promise<void> {
    await sleep(this.random.upTo(600))
  }

  /** Returns what went wrong. */
  async play(): Promise<string[]> {
    const before = heldByProcess()
    const made: FaultyProgram[] = []
    const hurting = this.#hurt()
    let over = false
    const running = programs.map(async make => {
      while (!over) {
        const program = make(this, this.random.upTo(2 ** 31))
        if (await this.#succeeds(program.run())) made.push(program)
        count(this.done, 'programs')
      }
    })
    await hurting
    over = true
    await Promise.all(running)
    await this.servers.settled()
    await Promise.all(made.map(program => this.#succeeds(program.check())))
    await Promise.all(this.#hots.map(hot => this.#succeeds(inTime('close()', hot.close()))))
    await Promise.all(this.#closers.map(close => close()))
    await this.#succeeds(this.#leavesNothing(before))
    const log = this.#log.join('\n')
    return this.#failures.map(failure => `seed ${this.seed}: ${failure}\n${log}`)
  }

  async #hurt(): Promise<void> {
    const faults = Object.entries(this.servers.faults)
    while (performance.now() - this.#start < ROUND) {
      await sleep(BETWEEN_FAULTS)
      await this.servers.settled()
      const [name, inflict] = faults[this.#faults.upTo(faults.length - 1)]!
      this.#note(name)
      count(this.done, name)
      await this.#succeeds(inflict(this.#faults, this.#keys))
      this.#note(`${name}: over`)
    }
  }

  #note(what: string): void {
    this.#log.push(`${Math.round(performance.now() - this.#start)} ms: ${what}`)
  }

  async #succeeds(promise: Promise<unknown>): Promise<boolean> {
    try {
      await promise
      return true
    } catch (error) {
      const at = Math.round(performance.now() - this.#start)
      this.#failures.push(`at ${at} ms: ${(error as Error).stack}`)
      return false
    }
  }

  /** No connection is left on the servers, and no more sockets, timers and listeners in this process than before. */
  async #leavesNothing(before: Record<string, number>): Promise<void> {
    // A server keeps its own connection for MIGRATE for ten seconds.
    for (const node of this.servers.nodes) await noneOf(() => connectionsTo(node), 15_000)
    await noneOf(() => {
      const more = Object.entries(heldByProcess()).filter(([name, number]) => number > (before[name] ?? 0))
      return more.map(([name, number]) => `${number} ${name}, ${before[name] ?? 0} before`)
    })
  }
}

/** Waits until there is nothing left of something; fails with what there is. */
async function noneOf(list: () => string[] | Promise<string[]>, timeout?: number): Promise<void> {
  let left: string[] = []
  const isNone = async (): Promise<boolean> => (left = await list()).length === 0
  await until('nothing is left', isNone, timeout).catch((error: unknown) => {
    throw new Error(`left open:\n${left.join('\n')}`, { cause: error })
  })
}

/** Connections of clients to a server, but for the one that asks. */
async function connectionsTo(node: Server): Promise<string[]> {
  const lists = await Promise.all(['normal', 'pubsub'].map(type => ask(node, 'CLIENT', 'LIST', 'TYPE', type)))
  return lists.flatMap(list => list.split('\n')).filter(line => line !== '' && !line.includes(' cmd=client'))
}

/** How many of what keeps a process alive or is told of its events there are. */
function heldByProcess(): Record<string, number> {
  const held: Record<string, number> = {}
  const resources = process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap' || name === 'Timeout')
  for (const name of resources) count(held, name)
  for (const event of process.eventNames()) held[`listeners of ${String(event)}`] = process.listenerCount(event)
  return held
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
