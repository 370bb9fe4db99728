// Runs random transactions, and tells what each call of each of them gave.

import { createCluster } from 'redis'
import { createHot } from '../../src/index.js'
import {
  behaviours,
  handlesOf,
  WORLDS,
  type Answer,
  type Call,
  type CallName,
  type Done,
  type Group
} from '../support/replay.js'

const [tag, count, backend] = process.argv.slice(2) as [string, string, string]
const rootNodes = (process.env['HOT_TEST_CLUSTER'] ?? '').split(',').map(url => ({ url }))
const client = backend === 'cluster' ? createCluster({ rootNodes }).on('error', () => undefined) : undefined
const hot = client ? createHot({ client }) : createHot({ url: process.env['HOT_TEST_URL'] })
const worlds = Array.from({ length: WORLDS }, (_, world) => handlesOf(hot, `${tag}:${world}`))
let handles = worlds[0]!
const ledger = hot.list<string>(`${tag}:ledger`)
const names = Object.keys(behaviours) as CallName[]
const random = (below: number): number => Math.floor(Math.random() * below)
const someCalls = (): Call[] => Array.from({ length: 1 + random(4) }, () => [names[random(names.length)]!, random(7)])

async function answerOf(promise: Promise<unknown>): Promise<Answer> {
  try {
    return { value: await promise }
  } catch (error) {
    const { name } = error as Error
    if (name !== 'QueueEmptyError') throw error
    return { error: name }
  }
}

/** Makes the calls, awaited or all at once. */
async function make(calls: readonly Call[], atOnce: boolean, dropped: boolean, groups: Group[]): Promise<void> {
  const group: Group = { calls, answers: [], dropped }
  groups.push(group)
  const start = ([name, argument]: Call): Promise<Answer> => answerOf(behaviours[name].call(handles, argument))
  if (atOnce) group.answers.push(...(await Promise.all(calls.map(start))))
  else for (const call of calls) group.answers.push(await start(call))
}

class Dropped extends Error {}

const manners = ['awaited', 'at once', 'nested', 'nested and dropped', 'or else', 'write only'] as const

async function act(manner: (typeof manners)[number], calls: readonly Call[], groups: Group[]): Promise<void> {
  const atOnce = random(2) === 0
  if (manner === 'nested') return hot.transaction(() => make(calls, atOnce, false, groups))
  if (manner === 'nested and dropped') {
    const nested = hot.transaction(async () => {
      await make(calls, atOnce, true, groups)
      throw new Dropped()
    })
    return nested.catch((error: unknown) => {
      if (!(error instanceof Dropped)) throw error
    })
  }
  if (manner !== 'or else') return make(calls, atOnce, false, groups)
  const branches = [
    async () => {
      await make(calls, atOnce, true, groups)
      hot.retry()
    },
    () => make(someCalls(), atOnce, false, groups)
  ]
  return hot.orElse(...branches)
}

async function transaction(id: string): Promise<Done> {
  const world = random(WORLDS)
  handles = worlds[world]!
  const plan = Array.from({ length: 1 + random(3) }, () => ({ manner: manners[random(6)]!, calls: someCalls() }))
  let groups: Group[] = []
  const run = async () => {
    groups = []
    void ledger.push(id)
    for (const { manner, calls } of plan) if (manner !== 'write only') await act(manner, calls, groups)
  }
  const failed = await hot.transaction(run, { retries: 1_000 }).then(() => undefined, String)
  return { world, groups, failed }
}

process.once('message', () => {
  void (async () => {
    const done: Record<string, Done> = {}
    for (let at = 0; at < Number(count); at++) {
      const id = `${process.pid}-${at}`
      done[id] = await transaction(id)
    }
    await hot.close().catch(() => undefined)
    process.send?.(done, () => process.exit(0))
  })()
})
process.send?.('ready')
