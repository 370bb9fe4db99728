// Goes through critical sections under one lock, as many as its slot still lacks, while the test stops and kills processes.
// Told to stay, it tells when it is inside of its next section, and stays there until it is told to go on.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LeaseLostError, createHot, type Permit } from '../../src/index.js'
import { guardedResource, type Outcome } from '../support/guarded-resource.js'

const [key = '', slotText = '', sections = '', leaseText = ''] = process.argv.slice(2)
const slot = Number(slotText)
const lease = Number(leaseText)
const hot = createHot({ url: process.env['HOT_TEST_URL'] })
const lock = hot.lock(key)
const resource = await guardedResource(`${key}:guarded`)

let stays = false
process.on('message', message => {
  if (message === 'stay') stays = true
})

/** Tells how long this process has stood still since it was asked last: stopped, or without a processor. */
const longestPause = (() => {
  let last = performance.now()
  let longest = 0
  const tick = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  setInterval(tick, 10).unref()
  return () => {
    tick()
    const told = longest
    longest = 0
    return told
  }
})()

async function outcomeOf(permit: Permit, entered: number): Promise<Outcome> {
  try {
    await permit.release()
    return 'kept'
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error
    const stood = Math.max(longestPause(), performance.now() - entered)
    return stood > lease / 2 ? 'lost' : 'lost without cause'
  }
}

/** Whether it was carried out. */
async function section(): Promise<boolean> {
  longestPause()
  const permit = await lock.acquire({ lease })
  let entered = performance.now()
  await resource.enter(permit.token, slot)
  if (stays) {
    stays = false
    const told = once(process, 'message')
    const since = performance.now()
    process.send?.({ inside: permit.token })
    await told
    entered += performance.now() - since
  } else {
    await sleep(Math.random() * 3)
  }
  const left = await resource.leave(permit.token, slot)
  // In the way of nobody, and kept in order with what comes next.
  void resource.note(await outcomeOf(permit, entered), permit.token, slot)
  return left
}

process.send?.('ready')
await once(process, 'message')
let done = await resource.sections(slot)
while (done < Number(sections)) if (await section()) done++
await hot.close()
// Answered after all notes.
process.send?.({ finished: await resource.sections(slot) })
process.disconnect()
await resource.close()
