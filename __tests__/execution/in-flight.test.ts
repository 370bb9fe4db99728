import { describe, expect, test } from '@jest/globals'
import { InFlight, type Generation } from '../../src/execution/in-flight.js'

/** Whether a promise has settled once all microtasks are done. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false
  void promise?.then(() => (settled = true))
  await new Promise(resolve => setImmediate(resolve))
  return settled
}

describe('settled()', () => {
  test('is undefined when nothing is in flight, at first and again later', async () => {
    const inFlight = new InFlight()
    expect(inFlight.settled()).toBeUndefined()
    const one = inFlight.begin()
    const settled = inFlight.settled()
    one.ended()
    await settled
    await new Promise(resolve => setImmediate(resolve))
    expect(inFlight.settled()).toBeUndefined()
  })

  test('is undefined when everything has ended before it is asked', () => {
    const inFlight = new InFlight()
    inFlight.begin().ended()
    expect(inFlight.settled()).toBeUndefined()
  })

  test('waits for all that began before, in whatever order they end', async () => {
    const inFlight = new InFlight()
    const begun = Array.from({ length: 3 }, () => inFlight.begin())
    const settled = inFlight.settled()
    begun.pop()!.ended()
    begun.shift()!.ended()
    expect(await isSettled(settled)).toBe(false)
    begun.pop()!.ended()
    expect(await isSettled(settled)).toBe(true)
  })

  test('does not wait for what begins later', async () => {
    const inFlight = new InFlight()
    const before = inFlight.begin()
    const settled = inFlight.settled()
    const later = inFlight.begin()
    before.ended()
    expect(await isSettled(settled)).toBe(true)
    later.ended()
  })

  test('waits for what began before an earlier settled(), too, even when that of its own has ended', async () => {
    const inFlight = new InFlight()
    const first = inFlight.begin()
    const settledFirst = inFlight.settled()
    const second = inFlight.begin()
    const settledBoth = inFlight.settled()
    second.ended()
    expect([await isSettled(settledFirst), await isSettled(settledBoth)]).toEqual([false, false])
    first.ended()
    expect([await isSettled(settledFirst), await isSettled(settledBoth)]).toEqual([true, true])
  })

  test('waits for what began during an earlier settled() that has resolved', async () => {
    const inFlight = new InFlight()
    const first = inFlight.begin()
    const settledFirst = inFlight.settled()
    const second = inFlight.begin()
    first.ended()
    await settledFirst
    const settledSecond = inFlight.settled()
    expect(settledSecond).toBeDefined()
    expect(await isSettled(settledSecond)).toBe(false)
    second.ended()
    expect(await isSettled(settledSecond)).toBe(true)
  })

  test('asked several times in a row, resolves each time', async () => {
    const inFlight = new InFlight()
    const one = inFlight.begin()
    const all = [inFlight.settled(), inFlight.settled(), inFlight.settled()]
    one.ended()
    expect(await Promise.all(all.map(isSettled))).toEqual([true, true, true])
  })

  test('resolves however many overlap, with always something in flight', async () => {
    const inFlight = new InFlight()
    let current: Generation = inFlight.begin()
    for (let round = 0; round < 10_000; round++) {
      const settled = inFlight.settled()
      const next = inFlight.begin()
      current.ended()
      await settled
      current = next
    }
    current.ended()
    expect(inFlight.settled()).toBeUndefined()
  })
})
