import type { Reply } from '../../src/core/command.js'
import { Key } from '../../src/core/keys.js'
import type { WaitSpec } from '../../src/core/wait-spec.js'

const script = { name: 'take', source: '', sha1: '', bounded: true, slow: false }

/** A wait for an item of `jobs`; the only argument of what is sent is its mode. */
export const waitForJob: WaitSpec<Reply> = {
  operation: 'get',
  key: 'jobs',
  redisType: 'list',
  waitQueue: new Key('waits'),
  ask: ({ mode }) => ({ script, keys: [new Key('jobs')], args: [mode] }),
  decode: reply => reply,
  timeoutError: () => new Error('timeout')
}
