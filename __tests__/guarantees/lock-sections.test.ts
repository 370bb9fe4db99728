import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { guardedResource, judge, type GuardedResource } from '../support/guarded-resource.js'
import { spawnWorker, type Worker } from '../support/processes.js'
import { until } from '../support/promises.js'
import { scaled } from '../support/runs.js'

const PROCESSES = 8
/** How often each of the incidents happens. */
const TIMES = scaled(2)
const SECTIONS = 200 * TIMES
const LEASE = 500

const key = freshKey('lock')
const hot = createHot({ url: process.env['HOT_TEST_URL']! })
let resource: GuardedResource

beforeAll(async () => {
  resource = await guardedResource(`${key}:guarded`)
})
afterAll(async () => {
  await hot.close()
  await resource.close()
})

/** A process that has sections to go through, or the one that took its place when it was killed. */
class Contender {
  finished: number | undefined
  #worker: Worker

  constructor(readonly slot: number) {
    this.#worker = this.#spawn()
  }

  async start(): Promise<void> {
    expect(await this.#worker.next()).toBe('ready')
    this.#worker.send('go')
  }

  /** Has it stay inside of its next section; the token it is there with, or undefined when it has none left. */
  async stayInside(): Promise<number | undefined> {
    this.#worker.send('stay')
    const { inside, finished } = await this.#worker.next<{ inside?: number; finished?: number }>()
    this.finished = finished
    return inside
  }

  goOn(): void {
    this.#worker.send('go on')
  }

  async killAndReplace(): Promise<void> {
    this.#worker.kill()
    await this.#worker.done
    this.#worker = this.#spawn()
    await this.start()
  }

  /** Stops it while `meanwhile` is done. */
  async stopWhile(meanwhile: () => Promise<unknown>): Promise<void> {
    this.#worker.kill('SIGSTOP')
    try {
      await meanwhile()
    } finally {
      this.#worker.kill('SIGCONT')
    }
  }

  async end(): Promise<number | undefined> {
    this.finished ??= (await this.#worker.next<{ finished: number }>()).finished
    expect(await this.#worker.done).toBe(0)
    return this.finished
  }

  #spawn(): Worker {
    return spawnWorker('critical-sections.ts', [key, String(this.slot), String(SECTIONS), String(LEASE)])
  }
}

/** What can happen to a process. */
const incidents: Readonly<Record<string, (contender: Contender) => Promise<unknown>>> = {
  'is killed wherever it is': contender => contender.killAndReplace(),

  'is stopped wherever it is, for longer than its lease': contender =>
    contender.stopWhile(() => sleep(LEASE * (1.2 + Math.random()))),

  'is killed while it holds the lock': async contender => {
    if ((await contender.stayInside()) !== undefined) await contender.killAndReplace()
  },

  'is stopped while it holds the lock, until another one has got it': async contender => {
    const token = await contender.stayInside()
    if (token === undefined) return
    await contender.stopWhile(() => {
      contender.goOn()
      return until('another process is inside', async () => (await resource.highestToken()) > token)
    })
  },

  'holds the lock for several leases': async contender => {
    if ((await contender.stayInside()) === undefined) return
    await sleep(LEASE * 3)
    contender.goOn()
  }
}

test(`${PROCESSES} processes go through ${SECTIONS} critical sections each, one at a time, while some are killed and some are stopped`, async () => {
  const contenders = Array.from({ length: PROCESSES }, (_, slot) => new Contender(slot))
  await Promise.all(contenders.map(contender => contender.start()))

  const planned = Object.keys(incidents).flatMap(name => Array<string>(TIMES).fill(name))
  for (const name of planned.sort(() => Math.random() - 0.5)) {
    const left = contenders.filter(({ finished }) => finished === undefined)
    const victim = left[Math.floor(Math.random() * left.length)]
    if (!victim) break
    await incidents[name]!(victim)
  }

  const finished = await Promise.all(contenders.map(contender => contender.end()))
  expect(finished).toEqual(contenders.map(() => SECTIONS))
  expect(await hot.lock(key).available()).toBe(1)

  const verdict = judge(await resource.ledger())
  expect(verdict.overlapping).toEqual([])
  expect(verdict.lostWithoutCause).toBe(0)
  expect(verdict.kept).toBeGreaterThan(PROCESSES * SECTIONS * 0.9)
  // Only of the killed the end is not known.
  expect(verdict.unfinished).toBeLessThanOrEqual(2 * TIMES)
  // There were stale holders, and they were refused.
  expect(verdict.refused).toBeGreaterThanOrEqual(TIMES)
})
