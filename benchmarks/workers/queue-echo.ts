// Sends back whatever comes: from the queue 'ping' to the queue 'pong', with hot-redis and with bare commands.

import { createHot } from 'hot-redis'
import { createClient } from 'redis'
import { serve } from '../support/workers.js'

const [url = ''] = process.argv.slice(2)
const hot = createHot({ url })
const ping = hot.queue<number>('hot:ping')
const pong = hot.queue<number>('hot:pong')
const client = createClient({ url }).on('error', () => undefined)
// BLPOP blocks its connection.
const blocking = client.duplicate().on('error', () => undefined)
await Promise.all([ping.size, client.connect(), blocking.connect()])

void (async () => {
  for await (const item of ping) await pong.put(item)
})()

void (async () => {
  for (;;) {
    const popped = await blocking.blPop('raw:ping', 0)
    await client.rPush('raw:pong', popped?.element ?? '')
  }
})()

serve({})
