// What the library takes: time to import it beyond node-redis, memory of a handle, bytes that a call allocates, size.

import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inTurns, median, printTable } from './support/figures.js'
import { record, type Figure } from './support/results.js'

const root = join(import.meta.dirname, '..')

function node(...args: readonly string[]): number {
  return Number(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim())
}

function worker(what: string): number {
  const memory = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256']
  return node(...memory, '--import', 'tsx', 'benchmarks/workers/footprint.ts', what)
}

/** Milliseconds. */
function importOf(after: string, name: string): Promise<number> {
  const first = after && `await import('${after}');`
  const code = `${first} const start = performance.now(); await import('${name}'); console.log(performance.now() - start)`
  return Promise.resolve(node('--input-type=module', '-e', code))
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

function table(title: string, unit: string, side: string, rows: Readonly<Record<string, number>>): void {
  const figures: Figure[] = Object.entries(rows).map(([row, value]) => ({ row, side, value }))
  printTable(
    `${title} (${unit})`,
    ['', unit],
    Object.entries(rows).map(([row, value]) => [row, value.toFixed(0)])
  )
  record({ title, unit, figures })
}

const [ours, theirs] = await inTurns(9, [() => importOf('redis', './dist/index.js'), () => importOf('', 'redis')])
table('Import', 'ms', 'hot-redis', { 'beyond node-redis': median(ours!), 'node-redis 4 itself': median(theirs!) })

const types = ['list', 'dict', 'set', 'int', 'string', 'queue', 'lock'] as const
table('Memory of a handle', 'bytes', 'hot-redis', Object.fromEntries(types.map(type => [type, worker(type)])))

const kinds = ['reads', 'assignments', 'pushes']
const calls = Object.fromEntries(kinds.map(kind => [kind, worker(`call:${kind}`)]))
table('Allocated by each of 10,000 calls together', 'bytes', 'hot-redis', calls)

const megabytes = (folder: string): number => sizeOf(join(root, folder)) / 1024
table('Size', 'KB', 'installed', {
  'hot-redis (dist)': megabytes('dist'),
  'node-redis 4 (@redis/client)': megabytes('node_modules/@redis/client')
})
