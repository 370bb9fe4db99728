import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Topology } from '../../src/connection/topology.js'
import { ConnectionError } from '../../src/core/errors.js'
import type { ScriptRequest, Write } from '../../src/core/command.js'
import type { Submit } from '../../src/waiting/pending-wait.js'
import { WaitRegistry } from '../../src/waiting/wait-registry.js'
import { failureOf, until } from '../support/promises.js'
import { waitForJob } from '../support/wait-spec.js'

const lost = new ConnectionError('lost', { key: 'jobs', outcome: 'unknown' })
const unreachable = new ConnectionError('unreachable', { key: 'jobs', outcome: 'not-sent' })

interface Sent {
  readonly mode: string | undefined
  readonly succeed: () => void
  readonly fail: (error: unknown) => void
}

let sent: Sent[]
let registry: WaitRegistry

const submit: Submit = (command, resolve, reject) => {
  const { requests } = command as Write<unknown>
  sent.push({ mode: (requests[0] as ScriptRequest).args[0], succeed: () => resolve([0] as never), fail: reject })
}
const refusals = () => sent.filter(({ mode }) => mode === 'refuse')

beforeEach(() => {
  sent = []
  const topology = { isCluster: false, nodeOf: () => undefined } as Partial<Topology> as Topology
  registry = new WaitRegistry(submit, topology, { connectTimeout: 1_000, responseTimeout: 1_000, fusion: true })
})
afterEach(() => registry.drop())

/** A wait whose call is lost. */
async function failedWait(): Promise<void> {
  const failure = failureOf(registry.wait(waitForJob, {}))
  sent.at(-1)?.fail(lost)
  expect(await failure).toBe(lost)
}

test('what a failed wait was given is refused until Redis has executed that', async () => {
  await failedWait()
  for (let times = 1; times <= 3; times++) {
    await until('the refusal is sent', () => refusals().length === times)
    if (times < 3) refusals().at(-1)?.fail(unreachable)
    else refusals().at(-1)?.succeed()
  }
  await sleep(600)
  expect(refusals()).toHaveLength(3)
})

test('a refusal is not sent again while it is on its way', async () => {
  await failedWait()
  await failedWait()
  const [, second] = refusals()
  second?.fail(unreachable)
  await until('the other one is sent again', () => refusals().length > 2)
  expect(refusals()).toHaveLength(3)
})

test('close() refuses a last time what is not refused yet, and ends that', async () => {
  await failedWait()
  refusals().at(-1)?.fail(unreachable)
  await registry.close()
  expect(refusals()).toHaveLength(2)
  refusals().at(-1)?.fail(unreachable)
  await sleep(600)
  expect(refusals()).toHaveLength(2)
})
