// Work for several processes. `npx tsx examples/queue.ts work` in as many terminals as you like, and then
// `npx tsx examples/queue.ts` to give them something to do. Stop one while it works (kill -9): its job goes to another.

import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from 'hot-redis'

interface Job {
  readonly resize: string
  readonly width: number
}

await using hot = createHot({ prefix: 'example:' })
// At most 5 wait to be done: who puts another one waits for space.
const jobs = hot.queue<Job>('jobs', { maxsize: 5 })

async function work(signal: AbortSignal): Promise<void> {
  // A job is leased while the body runs, and the lease renewed. Asking for the next job tells that this one is done. A job
  // whose body throws is back in the queue.
  for await (const { resize, width } of jobs.consume({ lease: 5_000, signal })) {
    await sleep(300)
    console.log(`process ${process.pid} made ${resize} ${width} wide`)
  }
}

const stop = new AbortController()
process.once('SIGINT', () => stop.abort()) // Ctrl+C: the job at hand is done first

if (process.argv[2] === 'work') {
  await work(stop.signal)
} else {
  const working = work(stop.signal) // so that there is at least one
  for (const resize of ['cat.png', 'dog.png', 'owl.png', 'fox.png']) {
    for (const width of [320, 640]) await jobs.put({ resize, width })
  }
  await jobs.join() // until no job waits and none is being worked on
  console.log('all done')
  stop.abort()
  await working
}
