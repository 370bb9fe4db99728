import { expect, test } from '@jest/globals'
import { SlotMigration, type MigrationHost } from '../../src/connection/slot-migration.js'
import { command } from '../../src/core/command.js'
import { ConnectionError } from '../../src/core/errors.js'
import { Key, slotOf } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'
import { until } from '../support/promises.js'

const REFUSED = new Error('ASK 7629 new:2')

/** A host that keeps what is sent to it, and never says that it is back. */
function hostOf(sent: Call[], connectTimeout = 1_000): MigrationHost {
  return {
    timeouts: { connectTimeout, responseTimeout: 1_000, fusion: true },
    closed: false,
    masterOf: () => 'old:1',
    submitTo: (address, call) => {
      expect(address).toBe('new:2')
      sent.push(call)
      return true
    },
    isInFlight: () => false,
    refreshSlot: () => Promise.resolve(),
    migrated: () => undefined
  }
}

function callOn(key: string, more: Partial<Call> = {}): Call {
  return {
    requests: [command('HSET', new Key(key), 'a', '1')],
    resend: true,
    losses: 0,
    replied: () => undefined,
    failed: () => undefined,
    ...more
  }
}

test('a call behind an ASKING keeps what it is: whether it was given up, and whether its reply matters', async () => {
  const sent: Call[] = []
  const givenUp = new Error('given up')
  const call = callOn('k', { resend: false, ignoresReply: true, givenUp: () => givenUp })
  new SlotMigration(slotOf('k'), hostOf(sent)).returned(call, REFUSED)
  await until('it is sent', () => sent.length === 1)
  const [again] = sent as [Call]
  expect(again).toMatchObject({ asking: true, ignoresReply: true, resend: false })
  expect(again.givenUp?.()).toBe(givenUp)
})

test('a connection lost behind an ASKING counts for the call: what it was refused for later is not all there is to know', async () => {
  const sent: Call[] = []
  const call = callOn('k', { losses: 1 })
  new SlotMigration(slotOf('k'), hostOf(sent)).returned(call, REFUSED)
  await until('it is sent', () => sent.length === 1)
  const [again] = sent as [Call]
  expect(again.losses).toBe(1)
  again.losses++
  expect(call.losses).toBe(2)
})

test.each([
  [0, 'not-sent'],
  [1, 'unknown']
])('a call given up because no node can be reached, after %d lost connections, is %s', async (losses, outcome) => {
  let failure: unknown
  const call = callOn('k', { losses, failed: error => (failure = error) })
  const unreachable = new ConnectionError("can't connect", { outcome: 'not-sent' })
  new SlotMigration(slotOf('k'), hostOf([], -1)).returned(call, unreachable)
  await until('it has failed', () => failure !== undefined)
  expect(failure).toMatchObject({ name: 'ConnectionError', outcome })
})

test('a call made because another has been given up is sent', async () => {
  const sent: Call[] = []
  const migration = new SlotMigration(slotOf('k'), { ...hostOf(sent, -1), submitTo: (_, call) => sent.push(call) > 0 })
  const next = callOn('k')
  const unreachable = new ConnectionError("can't connect", { outcome: 'not-sent' })
  migration.returned(callOn('k', { failed: () => migration.submit(next) }), unreachable)
  await until('it is sent', () => sent.length === 1)
  expect(sent).toEqual([next])
})
