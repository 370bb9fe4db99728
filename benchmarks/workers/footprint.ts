// What one thing takes, in a process of its own: the import, a handle, or a call.

import { createHot, type Hot } from 'hot-redis'
import { startServer, stopAll } from '../../__tests__/support/servers.js'

declare const gc: () => void

const HANDLES = 50_000
const CALLS = 10_000

const [what = ''] = process.argv.slice(2)
console.log(what.startsWith('call:') ? await bytesOfCalls(what.slice(5)) : bytesOfHandle(what))

function used(): number {
  return process.memoryUsage().heapUsed
}

function bytesOfHandle(factory: string): number {
  const make = createHot({ url: 'redis://127.0.0.1:1' })[factory as 'list']
  const keys = Array.from({ length: HANDLES }, (_, index) => `key:${index}`)
  make('warm up')
  const handles: unknown[] = []
  gc()
  const before = used()
  for (const key of keys) handles.push(make(key))
  gc()
  return Math.round((used() - before) / handles.length)
}

/** What is allocated until the last reply has been read. No garbage is collected meanwhile: the young generation is large. */
async function bytesOfCalls(kind: string): Promise<number> {
  const server = await startServer()
  const hot = createHot({ url: server.url })
  const run = calls(hot)[kind]!
  for (let round = 0; round < 5; round++) await run()
  const figures: number[] = []
  for (let round = 0; round < 9; round++) {
    gc()
    const before = used()
    await run()
    figures.push((used() - before) / CALLS)
  }
  await hot.close()
  await stopAll([server])
  return Math.round(figures.sort((one, other) => one - other)[4]!)
}

function calls(hot: Hot): Record<string, () => Promise<unknown>> {
  const dict = hot.dict<{ name: string }>('dict', { initial: { name: 'Ada' } })
  const list = hot.list<string>('list')
  const all = (call: () => Promise<unknown>) => () => Promise.all(Array.from({ length: CALLS }, call))
  return {
    reads: all(() => dict.get('name')),
    pushes: all(() => list.push('x')),
    assignments: () => {
      for (let index = 0; index < CALLS; index++) dict.name = 'Bob'
      return hot.flush()
    }
  }
}
