// Puts into queues and takes out of them together with other processes, then tells what it did.

import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { QueueEmptyError, createHot } from '../../src/index.js'
import type { Task } from '../support/crew.js'
import '../support/hand-over.js'

const [url = ''] = process.argv.slice(2)
const hot = createHot({ url })

/** What ends whoever takes it. */
const END = 'end'

const told = (): Promise<unknown> => new Promise(resolve => process.once('message', resolve))

const jobs: Readonly<Record<string, (task: Task) => Promise<unknown>>> = {
  /** Puts `count` items, `atOnce` at a time. */
  puts: async ({ key, number, args: [count = 0, atOnce = 0] }) => {
    const queue = hot.queue<string>(key)
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, index) => queue.put(`${number}:${from + index}`)))
    }
    return count
  },

  /** The same into a queue of ten items at most. */
  putsBounded: async ({ key, number, args: [count = 0, atOnce = 0] }) => {
    const queue = hot.queue<string>(key, { maxsize: 10 })
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, index) => queue.put(`${number}:${from + index}`)))
    }
    return count
  },

  /** Takes until the end, in so many loops at once; tells what each of them took. */
  takes: ({ key, args: [loops = 0] }) => {
    const queue = hot.queue<string>(key)
    const taking = async () => {
      const taken: string[] = []
      for await (const item of queue) {
        if (item === END) return taken
        taken.push(item)
      }
      return taken
    }
    return Promise.all(Array.from({ length: loops }, taking))
  },

  /** Takes until the end, waiting no longer than `timeout` milliseconds each time; tells how many it took, and gave up. */
  comesAndGoes: async ({ key, args: [timeout = 0] }) => {
    const queue = hot.queue<string>(key)
    const counts = { taken: 0, gaveUp: 0 }
    for (;;) {
      try {
        if ((await queue.get({ timeout })) === END) return counts
        counts.taken++
      } catch (error) {
        if (!(error instanceof QueueEmptyError)) throw error
        counts.gaveUp++
      }
    }
  },

  /** Works on items for ever: writes each down when it begins with it, and when it is done. */
  works: async ({ key, args: [lease = 0] }) => {
    const begun = hot.list<string>(`${key}:begun`)
    const done = hot.set<string>(`${key}:done`)
    for await (const item of hot.queue<string>(key).consume({ lease })) {
      await begun.push(item)
      await turn()
      await done.add(item)
    }
  },

  /** Takes as many items at once, and never gets done with them. */
  holds: ({ key, args: [lease = 0, times = 1] }) => {
    const holding = async () => {
      for await (const item of hot.queue<string>(key).consume({ lease })) {
        process.send?.(item)
        await new Promise(() => undefined)
      }
    }
    return Promise.all(Array.from({ length: times }, holding))
  },

  /** Puts and takes unique items at random, so often each; tells which were new, and which it took. */
  unique: async ({ key, number, args: [times = 0] }) => {
    const queue = number % 2 ? hot.setQueue<number>(key) : hot.lifoSetQueue<number>(key)
    const put: number[] = []
    const taken: number[] = []
    const putting = async () => {
      for (let round = 0; round < times; round++) {
        const item = Math.floor(Math.random() * 30)
        if (await queue.put(item)) put.push(item)
      }
    }
    const taking = async () => {
      for (let round = 0; round < times; round++) {
        const item = await queue.get({ timeout: 1 }).catch(() => undefined)
        if (item !== undefined) taken.push(item)
        if (Math.random() < 0.05) await sleep(2)
      }
    }
    await Promise.all([putting(), putting(), taking(), taking()])
    return { put, taken }
  },

  /** Each message is the name of a wait, or the end; tells the name and what it was given. */
  waits: async ({ key }) => {
    const queue = hot.queue<string>(key)
    for (;;) {
      const { name } = (await told()) as { name: unknown }
      if (name === END) return END
      void queue.get().then(item => process.send?.({ name, item }))
    }
  },

  /** Waits so often at once, and tells what it gets. */
  waitsAtOnce: async ({ key, args: [times = 0] }) => {
    const queue = hot.queue<string>(key)
    await Promise.all(Array.from({ length: times }, async () => process.send?.(await queue.get())))
  },

  /** Waits with so many items for space in a full queue. */
  waitsForSpace: async ({ key, number, args: [times = 0] }) => {
    const queue = hot.queue<string>(key, { maxsize: 1 })
    await Promise.all(Array.from({ length: times }, (_, index) => queue.put(`${number}:${index}`)))
  }
}

process.on('message', message => {
  const task = message as Task
  // Further messages are for a job that listens to them.
  if (task.job) void jobs[task.job]!(task).then(result => process.send?.(result ?? null))
})
process.send?.('ready')
