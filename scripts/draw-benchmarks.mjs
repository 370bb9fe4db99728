// Draws docs/benchmarks/results.json: one SVG for each table, and README.md around them.

import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {{ row: string, side: string, value: number, low?: number, high?: number }} Figure
 * @typedef {{ title: string, baseline?: string, unit?: string, figures: Figure[] }} Table
 * @typedef {{ date: string, machine: string, versions: Record<string, string>, tables: Table[] }} Group
 */

const WIDTH = 760
const NAMES = 230
const BAR = 14
const GAP = 4
const PLOT = WIDTH - NAMES - 90

const names = /** @type {Record<string, string>} */ ({
  single: 'One call after another',
  together: 'Calls made together',
  calls: 'Beside the bare command',
  transactions: 'Transactions',
  'in-place': 'Lists changed in place',
  queues: 'Queues',
  locks: 'Locks',
  footprint: 'Import, memory and size'
})

/** Draws all tables of docs/benchmarks/results.json below `root`. */
export function drawBenchmarks(/** @type {string} */ root) {
  const folder = join(root, 'docs', 'benchmarks')
  const groups = /** @type {Record<string, Group>} */ (JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')))
  for (const file of readdirSync(folder)) if (file.endsWith('.svg')) rmSync(join(folder, file))
  const overview = overviewOf(groups)
  if (overview) writeFileSync(join(folder, 'overview.svg'), plot(overview))
  const parts = Object.keys(names)
    .filter(name => groups[name])
    .map(name => part(folder, name, /** @type {Group} */ (groups[name])))
  writeFileSync(join(folder, 'README.md'), page(parts, Object.values(groups)))
}

const shown = ['hot-redis', 'node-redis 4', 'node-redis 6', 'ioredis', 'ioredis autopipelining', 'GLIDE']

/** The plot of the project's README. @param {Record<string, Group>} groups @returns {Table | undefined} */
function overviewOf(groups) {
  const table = groups.together?.tables.find(({ title }) => title.startsWith('1,000 calls'))
  const rows = ['reads of a dict', 'assignments', 'pushes']
  return (
    table && { ...table, figures: table.figures.filter(({ row, side }) => rows.includes(row) && shown.includes(side)) }
  )
}

/** @param {string} folder @param {string} name @param {Group} group */
function part(folder, name, { date, machine, tables }) {
  const plots = tables.map((table, index) => {
    const file = `${name}-${index + 1}.svg`
    writeFileSync(join(folder, file), plot(table))
    return `![${table.title}](${file})`
  })
  return `## ${names[name]}\n\n\`npm run bench ${name}\`, ${date}, ${machine}.\n\n${plots.join('\n\n')}\n${behind(tables)}`
}

/** What is slower than what it is compared with. @param {Table[]} tables */
function behind(tables) {
  const rows = tables.flatMap(({ title, baseline, figures }) =>
    baseline === undefined
      ? []
      : figures
          .filter(({ side, value }) => side === 'hot-redis' && value < 0.95)
          .map(({ row, value }) => `- ${title}: ${row}, ${value.toFixed(2)}× the speed of ${baseline}`)
  )
  return rows.length === 0 ? '' : `\nBehind:\n\n${rows.join('\n')}\n`
}

/** @param {string[]} parts @param {Group[]} groups */
function page(parts, groups) {
  const versions = Object.assign({}, ...groups.map(group => group.versions))
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `# Benchmarks

Each plot is drawn by \`npm run bench\` from [results.json](results.json). Sides take turns in one run on one server, round by
round, after a warm-up; a figure is the median over at least nine rounds of the ratio within a round, so what slows the machine
for a while slows both. Longer bars are faster, except where a plot shows a time or a size. The axis of speeds is logarithmic,
and its line is the side that all are compared with.

"One command by hand" is the limit: a program that knows all calls beforehand and writes them as one command. \`redis-benchmark
-P\` sends the same commands in a pipeline, in C, and reads no reply.

Versions: ${list.join(', ')}.

${parts.join('\n')}`
}

/** @param {Table} table */
function plot({ title, baseline, unit, figures }) {
  const rows = [...new Set(figures.map(figure => figure.row))]
  const scale = baseline === undefined ? linear(figures) : logarithmic(figures)
  /** @type {string[]} */
  const parts = []
  let y = 40
  for (const row of rows) {
    const bars = figures.filter(figure => figure.row === row)
    const single = bars.length === 1
    if (!single) {
      parts.push(text(8, y + 11, row, 'row'))
      y += BAR + GAP
    }
    for (const { side, value } of bars) {
      const [from, to] = [Math.min(scale.zero, scale.at(value)), Math.max(scale.zero, scale.at(value))]
      const kind = side === 'hot-redis' ? 'ours' : side.includes('hand') || side.includes('-P') ? 'limit' : 'other'
      parts.push(text(NAMES - 8, y + 11, single ? row : side, 'side'))
      parts.push(
        `<rect class="${kind}" x="${round(from)}" y="${y}" width="${round(Math.max(1, to - from))}" height="${BAR}"/>`
      )
      parts.push(
        text(to + 6, y + 11, baseline === undefined ? `${short(value)} ${unit ?? ''}` : `${short(value)}×`, 'value')
      )
      y += BAR + GAP
    }
    y += single ? 2 : 8
  }
  const line = `<line x1="${round(scale.zero)}" y1="34" x2="${round(scale.zero)}" y2="${y}"/>`
  const heading = baseline === undefined ? `${title} (${unit ?? ''})` : `${title}: times as fast as ${baseline}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 8}" viewBox="0 0 ${WIDTH} ${y + 8}" role="img">
<title>${escaped(heading)}</title>
<style>${style}</style>
${text(8, 20, heading, 'title')}
${line}
${parts.join('\n')}
</svg>
`
}

const style =
  'text{font:12px sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}.row{font-weight:600}.side{text-anchor:end}' +
  '.ours{fill:#d1242f}.other{fill:#8c959f}.limit{fill:#bf8700}line{stroke:#59636e}' +
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#ff7b72}.other{fill:#6e7681}.limit{fill:#d29922}line{stroke:#9198a1}}'

/** @param {Figure[]} figures */
function logarithmic(figures) {
  const values = figures.map(({ value }) => Math.log(value))
  const [low, high] = [Math.min(0, ...values) - 0.1, Math.max(0, ...values) + 0.1]
  const at = (/** @type {number} */ value) => NAMES + ((Math.log(value) - low) / (high - low)) * PLOT
  return { at, zero: at(1) }
}

/** @param {Figure[]} figures */
function linear(figures) {
  const most = Math.max(...figures.map(({ value }) => value))
  return { at: (/** @type {number} */ value) => NAMES + (value / most) * PLOT, zero: NAMES }
}

/** @param {number} x @param {number} y @param {string} content @param {string} kind */
function text(x, y, content, kind) {
  return `<text class="${kind}" x="${round(x)}" y="${y}">${escaped(content)}</text>`
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** @param {number} value */
function short(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(value >= 10 ? 3 : 2)
}

/** @param {number} value */
function round(value) {
  return Number(value.toFixed(1))
}
