// A list too long to be held in memory at once: written in batches, read page by page.

import { createHot } from 'hot-redis'

interface Reading {
  readonly sensor: number
  readonly celsius: number
}

await using hot = createHot({ prefix: 'example:' })
const readings = hot.list<Reading>('readings')
await readings.clear()

for (let batch = 0; batch < 10; batch++) {
  const values = Array.from({ length: 10_000 }, (_, index) => ({ sensor: index % 7, celsius: 15 + (index % 100) / 10 }))
  await readings.extend(values)
}
console.log(await readings.length, 'readings')

// The next page is on its way while this one is used; memory stays the same for any length.
let warmest: Reading | undefined
for await (const reading of readings) {
  if (warmest === undefined || reading.celsius > warmest.celsius) warmest = reading
}
console.log('the warmest:', warmest)

// What can be asked for is better asked for: only the answer comes over the network.
console.log('the newest three:', await readings.slice(-3))
await readings.truncate(1_000)
console.log(await readings.length, 'are kept')

await readings.clear()
