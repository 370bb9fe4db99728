import { expect } from '@jest/globals'
import { spawnWorker } from './processes.js'

/**
 * Starts processes that change what is at one key (`__tests__/workers/changing.ts`), lets them go at the same moment, and
 * gives what each of them tells.
 */
export async function changeTogether<T>(job: string, key: string, processes: number, times: number): Promise<T[]> {
  const url = process.env['HOT_TEST_URL'] ?? ''
  const workers = Array.from({ length: processes }, (_, number) =>
    spawnWorker('changing.ts', [job, url, key, String(number), String(times)])
  )
  await Promise.all(workers.map(worker => worker.next()))
  for (const worker of workers) worker.send('go')
  const told = await Promise.all(workers.map(worker => worker.next<T>()))
  expect(await Promise.all(workers.map(worker => worker.done))).toEqual(workers.map(() => 0))
  return told
}
