// Does with one lock what the test says, message by message, and tells what came of it.

import { createHot, type HotError, type Permit } from '../../src/index.js'
import { handOverLease } from '../support/hand-over.js'

const [url = '', key = '', lease = ''] = process.argv.slice(2)
const hot = createHot({ url })
const lock = hot.lock(key)
const how = lease === '' ? {} : { lease: Number(lease) }
let permit: Permit | undefined

const tell = (what: string, more: object = {}) => process.send?.({ what, ...more })
const codeOf = (error: unknown) => (error as HotError).code

const orders: Readonly<Record<string, () => Promise<unknown>>> = {
  acquire: async () => {
    permit = await lock.acquire(how)
    permit.signal.addEventListener('abort', () => tell('lost', { code: codeOf(permit!.signal.reason) }))
    return tell('acquired', { token: permit.token })
  },
  acquireAndBlock: async () => {
    permit = await lock.acquire(how)
    const end = performance.now() + 1.5 * handOverLease()
    while (performance.now() < end);
    return tell('acquired', { token: permit.token })
  },
  release: async () => {
    await permit!.release()
    return tell('released')
  },
  close: async () => {
    await hot.close()
    process.disconnect()
  }
}

process.on('message', (order: string) => {
  orders[order]!().catch((error: unknown) => tell('refused', { code: codeOf(error) }))
})
tell('ready')
