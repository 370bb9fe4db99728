/** How many times as much is done as in `npm test`: `npm run soak` sets it. */
const factor = Number(process.env['HOT_TEST_RUNS'] ?? 1)

/**
 * A count that a test may have as high as time allows: runs of an oracle, items of a large list, increments by many
 * processes. Said for `npm test`; in `npm run soak` it is that many times as high.
 */
export const scaled = (count: number): number => Math.max(1, Math.ceil(count * factor))

/** One count for `npm test`, another for `npm run soak`. */
export const inLane = (test: number, soak: number): number => (factor > 1 ? soak : test)
