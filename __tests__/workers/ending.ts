// Scripts that do something and just end, without close() or process.exit().

import { setTimeout as sleep } from 'node:timers/promises'
import { createHot } from '../../src/index.js'

const [name = '', url = '', prefix = ''] = process.argv.slice(2)
const hot = createHot({ url, prefix, connectTimeout: 1_000 })
const list = hot.list<number>('list')
const dict = hot.dict<Record<string, number>>('dict')
const many = Array.from({ length: 10_000 }, (_, index) => index)

const scripts: Readonly<Record<string, () => unknown>> = {
  unused: () => undefined,
  idle: async () => console.log(await list.push(1)),
  pushes: () => {
    for (const index of many) void list.push(index)
  },
  assignments: () => {
    for (const index of many) dict[`field${index}`] = index
  },
  scripts: () => {
    for (const index of many) void list.splice(1e6, 0, index)
  },
  big: () => void list.push(...many, ...many, ...many),
  defaults: () => {
    const made = hot.defaultDict<Record<string, number>>(() => 7, 'dict')
    for (const index of many) void made.get(`field${index}`)
  },
  // The process is idle for a while in between.
  later: async () => {
    await list.push(0)
    await sleep(100)
    void list.reverse()
    void list.push(1)
  },
  failingAssignment: () => {
    dict['field'] = 1
  },
  failingCall: async () => {
    try {
      await dict.set('field', 1)
    } catch (error) {
      console.log((error as Error).name)
    }
  },
  unhandled: async () => {
    await dict.set('field', 1)
  },
  down: async () => {
    try {
      await list.push(1)
    } catch (error) {
      console.log((error as Error).name)
    }
  },
  closes: async () => {
    void list.push(1)
    await hot.close()
    console.log('closed')
  },
  leavesLoop: async () => {
    await list.push(...many)
    for await (const item of list) if (item === 10) break
    console.log('left')
  }
}

await scripts[name]!()
