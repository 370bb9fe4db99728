import { createClient } from 'redis'
import { spawnWorker, type Worker } from './processes.js'
import { enqueued, type WaitQueue } from './queues.js'

/** What ends a worker that takes it. */
export const END = 'end'

/** What a process is to do (`__tests__/workers/crew.ts`) at a queue. */
export interface Task {
  readonly job: string
  readonly key: string
  readonly number: number
  readonly args: readonly number[]
}

/** Processes that do one job after another at the queues of a server. */
export class Crew {
  readonly #idle: Worker[] = []

  constructor(private readonly url: string) {}

  /** So many processes that have nothing to do. */
  async hire(count: number): Promise<Worker[]> {
    const idle = this.#idle.splice(0, count)
    const started = Array.from({ length: count - idle.length }, () => spawnWorker('crew.ts', [this.url]))
    await Promise.all(started.map(worker => worker.next()))
    return [...idle, ...started]
  }

  /** What each of these tells when its job is done; it can be hired again. */
  async results<T>(workers: readonly Worker[]): Promise<T[]> {
    const told = await Promise.all(workers.map(worker => worker.next<T>()))
    this.#idle.push(...workers)
    return told
  }
}

/** Gives each of these processes the same job, and a number. */
export function begin(workers: readonly Worker[], job: string, key: string, ...args: number[]): void {
  for (const [number, worker] of workers.entries()) worker.send({ job, key, number, args })
}

export async function kill(...workers: readonly Worker[]): Promise<void> {
  for (const worker of workers) worker.kill()
  await Promise.all(workers.map(worker => worker.done))
}

/** A client of a server, past the library. */
export async function rawClient(url: string) {
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  return client
}

export type RawClient = Awaited<ReturnType<typeof rawClient>>

/** Gives a function that resolves when so many are enqueued at a key. */
export function lines(raw: RawClient) {
  return (count: number, key: string, line: WaitQueue = 'getters') =>
    enqueued((_key, ...args) => raw.sendCommand(args), key, line, count)
}
