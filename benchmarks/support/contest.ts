// The same work done by several sides, each in its turn, round by round: what slows the machine for a while slows them all.

import { inTurns, median, microseconds, printTable, quantile } from './figures.js'
import { record, type Figure } from './results.js'

/** Does the work once, or returns the milliseconds that it would take. */
export type Side = () => Promise<unknown>

export interface Row {
  readonly name: string
  /** How often in a round; 1 unless given. */
  readonly times?: number
  readonly sides: Readonly<Record<string, Side | undefined>>
}

const ROUNDS = 9

/** Measures rows and prints, for each side, how many times as fast as the baseline it is. */
export async function contest(title: string, baseline: string, rows: readonly Row[]): Promise<void> {
  const figures: Figure[] = []
  for (const row of rows) figures.push(...(await measured(row, baseline)))
  printTable(
    `${title} (times as fast as ${baseline})`,
    ['', '', 'time', 'speed', 'middle half'],
    figures.map(({ row, side, value, low = 0, high = 0, time = 0 }) => [
      row,
      side,
      microseconds(time),
      `${value.toFixed(2)}×`,
      `${low.toFixed(2)} to ${high.toFixed(2)}`
    ])
  )
  record({ title, baseline, figures })
}

async function measured({ name, times = 1, sides }: Row, baseline: string): Promise<Figure[]> {
  const taking = Object.entries(sides).filter((entry): entry is [string, Side] => entry[1] !== undefined)
  const rounds = await inTurns(
    ROUNDS,
    taking.map(
      ([, side]) =>
        () =>
          timed(side, times)
    )
  )
  const base = rounds[taking.findIndex(([label]) => label === baseline)] ?? []
  return taking.map(([side], index) => {
    const spent = rounds[index] ?? []
    const speeds = spent.map((time, round) => (base[round] ?? NaN) / time)
    return {
      row: name,
      side,
      value: median(speeds),
      low: quantile(speeds, 0.25),
      high: quantile(speeds, 0.75),
      time: median(spent) * 1000
    }
  })
}

/** Milliseconds for one time. */
async function timed(side: Side, times: number): Promise<number> {
  const start = performance.now()
  for (let done = 0; done < times; done++) {
    const told = await side()
    if (typeof told === 'number') return told
  }
  return (performance.now() - start) / times
}
