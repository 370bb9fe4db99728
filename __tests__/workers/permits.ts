// Takes permits of a semaphore, many at the same time, and tells Redis who is inside; or adds permits to it.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from '../../src/index.js'
import { occupancy } from '../support/occupancy.js'

const [job = '', key = '', permits = '', times = '', loops = '', lease = ''] = process.argv.slice(2)
const hot = createHot({ url: process.env['HOT_TEST_URL'] })
const room = await occupancy(`${key}:room`)

const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Several at a time go in and out; told to stay, whoever is inside next never comes out. */
  visits: async () => {
    const semaphore = hot.boundedSemaphore(key, { value: Number(permits) })
    let stays = false
    process.on('message', message => {
      if (message === 'stay') stays = true
    })
    const visit = async (visitor: string) => {
      const permit = await semaphore.acquire({ lease: Number(lease) })
      await room.enter(visitor)
      if (stays) {
        process.send?.('inside')
        await new Promise(() => undefined)
      }
      await sleep(Math.random() * 3)
      await room.leave(visitor)
      await permit.release()
    }
    const visitors = Array.from({ length: Number(loops) }, (_, number) => `${process.pid}:${number}`)
    await Promise.all(
      visitors.map(async visitor => {
        for (let time = 0; time < Number(times); time++) await visit(visitor)
      })
    )
    return Number(loops) * Number(times)
  },

  /** Releases what it has not acquired. */
  adds: async () => {
    const semaphore = hot.semaphore(key, { value: Number(permits) })
    await Promise.all(Array.from({ length: Number(times) }, () => semaphore.release()))
    return Number(times)
  }
}

process.send?.('ready')
await once(process, 'message')
const done = await jobs[job]!()
await hot.close()
await room.close()
process.send?.(done)
process.disconnect()
