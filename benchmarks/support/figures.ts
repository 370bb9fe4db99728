/** What one side's figures are beside the other's. */
interface Comparison {
  readonly name: string
  /** The median over all rounds. */
  readonly ours: number
  readonly theirs: number
  readonly ratio: number
  /** The quartiles of the rounds' ratios. */
  readonly low: number
  readonly high: number
}

export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)] ?? NaN
  const above = sorted[Math.ceil(place)] ?? NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Compares figures taken in rounds: the same place in both is the same round. The ratio is the median of the rounds'. */
export function compare(name: string, ours: readonly number[], theirs: readonly number[]): Comparison {
  const ratios = ours.map((figure, round) => figure / (theirs[round] ?? NaN))
  return {
    name,
    ours: median(ours),
    theirs: median(theirs),
    ratio: median(ratios),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75)
  }
}

/** The figures of rounds in which each has its turn, every other one in the opposite order, after two to warm up. */
export async function inTurns(rounds: number, works: readonly (() => Promise<number>)[]): Promise<number[][]> {
  const figures = works.map((): number[] => [])
  for (let round = -2; round < rounds; round++) {
    const order = round % 2 === 0 ? [...works.keys()] : [...works.keys()].reverse()
    for (const index of order) {
      const figure = await works[index]!()
      if (round >= 0) figures[index]!.push(figure)
    }
  }
  return figures
}

/** Prints rows under their heads, the first column to the left and all others to the right. */
export function printTable(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  console.log(`\n${title}`)
  for (const row of all) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
    )
    console.log(cells.join('   '))
  }
}

export function microseconds(value: number): string {
  return value < 10_000 ? `${value.toFixed(1)} µs` : `${(value / 1000).toFixed(1)} ms`
}

export const between = (low: number, high: number): string => `${low.toFixed(2)} to ${high.toFixed(2)}`
