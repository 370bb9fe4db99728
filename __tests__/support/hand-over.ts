import { handOver } from '../../src/waiting/hand-over.js'

const VARIABLE = 'HOT_TEST_HAND_OVER'

// A process that a test starts has it from there.
const inherited = process.env[VARIABLE]
if (inherited !== undefined) handOver.lease = Number(inherited)

/** How long what is handed over is leased unless its receiver confirms it. */
export const handOverLease = (): number => handOver.lease

/**
 * Shortens that, here and in processes started meanwhile (whose worker file imports this one), so that tests need not wait
 * two seconds for what a receiver that stands still was handed. Returns what sets it back.
 */
export function shortenHandOvers(lease = 500): () => void {
  const before = handOver.lease
  handOver.lease = lease
  process.env[VARIABLE] = String(lease)
  return () => {
    handOver.lease = before
    delete process.env[VARIABLE]
  }
}
