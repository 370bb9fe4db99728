// Two ways of doing the same, measured side by side on one server: in alternating rounds (A B B A …), so that what slows
// the machine for a while slows both. Only the ratio is worth anything; the absolute times are this machine's.

import { stopAll, startServer, type Server } from '../../__tests__/support/servers.js'
import { between, microseconds, printTable, quantile } from './figures.js'
import { record } from './results.js'

/** One call, or one batch of them, done `times` times over. */
type Work = (times: number) => Promise<void>

export interface Pair {
  readonly name: string
  /** How many times in one round. */
  readonly times: number
  readonly rounds?: number
  readonly hot: Work
  readonly raw: Work
}

export interface Measurement {
  readonly name: string
  /** Microseconds for one time, the median over all rounds. */
  readonly hot: number
  readonly raw: number
  /** hot / raw: the median over the rounds, and the quartiles. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** Many short rounds: both sides of one see the same moment of a busy machine. */
const ROUNDS = 40

export async function measure({ name, times, rounds = ROUNDS, hot, raw }: Pair): Promise<Measurement> {
  for (let round = 0; round < rounds / 10; round++) for (const work of [raw, hot, hot, raw]) await work(times)
  const rawTimes: number[] = []
  const hotTimes: number[] = []
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['raw', 'hot', 'hot', 'raw'] as const) : (['hot', 'raw', 'raw', 'hot'] as const)
    const spent = { raw: 0, hot: 0 }
    for (const side of order) spent[side] += await timeOf(side === 'raw' ? raw : hot, times)
    rawTimes.push(spent.raw / 2)
    hotTimes.push(spent.hot / 2)
  }
  const ratios = hotTimes.map((time, round) => time / (rawTimes[round] ?? NaN))
  return {
    name,
    hot: quantile(hotTimes, 0.5),
    raw: quantile(rawTimes, 0.5),
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75)
  }
}

/** Microseconds for one time. */
async function timeOf(work: Work, times: number): Promise<number> {
  const start = performance.now()
  await work(times)
  return ((performance.now() - start) * 1000) / times
}

/** Work that awaits one call after the other. */
export function oneByOne(call: () => Promise<unknown>): Work {
  return async times => {
    for (let done = 0; done < times; done++) await call()
  }
}

/** `other` names what hot-redis is measured beside. */
export function print(title: string, measurements: readonly Measurement[], other = 'raw'): void {
  printTable(
    title,
    ['', 'hot-redis', other, 'ratio', 'middle half'],
    measurements.map(({ name, hot, raw, ratio, low, high }) => [
      name,
      microseconds(hot),
      microseconds(raw),
      ratio.toFixed(2),
      between(low, high)
    ])
  )
  record({
    title,
    baseline: other,
    figures: measurements.map(({ name, hot, ratio, low, high }) => ({
      row: name,
      side: 'hot-redis',
      value: 1 / ratio,
      low: 1 / high,
      high: 1 / low,
      time: hot
    }))
  })
}

/** Runs `main` against a server of its own, which is stopped whatever happens. */
export async function withServer(main: (server: Server) => Promise<void>): Promise<void> {
  const server = await startServer()
  try {
    await main(server)
  } finally {
    await stopAll([server])
  }
}
