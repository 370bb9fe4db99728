// Counting from many places at once, without losing a step.

import { createHot } from 'hot-redis'

await using hot = createHot({ prefix: 'example:' })

// One number in a dict, added to inside Redis.
const page = hot.dict<{ title: string; visits: number }>('page:1', { default: { title: 'Home', visits: 0 } })
await Promise.all(Array.from({ length: 1_000 }, () => page.increment('visits')))
console.log(await page.title, 'was visited', await page.visits, 'times')

// Any number of numbers: what is missing counts from what the factory makes.
const votes = hot.defaultDict<Record<string, number>>(() => 0, 'votes')
for (const choice of ['tea', 'coffee', 'tea', 'water', 'tea']) await votes.increment(choice)
console.log(await votes.toJS())

// Counts of today only: Redis deletes them by itself. Changing them keeps the time to live.
await votes.expire(24 * 60 * 60 * 1_000)
await votes.increment('tea')
console.log('gone in', Math.round(((await votes.ttl()) ?? 0) / 3_600_000), 'hours')

await Promise.all([page.clear(), votes.clear()])
