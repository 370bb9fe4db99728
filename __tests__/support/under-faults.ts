import assert from 'node:assert/strict'
import type { ClientProvider } from '../../src/clients/port.js'
import { FaultyConnections } from './faulty-client.js'
import type { MakeProgram } from './faulty-program.js'

/** Sequences mostly wait for connections. */
const AT_A_TIME = 20

/** The seeds to play; HOT_TEST_SEED repeats one that failed. */
function chosenSeeds(count: number): number[] {
  const chosen = process.env['HOT_TEST_SEED']
  return chosen === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(chosen)]
}

/**
 * Runs a program for as many seeds, on connections that fail as the seed has it, and checks what came of it. Fails with the
 * seed that it failed for, and when a connection is left open.
 */
export async function underFaults(count: number, provider: () => ClientProvider, make: MakeProgram): Promise<void> {
  const seeds = chosenSeeds(count)
  // One client for all Hots: thousands of clients of a cluster, each with its connections, slow everything down.
  const shared = provider()
  const runNext = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      await runOne(seed, shared, make).catch((error: unknown) => {
        throw new Error(`HOT_TEST_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      })
    }
  }
  await withoutUnhandled(() => Promise.all(Array.from({ length: AT_A_TIME }, runNext)))
}

async function runOne(seed: number, provider: ClientProvider, make: MakeProgram): Promise<void> {
  const environment = new FaultyConnections(provider, seed)
  const program = make(environment, seed)
  await program.run()
  environment.end()
  await program.check()
  assert.equal(environment.open, 0, 'connections were left open')
}

/** Fails when a rejection is left unhandled meanwhile. */
export async function withoutUnhandled(run: () => Promise<unknown>): Promise<void> {
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  try {
    await run()
    assert.deepStrictEqual(unhandled, [], 'rejections were left unhandled')
  } finally {
    process.off('unhandledRejection', onUnhandled)
  }
}
