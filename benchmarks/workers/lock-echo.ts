// Holds the lock 'pong' and waits for 'ping'; as soon as it has that, it releases 'pong'.

import { locksOf, type Library } from '../support/locks.js'
import { serve } from '../support/workers.js'

const [library, url = ''] = process.argv.slice(2) as [Library, string?]
const locks = locksOf(library, url)
let round: Promise<unknown> = Promise.resolve()

serve({
  /** Resolves when it waits. */
  wait: async (ping: string, pong: string) => {
    const releasePong = await locks.acquire(pong)
    round = locks.acquire(ping).then(releasePing => releasePong().then(releasePing))
    await locks.settled()
  },

  /** Resolves when all has been released. */
  end: async () => {
    await round
  }
})
