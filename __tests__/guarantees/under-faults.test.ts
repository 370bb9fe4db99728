import { describe, test } from '@jest/globals'
import { backends } from '../support/backends.js'
import { FaultyConsumers, FaultyLock, FaultyQueue } from '../support/faulty-coordination.js'
import { inLane } from '../support/runs.js'
import { underFaults } from '../support/under-faults.js'

const seeds = inLane(20, 500)

describe.each(backends)('on $name, on connections that fail', ({ provider }) => {
  test(`a lock has one holder at a time, and its tokens increase (${seeds} seeds)`, async () => {
    await underFaults(seeds, provider, environment => new FaultyLock(environment))
  })

  test(`get() gives an item once, and no put that was answered is lost (${seeds} seeds)`, async () => {
    await underFaults(seeds, provider, environment => new FaultyQueue(environment))
  })

  test(`consume() gives every item whose put was answered (${seeds} seeds)`, async () => {
    await underFaults(seeds, provider, environment => new FaultyConsumers(environment))
  })
})
