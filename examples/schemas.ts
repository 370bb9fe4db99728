// A schema (zod here; valibot, arktype and every other Standard Schema will do) checks what goes in and what comes out,
// and gives the handle its types.

import { CodecError, createHot } from 'hot-redis'
import { z } from 'zod'

await using hot = createHot({ prefix: 'example:' })

const user = hot.dict('user:1', {
  schema: { name: z.string().min(1), email: z.email(), visits: z.number().int().default(0) }
})
await user.update({ name: 'Ada', email: 'ada@example.com', visits: 1 })
const visits: number | undefined = await user.visits
console.log(await user.name, visits)

// Refused before anything is sent.
try {
  await user.set('email', 'not an address')
} catch (error) {
  if (!(error instanceof CodecError)) throw error
  console.log(error.message)
}

// What is given is what gets stored; reading gives what the schema makes of it.
const events = hot.list('events', { schema: z.object({ at: z.iso.datetime().transform(text => new Date(text)) }) })
await events.push({ at: '2030-01-01T12:00:00Z' })
const event = await events.at(0)
console.log(event?.at.getUTCFullYear())

await Promise.all([user.clear(), events.clear()])
