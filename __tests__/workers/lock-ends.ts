// Scripts that hold or wait and just end, with nothing else that would keep them alive.

import { createHot } from '../../src/index.js'

const [name = '', url = '', key = ''] = process.argv.slice(2)
const hot = createHot({ url })
const lock = hot.lock(key)

const scripts: Readonly<Record<string, () => unknown>> = {
  waits: async () => console.log('token', (await lock.acquire()).token),
  waitsInRun: () => lock.run(() => console.log('ran')),
  holds: async () => console.log('token', (await lock.acquire()).token),
  renews: async () => {
    await lock.acquire({ lease: 500 })
    await new Promise(resolve => setTimeout(resolve, 1_200))
    console.log(await lock.available())
  },
  gaveUp: async () => {
    const failed = await lock.acquire({ timeout: 50 }).catch((error: unknown) => (error as Error).name)
    console.log(failed)
  },
  released: async () => {
    const permit = await lock.acquire()
    await permit.release()
    console.log('released')
  }
}

await scripts[name]!()
