// Fails transactions in every way a caller can catch, and tells which promises were left without a handler.

import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from '../../src/index.js'

const unhandled: string[] = []
let doing = ''
process.on('unhandledRejection', reason => unhandled.push(`${doing}: ${String(reason)}`))

const hot = createHot({ url: process.env['HOT_TEST_URL'] })
const tag = `{rejections:${process.pid}}`
const todo = hot.list<string>(`${tag}:todo`)
const user = hot.dict<{ name: string }>(`${tag}:user`)
const other = createHot({ url: process.env['HOT_TEST_URL'] })

async function attempt(what: string, fn: () => unknown, options?: { retries?: number; timeout?: number }) {
  doing = what
  await hot.transaction(fn, options).catch(() => undefined)
  // What was left alone shows itself a turn later; what an abandoned fn still does, later.
  await sleep(60)
}

await attempt('fn throws', () => {
  void todo.push('x')
  throw new Error('no')
})
await attempt('fn throws after a read', async () => {
  void todo.push('x')
  await user.name
  throw new Error('no')
})
await attempt('a write awaited', async () => {
  void todo.push('x')
  await todo.push('y')
})
await attempt('a write after one that was awaited', async () => {
  await todo.push('x').catch(() => undefined)
  void todo.push('y')
})
await attempt('a write that fails in EXEC', () => {
  void user.set('name', 'Ada')
  void hot.list<string>(`${tag}:user`).push('x')
})
await attempt(
  'conflicts only',
  async () => {
    void todo.push('x')
    await user.name
    await other.dict<{ name: string }>(user.key).set('name', String(Math.random()))
  },
  { retries: 2 }
)
await attempt(
  'out of time, and fn goes on',
  async () => {
    void todo.push('x')
    await sleep(40)
    void todo.push('y')
  },
  { timeout: 10 }
)
await attempt(
  'never settles',
  () => {
    void todo.push('x')
    return new Promise(() => undefined)
  },
  { timeout: 10 }
)

await todo.clear()
await user.clear()
await Promise.all([hot.close(), other.close()])
process.send?.({ unhandled })
process.disconnect()
