// Waits for a lock: again and again, together with others; as often and at such moments as the test says; or in a crowd.

import { once } from 'node:events'
import { createClient } from 'redis'
import { createHot } from '../../src/index.js'
import '../support/hand-over.js'

const [job = '', url = '', key = '', name = '', times = ''] = process.argv.slice(2)
const hot = createHot({ url })
const lock = hot.lock(key)
const raw = await createClient({ url }).connect()

/** Who was inside, in order. */
const ledger = `${key}:ledger`

const jobs: Readonly<Record<string, () => Promise<void>>> = {
  /** Takes the lock until all together have had it so many times. */
  contends: async () => {
    process.send?.('ready')
    await once(process, 'message')
    while ((await lock.run(() => raw.rPush(ledger, name))) < Number(times));
  },

  /** Joins the line each time it is told to, and leaves it with its oldest wait when told so, until told to end. */
  joins: async () => {
    const waits: { readonly inside: Promise<unknown>; readonly leave: AbortController }[] = []
    const join = (wait: string) => {
      const leave = new AbortController()
      const inside = lock
        .run(() => raw.rPush(ledger, wait), { signal: leave.signal })
        .catch((error: unknown) => {
          if (error !== leave.signal.reason) throw error
        })
      waits.push({ inside, leave })
    }
    let joined = 0
    await new Promise<void>(resolve => {
      process.on('message', message => {
        if (message === 'join') join(`${name}:${joined++}`)
        else if (message === 'leave') waits.shift()!.leave.abort()
        else resolve()
      })
      process.send?.('ready')
    })
    await Promise.all(waits.map(({ inside }) => inside))
  },

  /** Joins the line many times at once. */
  crowds: async () => {
    await Promise.all(Array.from({ length: Number(times) }, () => lock.run(() => raw.rPush(ledger, name))))
  }
}

await jobs[job]!()
await hot.close()
await raw.disconnect()
process.send?.('done')
process.disconnect()
