// Works on shared keys together with other processes, then tells what it did.

import { createHot } from '../../src/index.js'

const [name = '', url = '', key = '', number = ''] = process.argv.slice(2)
const hot = createHot({ url })
const list = hot.list<string>(key)
const dict = hot.dict<Record<string, number>>(key)

/** The same sequence of numbers below `limit` for the same process. */
let seed = Number(number) + 1
function random(limit: number): number {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % limit
}

const ready = () =>
  new Promise<void>(resolve => {
    process.once('message', () => resolve())
    process.send?.('ready')
  })

const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Adds 1 to a field a thousand times; the answers must be other numbers than anybody else's. */
  increments: async () => {
    await ready()
    return Promise.all(Array.from({ length: 1_000 }, () => dict.increment('n')))
  },

  /** Moves money between accounts in two fields' increments. */
  transfers: async () => {
    await ready()
    for (let round = 0; round < 200; round++) {
      const by = random(10)
      await Promise.all([dict.increment(`account${random(4)}`, -by), dict.increment(`account${random(4)}`, by)])
    }
    return 200
  },

  /** All the edits there are; tells which items it put in and which it took out. */
  edits: async () => {
    await ready()
    const put: string[] = []
    const taken: Promise<string | undefined | string[]>[] = []
    for (let round = 0; round < 400; round++) {
      const items = [`${number}:${round}:a`, `${number}:${round}:b`]
      put.push(...items)
      const [a = '', b = ''] = items
      const at = random(20) - 10
      const edits = [
        () => [list.insert(at, a), list.push(b)],
        () => (taken.push(list.splice(at, random(3), a, b)), []),
        () => (taken.push(list.pop(at)), [list.unshift(a), list.insert(at, b)]),
        () => [list.reverse(), list.extend(items)]
      ]
      await Promise.all(edits[random(edits.length)]!())
    }
    return { put, taken: (await Promise.all(taken)).flat().filter(item => item !== undefined) }
  },

  /** Reads the same missing fields as everybody else; all must see one value. */
  defaults: async () => {
    const made = hot.defaultDict<Record<string, string>>(() => number, key)
    await ready()
    return Promise.all(Array.from({ length: 500 }, (_, index) => made.get(`field${index}`)))
  },

  /** Answers what the test wrote, and writes something itself. */
  seesChanges: async () => {
    await ready()
    const seen = await list.toJS()
    const user = hot.dict<{ name: string }>(`${key}:user`)
    const name = await user.name
    user.name = `${name} Lovelace`
    await list.push('from the worker')
    await hot.flush()
    return { seen, name }
  }
}

process.send?.(await jobs[name]!())
