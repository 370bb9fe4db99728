// One at a time, of all processes. Run it several times at once: their turns do not overlap.

import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, LockTimeoutError } from 'hot-redis'

await using hot = createHot({ prefix: 'example:' })
const lock = hot.lock('report lock')
const report = hot.dict<{ text: string; token: number }>('report')

// What is guarded refuses who comes too late: a holder that was stopped for longer than its lease, and does not know it yet.
async function save(text: string, token: number): Promise<void> {
  await hot.transaction(async () => {
    if (((await report.token) ?? 0) > token) throw new Error('somebody else has held the lock since')
    await report.update({ text, token })
  })
}

// The permit goes back when the function ends, and to the next holder when this process dies: within 5 seconds.
await lock.run(
  async ({ token, signal }) => {
    console.log('process', process.pid, 'has the lock')
    await sleep(500, undefined, { signal }) // work that ends at once if the lease is lost
    await save(`by process ${process.pid}`, token)
  },
  { lease: 5_000 }
)

// A block of its own does as well. Whoever needs the lock now waits, here for 100 ms at most.
{
  await using permit = await lock.acquire()
  await save('in a block', permit.token)
  try {
    await lock.acquire({ timeout: 100 })
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error
    console.log(error.message)
  }
}

// At most two at a time.
const api = hot.boundedSemaphore('api', { value: 2 })
const call = async (name: string): Promise<void> => {
  await api.run(async () => {
    console.log(name, 'runs,', await api.available(), 'free')
    await sleep(100)
  })
}
await Promise.all(['one', 'two', 'three', 'four'].map(call))

await Promise.all([report.clear(), api.clear()])
