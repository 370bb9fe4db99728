// What the benchmarks have measured, kept in docs/benchmarks/results.json: a group is replaced by its next run.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { basename, join } from 'node:path'

/** One bar. */
export interface Figure {
  readonly row: string
  readonly side: string
  /** How many times as fast as the baseline; without a baseline, the figure itself. */
  readonly value: number
  readonly low?: number
  readonly high?: number
  /** Microseconds. */
  readonly time?: number
}

export interface Table {
  readonly title: string
  /** What 1× is. */
  readonly baseline?: string
  /** Of figures without a baseline. */
  readonly unit?: string
  readonly figures: readonly Figure[]
}

interface Group {
  readonly date: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  readonly tables: readonly Table[]
}

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'docs', 'benchmarks')
const file = join(folder, 'results.json')

function results(): Record<string, Group> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Group>) : {}
}

const tables: Table[] = []

/** Adds a table to the group of the benchmark that runs. */
export function record(table: Table): void {
  tables.push(table)
  const group = basename(process.argv[1] ?? '', '.ts')
  const entry: Group = { date: new Date().toISOString().slice(0, 10), machine: machine(), versions: versions(), tables }
  const all = { ...results(), [group]: entry }
  const sorted = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(sorted, rounded, 2)}\n`)
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}

function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB`
}

const packages = ['redis', 'redis-v5', 'redis-v6', 'ioredis', '@valkey/valkey-glide', '@keyv/redis']
const others = ['redis-semaphore', 'redlock', 'bullmq', 'bee-queue']

function versions(): Record<string, string> {
  const installed = [...packages, ...others].map(name => {
    const about = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')
    return [name, (JSON.parse(about) as { version: string }).version]
  })
  return { node: process.version, ...(Object.fromEntries(installed) as Record<string, string>) }
}
