// Puts jobs into one library's queue: so many at a time, each at once with the answer to one before, or in batches.

import { libraries, type Library } from '../support/job-queues.js'
import { serve } from '../support/workers.js'

const [library, url = ''] = process.argv.slice(2) as [Library, string?]
const producer = await libraries[library].producer(url)

serve({
  put: async (count: number, atOnce: number) => {
    let left = count
    const one = async (): Promise<void> => {
      while (left-- > 0) await producer.one()
    }
    await Promise.all(Array.from({ length: atOnce }, one))
  },

  putBatches: async (count: number, size: number) => {
    for (let put = 0; put < count; put += size) await producer.many(Math.min(size, count - put))
  }
})
