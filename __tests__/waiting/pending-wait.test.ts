import { expect, test } from '@jest/globals'
import { ConnectionError, ReplyError } from '../../src/core/errors.js'
import { PendingWait, type WaitEnd, type WaitHost } from '../../src/waiting/pending-wait.js'
import { waitForJob } from '../support/wait-spec.js'

/** Starts a wait of which each call fails with the next of these errors. */
async function failing(...errors: Error[]) {
  const ends: [how: WaitEnd, mayBeServed: boolean][] = []
  const host: WaitHost = {
    submit: (_command, _resolve, reject) => reject(errors.shift()),
    connectTimeout: 1_000,
    reachable: () => true,
    becomeReachable: () => Promise.resolve(),
    enqueued: () => undefined,
    received: () => [],
    replyReceived: () => undefined,
    ended: (wait, how) => ends.push([how, wait.mayBeServed])
  }
  const failure = await new Promise<unknown>(reject => {
    new PendingWait('1', 'channel/1', waitForJob, host, {}, '', () => undefined, reject).start(0)
  })
  return { failure, ends }
}

const details = { key: 'jobs', operation: 'get' }
const busy = (outcome: ConnectionError['outcome']): ConnectionError =>
  new ConnectionError('busy', { ...details, outcome, cause: new Error('BUSY Redis is busy running a script.') })
const refused = new ReplyError('Redis answers OOM', { ...details, cause: new Error('OOM') })

test('a call that Redis refuses after one that may have been applied does not tell what became of that', async () => {
  const { failure, ends } = await failing(busy('unknown'), busy('not-sent'), refused)
  expect(ends).toEqual([['failed', true]])
  expect(failure).toMatchObject({ name: 'ConnectionError', outcome: 'unknown', key: 'jobs', operation: 'get' })
  expect(failure).toMatchObject({ message: expect.stringContaining('Redis answers OOM') })
})

test('a call that Redis refuses after others that it refused has not been applied', async () => {
  const { failure, ends } = await failing(busy('not-sent'), refused)
  expect(ends).toEqual([['failed', false]])
  expect(failure).toBe(refused)
})
