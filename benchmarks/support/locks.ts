// Two locks with one face, so that the same program drives both: hot-redis, and redis-semaphore's Mutex over ioredis, the
// client it is made for. Both with their default settings: the Mutex asks again every 10 ms while it waits.

import { createHot } from 'hot-redis'
import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'

export type Library = 'hot-redis' | 'redis-semaphore'

type Release = () => Promise<unknown>

export interface Locks {
  /** Waits for the lock; resolves with what releases it. */
  acquire(key: string): Promise<Release>
  /** Resolves when what has been sent before has been carried out. */
  settled(): Promise<unknown>
  close(): Promise<unknown>
}

export function locksOf(library: Library, url: string): Locks {
  if (library === 'hot-redis') {
    const hot = createHot({ url })
    return {
      acquire: async key => {
        const permit = await hot.lock(key).acquire()
        return () => permit.release()
      },
      settled: () => hot.lock('settled').locked(),
      close: () => hot.close()
    }
  }
  const client = new Redis(url)
  return {
    acquire: async key => {
      const mutex = new Mutex(client, key)
      await mutex.acquire()
      return () => mutex.release()
    },
    settled: () => client.ping(),
    close: () => client.quit()
  }
}
