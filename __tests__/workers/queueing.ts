// Takes part in queues from a process of its own, until it is told to end, ends, or is killed.

import { createHot } from '../../src/index.js'

const [name = '', url = '', key = '', lease = ''] = process.argv.slice(2)
const hot = createHot({ url })
const queue = hot.queue<string>(key)

const tell = (item: string) => process.send?.(item)
/** Work that is never done, and that keeps the process alive. */
const workForEver = () => new Promise<never>(() => setInterval(() => undefined, 1_000))

const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Takes one item, and works on it for ever. */
  holds: async () => {
    for await (const item of queue.consume({ lease: Number(lease) })) {
      tell(item)
      await workForEver()
    }
  },

  /** Works on item after item, and tells each when it is done. */
  consumes: async () => {
    for await (const item of queue.consume({ lease: Number(lease) })) tell(item)
  },

  /** Takes item after item at most once, and tells each. */
  takes: async () => {
    for await (const item of queue) tell(item)
  },

  /** Waits for an item, as a script that has nothing else to do. */
  waits: async () => {
    const item = await queue.get()
    console.log(item)
  },

  /** Gives up waiting, and has nothing else to do then. */
  givesUp: async () => {
    try {
      await queue.get({ timeout: 300 })
    } catch (error) {
      console.log((error as Error).name)
    }
  },

  /** Stops waiting, and has nothing else to do then. */
  aborts: async () => {
    const controller = new AbortController()
    const waiting = queue.get({ signal: controller.signal })
    await queue.size
    controller.abort(new Error('enough'))
    await waiting.catch((error: unknown) => console.log((error as Error).message))
  },

  /** Leaves a loop over leased items, and has nothing else to do then. */
  leaves: async () => {
    for await (const item of queue.consume()) {
      console.log(item)
      break
    }
  }
}

await jobs[name]!()
