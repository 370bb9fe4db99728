import { afterAll } from '@jest/globals'
import { fork, type Serializable } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * A process of its own that runs a TypeScript file of `__tests__/workers/`; both sides talk in JSON. While it listens
 * for messages it lives on, until it calls `process.disconnect()` or `process.exit()`.
 */
export interface Worker {
  readonly pid: number
  /** The next message it sent (`process.send` on its side); rejects if it ends without sending another. */
  readonly next: <T = unknown>() => Promise<T>
  /** Sends it a message (`process.on('message')` on its side). */
  readonly send: (message: Serializable) => void
  /** Kills it, by default with SIGKILL; SIGSTOP and SIGCONT pause it and let it go on. */
  readonly kill: (signal?: NodeJS.Signals) => void
  /** Resolves when it has ended, with its exit code, or the signal that ended it. */
  readonly done: Promise<number | NodeJS.Signals>
}

const root = join(import.meta.dirname, '../..')
const endWithParent = pathToFileURL(join(import.meta.dirname, 'end-with-parent.mjs')).href
const running = new Set<Worker>()

afterAll(async () => {
  const left = [...running]
  for (const worker of left) worker.kill()
  await Promise.all(left.map(worker => worker.done))
})

/** Starts `__tests__/workers/<file>`; what is still running after the test file is killed. */
export function spawnWorker(file: string, args: readonly string[] = []): Worker {
  const child = fork(join(root, '__tests__', 'workers', file), args, {
    cwd: root,
    // Jest's copy, which knows the servers of this worker.
    env: process.env,
    execArgv: ['--import', endWithParent, '--import', 'tsx', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc']
  })
  const messages: unknown[] = []
  let errorOutput = ''
  child.on('message', message => messages.push(message))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text
    process.stderr.write(text)
  })

  const done = once(child, 'close').then(([code, signal]) => {
    running.delete(worker)
    return (code ?? signal) as number | NodeJS.Signals
  })
  const worker: Worker = {
    pid: child.pid ?? 0,
    async next<T>() {
      for (;;) {
        if (messages.length > 0) return messages.shift() as T
        const ended = await Promise.race([once(child, 'message').then(() => undefined), done])
        if (ended !== undefined && messages.length === 0) {
          throw new Error(`worker ${file} ended (${ended}) without another message\n${errorOutput}`)
        }
      }
    },
    send: message => void child.send(message, () => undefined),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    done
  }
  running.add(worker)
  return worker
}
