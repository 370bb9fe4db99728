// Processes of their own for what takes two: each does what it is asked over IPC, one thing at a time, and answers. Their
// files are run as the benchmarks themselves are (tsx, hot-redis from dist).

import { fork, type ChildProcess, type Serializable } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

interface Asked {
  readonly task: string
  readonly args: readonly Serializable[]
}

interface Answer {
  readonly result?: Serializable
  readonly error?: string
}

export class BenchmarkWorker {
  readonly #ended: Promise<never>

  private constructor(private readonly child: ChildProcess) {
    this.#ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${child.spawnargs.join(' ')} has ended (${String(code ?? signal)})`)
    })
    this.#ended.catch(() => undefined)
  }

  /** Starts `benchmarks/workers/<file>`; resolves when it is ready for tasks. */
  static async start(file: string, ...args: readonly string[]): Promise<BenchmarkWorker> {
    const child = fork(join(import.meta.dirname, '..', 'workers', file), args, {
      execArgv: [...process.execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
    const worker = new BenchmarkWorker(child)
    await worker.#answer()
    return worker
  }

  /** Has it do a task; resolves with the result. */
  async ask<T>(task: string, ...args: readonly Serializable[]): Promise<T> {
    this.child.send({ task, args })
    return (await this.#answer()) as T
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.disconnect()
      await once(this.child, 'exit')
    }
  }

  async #answer(): Promise<Serializable | undefined> {
    const [{ result, error }] = (await Promise.race([once(this.child, 'message'), this.#ended])) as [Answer]
    if (error !== undefined) throw new Error(error)
    return result
  }
}

/** Runs `main` with workers, which are stopped whatever happens. */
export async function withWorkers<T>(
  starts: readonly (() => Promise<BenchmarkWorker>)[],
  main: (...workers: BenchmarkWorker[]) => Promise<T>
): Promise<T> {
  const workers = await Promise.all(starts.map(start => start()))
  try {
    return await main(...workers)
  } finally {
    await Promise.all(workers.map(worker => worker.stop()))
  }
}

type Tasks = Readonly<Record<string, (...args: never[]) => Promise<unknown> | undefined>>

/** On the worker's side: answers what it is asked until its parent has gone. */
export function serve(tasks: Tasks): void {
  const answer = (message: Answer): void => void process.send?.(message)
  process.on('message', ({ task, args }: Asked) => {
    Promise.resolve(tasks[task]?.(...(args as never[]))).then(
      result => answer({ result: result as Serializable }),
      (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    )
  })
  process.on('disconnect', () => process.exit())
  answer({})
}
