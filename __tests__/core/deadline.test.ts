import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../../src/core/deadline.js'
import { failureOf } from '../support/promises.js'

const never = new Promise<never>(() => undefined)
const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

describe('wait()', () => {
  test('settles with the promise, and leaves no timer and no listener', async () => {
    const controller = new AbortController()
    const before = timers()
    const deadline = new Deadline(60_000, controller.signal)
    expect(await deadline.wait(Promise.resolve('done'))).toBe('done')
    const failure = new Error('it failed')
    expect(await failureOf(deadline.wait(Promise.reject(failure)))).toBe(failure)
    expect(timers()).toBe(before)
    controller.abort()
  })

  test('rejects at the deadline, with the error that is asked for', async () => {
    expect(await failureOf(new Deadline(5).wait(never))).toMatchObject({ message: 'no answer within 5 ms' })
    const error = await failureOf(new Deadline(5).wait(never, milliseconds => new RangeError(`late: ${milliseconds}`)))
    expect(error).toMatchObject({ name: 'RangeError', message: 'late: 5' })
  })

  test('has one deadline for all waits together', async () => {
    const deadline = new Deadline(40)
    await deadline.wait(sleep(50).then(() => undefined)).catch(() => undefined)
    expect(deadline.left).toBe(0)
    expect(await failureOf(deadline.wait(never))).toMatchObject({ message: 'no answer within 40 ms' })
    // What is there already is given, however late.
    expect(await deadline.wait(Promise.resolve('there'))).toBe('there')
  })

  test("rejects with the signal's reason when it aborts, or has already", async () => {
    const controller = new AbortController()
    const deadline = new Deadline(60_000, controller.signal)
    const waiting = failureOf(deadline.wait(never))
    const reason = new Error('given up')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect(await failureOf(deadline.wait(Promise.resolve('done')))).toBe(reason)
  })

  test('waits for ever without a timeout, also with one that no timer can do', async () => {
    for (const timeout of [undefined, Infinity, 2 ** 31, 1e15]) {
      const deadline = new Deadline(timeout)
      expect(await Promise.race([deadline.wait(never), sleep(10, 'waiting')])).toBe('waiting')
      expect(await deadline.wait(sleep(1, 'done'))).toBe('done')
    }
  })

  test('is nothing that an unhandled rejection comes of, when the promise fails after the deadline', async () => {
    const failing = sleep(20).then(() => {
      throw new Error('too late')
    })
    expect(await failureOf(new Deadline(1).wait(failing))).toMatchObject({ message: 'no answer within 1 ms' })
    await sleep(40)
  })
})

describe('What is left', () => {
  test('goes down to nothing, and no further', async () => {
    const deadline = new Deadline(30)
    expect(deadline.left).toBeGreaterThan(0)
    expect(deadline.left).toBeLessThanOrEqual(30)
    await sleep(40)
    expect(deadline.left).toBe(0)
    expect(new Deadline().left).toBe(Infinity)
  })

  test('is given on as the options of a wait, without what was not given', () => {
    const { signal } = new AbortController()
    expect(new Deadline().limits).toEqual({})
    expect(new Deadline(Infinity, signal).limits).toEqual({ signal })
    const { timeout, ...rest } = new Deadline(1_000, signal).limits
    expect(rest).toEqual({ signal })
    expect(timeout).toBeGreaterThan(0)
    expect(timeout).toBeLessThanOrEqual(1_000)
  })
})
