// The same work for three libraries: a small job is put in, handled and acknowledged. Each is set up for its best speed, as
// far as it keeps what all three promise: a job whose worker dies is handed out again.

import BeeQueue from 'bee-queue'
import { Queue, Worker } from 'bullmq'
import { createHot } from 'hot-redis'

export type Library = 'hot-redis' | 'BullMQ' | 'bee-queue'

interface Job {
  readonly n: number
}

const JOB: Job = { n: 1 }

/** Puts jobs into the queue: one, or many at once in the way the library has for that. */
interface Producer {
  one(): Promise<unknown>
  many(count: number): Promise<unknown>
}

/** Takes jobs from the queue as long as the process lives; tells when so many more have been handled and acknowledged. */
type Consumer = (count: number) => Promise<unknown>

interface Sides {
  producer(url: string): Promise<Producer>
  /** So many jobs are in work at once. */
  consumer(url: string, concurrency: number): Promise<Consumer>
}

/** Counts up to what is waited for. */
class Tally {
  #left = Infinity
  #reached: () => void = () => undefined

  readonly add = (): void => {
    if (--this.#left === 0) this.#reached()
  }

  async reach(count: number): Promise<void> {
    this.#left = count
    await new Promise<void>(resolve => (this.#reached = resolve))
  }
}

/** Each job is leased, the lease renewed while it is in work. */
const hotRedis: Sides = {
  producer: async url => {
    const jobs = createHot({ url }).queue<Job>('jobs')
    await jobs.size
    return {
      one: () => jobs.put(JOB),
      many: count => Promise.all(Array.from({ length: count }, () => jobs.put(JOB)))
    }
  },
  consumer: async (url, concurrency) => {
    const jobs = createHot({ url }).queue<Job>('jobs')
    const tally = new Tally()
    const consume = async (): Promise<void> => {
      for await (const { n } of jobs.consume()) if (n === JOB.n) tally.add()
    }
    for (let number = 0; number < concurrency; number++) void consume()
    await jobs.size
    return async count => {
      await tally.reach(count)
      // The last ones are acknowledged when the loops ask for more.
      await jobs.join()
    }
  }
}

/**
 * As its documentation has it: done jobs are removed, one Worker with its own concurrency. Locks are renewed and stalled jobs
 * looked for, which is its default. 'completed' comes when the job has been moved out of the active ones.
 */
const bullMQ: Sides = {
  producer: async url => {
    const queue = new Queue<Job>('jobs', { connection: { url }, defaultJobOptions: { removeOnComplete: true } })
    await queue.waitUntilReady()
    return {
      one: () => queue.add('job', JOB),
      many: count => queue.addBulk(Array.from({ length: count }, () => ({ name: 'job', data: JOB })))
    }
  },
  consumer: async (url, concurrency) => {
    const tally = new Tally()
    const connection = { url, maxRetriesPerRequest: null }
    const worker = new Worker<Job>('jobs', job => Promise.resolve(job.data.n), { connection, concurrency })
    worker.on('completed', tally.add)
    await worker.waitUntilReady()
    return count => tally.reach(count)
  }
}

/**
 * As its documentation has it for speed: done jobs are removed, no events are sent, no jobs kept in memory, the producer is no
 * worker. 'succeeded' comes when the job has been taken out of the active ones.
 */
const beeQueue: Sides = {
  producer: async url => {
    const queue = await bee(url, false).ready()
    return {
      one: () => queue.createJob(JOB).save(),
      many: count => queue.saveAll(Array.from({ length: count }, () => queue.createJob(JOB)))
    }
  },
  consumer: async (url, concurrency) => {
    const tally = new Tally()
    const queue = await bee(url, true).ready()
    queue.on('succeeded', tally.add)
    queue.process(concurrency, job => Promise.resolve(job.data.n))
    return count => tally.reach(count)
  }
}

function bee(url: string, isWorker: boolean): BeeQueue<Job> {
  return new BeeQueue<Job>('jobs', {
    redis: { url },
    isWorker,
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    removeOnSuccess: true
  })
}

export const libraries: Readonly<Record<Library, Sides>> = {
  'hot-redis': hotRedis,
  BullMQ: bullMQ,
  'bee-queue': beeQueue
}
