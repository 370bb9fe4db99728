import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly output: string
  readonly errorOutput: string
}

const root = join(import.meta.dirname, '../..')

/**
 * Runs `__tests__/workers/<file>` as a plain script, with nothing that keeps it alive, and waits until it has ended. One
 * that does not end is killed after a minute.
 */
export async function runScript(file: string, ...args: string[]): Promise<Ended> {
  const execArgv = ['--import', 'tsx', '--disable-warning=ExperimentalWarning']
  // Jest's copy of the environment knows the servers of this worker.
  const child = spawn(process.execPath, [...execArgv, join(root, '__tests__', 'workers', file), ...args], {
    cwd: root,
    env: process.env
  })
  let output = ''
  let errorOutput = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  return { code: code ?? signal!, output, errorOutput }
}
