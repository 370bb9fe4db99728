// Many calls of one turn: hot-redis, which fuses neighbours, and node-redis 4 used as its documentation advises, its calls
// in a Promise.all.

import { createHot } from 'hot-redis'
import { createClient } from 'redis'
import { measure, oneByOne, print, withServer, type Measurement, type Pair } from './support/pairs.js'

/** How many calls together, how often in a round, and in how many rounds. */
const SIZES: readonly { readonly size: number; readonly times: number; readonly rounds: number }[] = [
  { size: 10, times: 100, rounds: 30 },
  { size: 1_000, times: 2, rounds: 30 },
  { size: 30_000, times: 1, rounds: 10 }
]

await withServer(async ({ url }) => {
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  const hot = createHot({ url })
  const list = hot.list<string>('list', { initial: ['a'] })
  const pushed = hot.list<string>('pushed')
  const dict = hot.dict<{ name: string }>('dict', { initial: { name: 'Ada' } })
  const set = hot.set<string>('set', { initial: ['member'] })
  await hot.flush()

  const all = (size: number, call: (index: number) => unknown) => () =>
    Promise.all(Array.from({ length: size }, (_, index) => call(index)))
  const emptied = (run: () => Promise<unknown>, key: string) => async () => {
    await run()
    await client.del(key)
  }

  const rows: readonly [string, (size: number) => () => Promise<unknown>, (size: number) => () => Promise<unknown>][] =
    [
      [
        'dict.get  /  hGet',
        size => all(size, () => dict.get('name')),
        size => all(size, () => client.hGet('dict', 'name'))
      ],
      [
        'dict.name = …, flush()  /  hSet',
        size => () => {
          for (let index = 0; index < size; index++) dict.name = `name ${index}`
          return hot.flush()
        },
        size => all(size, index => client.hSet('dict', 'name', `name ${index}`))
      ],
      [
        'list.push  /  rPush',
        size =>
          emptied(
            all(size, () => pushed.push('x')),
            'pushed'
          ),
        size =>
          emptied(
            all(size, () => client.rPush('pushed', 'x')),
            'pushed'
          )
      ],
      [
        'set.add  /  sAdd',
        size =>
          emptied(
            all(size, index => set.add(`member ${index}`)),
            'set'
          ),
        size =>
          emptied(
            all(size, index => client.sAdd('set', `member ${index}`)),
            'set'
          )
      ],
      [
        'set.has  /  sIsMember',
        size => all(size, () => set.has('member')),
        size => all(size, () => client.sIsMember('set', 'member'))
      ],
      [
        'dict.get and list.at in turn (not fused)  /  hGet and lIndex',
        size => all(size, index => (index % 2 ? dict.get('name') : list.at(0))),
        size => all(size, index => (index % 2 ? client.hGet('dict', 'name') : client.lIndex('list', 0)))
      ]
    ]

  for (const { size, times, rounds } of SIZES) {
    const measured: Measurement[] = []
    for (const [name, ours, theirs] of rows) {
      const pair: Pair = { name, times, rounds, hot: oneByOne(ours(size)), raw: oneByOne(theirs(size)) }
      measured.push(await measure(pair))
    }
    print(`${size.toLocaleString('en')} calls together`, measured, 'node-redis 4')
  }

  await hot.close()
  await client.disconnect()
})
