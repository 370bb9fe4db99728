import { expect, test } from '@jest/globals'
import { SlotMigration, type MigrationHost } from '../../src/connection/slot-migration.js'
import { command } from '../../src/core/command.js'
import { Key, slotOf } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'

test('a call behind an ASKING keeps what it is: whether it was given up, and whether its reply matters', async () => {
  const sent: Call[] = []
  const host: MigrationHost = {
    timeouts: { connectTimeout: 1_000, responseTimeout: 1_000, fusion: true },
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
  const givenUp = new Error('given up')
  const call: Call = {
    requests: [command('HSET', new Key('k'), 'a', '1')],
    resend: false,
    ignoresReply: true,
    losses: 0,
    givenUp: () => givenUp,
    replied: () => undefined,
    failed: () => undefined
  }
  new SlotMigration(slotOf('k'), host).returned(call, new Error('ASK 7629 new:2'))
  await new Promise(resolve => setTimeout(resolve, 20))
  const [again] = sent as [Call]
  expect(again).toMatchObject({ asking: true, ignoresReply: true, resend: false })
  expect(again.givenUp?.()).toBe(givenUp)
})
