// What a call costs beside the command it sends: hot-redis and a bare node-redis 4 client, each with one connection.

import { createHot } from 'hot-redis'
import { createClient } from 'redis'
import { dictIncrement } from '../src/scripts.generated.js'
import { measure, oneByOne, print, withServer, type Measurement, type Pair } from './support/pairs.js'

const ITEMS = 1_000_000
const PAGE = 1_000
/** Of 'item 0' to 'item 999999'. */
const CHARACTERS = 10_888_890

await withServer(async ({ url }) => {
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  const send = (...args: string[]): Promise<unknown> => client.sendCommand(args)

  const hot = createHot({ url })
  const list = hot.list<string>('list', { initial: ['a', 'b', 'c'] })
  const pushed = hot.list<string>('pushed')
  const dict = hot.dict<{ name: string; visits: number }>('dict', { initial: { name: 'Ada', visits: 0 } })
  const long = hot.list<string>('long')
  await long.extend(Array.from({ length: ITEMS }, (_, index) => `item ${index}`))
  const shorter = hot.list<object>('shorter')
  await shorter.extend(Array.from({ length: 100_000 }, (_, id) => ({ id, name: `name ${id}` })))
  await dict.increment('visits') // loads the script

  const calls: readonly Pair[] = [
    {
      name: 'await list.at(1)  /  LINDEX',
      times: 100,
      hot: oneByOne(() => list.at(1)),
      raw: oneByOne(() => send('LINDEX', 'list', '1'))
    },
    {
      name: 'await list[1]  /  LINDEX',
      times: 100,
      hot: oneByOne(async () => list[1]),
      raw: oneByOne(async () => send('LINDEX', 'list', '1'))
    },
    {
      name: "await list.push('x')  /  RPUSH",
      times: 100,
      hot: oneByOne(() => pushed.push('x')),
      raw: oneByOne(() => send('RPUSH', 'pushed', 'x'))
    },
    {
      name: "await dict.get('name')  /  HGET",
      times: 100,
      hot: oneByOne(() => dict.get('name')),
      raw: oneByOne(() => send('HGET', 'dict', 'name'))
    },
    {
      name: "dict.name = 'Bob'; await hot.flush()  /  HSET",
      times: 100,
      hot: oneByOne(() => {
        dict.name = 'Bob'
        return hot.flush()
      }),
      raw: oneByOne(() => send('HSET', 'dict', 'name', 'Bob'))
    },
    {
      name: "await dict.increment('visits')  /  EVALSHA",
      times: 100,
      hot: oneByOne(() => dict.increment('visits')),
      raw: oneByOne(() => send('EVALSHA', dictIncrement.sha1, '1', 'dict', 'visits', '1', '0'))
    }
  ]

  const streams: readonly Pair[] = [
    {
      name: 'for await over 1,000,000 items  /  LRANGE, 1,000 a page',
      times: 1,
      rounds: 9,
      hot: async () => {
        let characters = 0
        for await (const item of long) characters += item.length
        seen(characters)
      },
      raw: async () => {
        let characters = 0
        for (let from = 0; from < ITEMS; from += PAGE) {
          const items = (await send('LRANGE', 'long', String(from), String(from + PAGE - 1))) as string[]
          for (const item of items) characters += item.length
        }
        seen(characters)
      }
    },
    {
      name: 'toJS() of 100,000 items  /  LRANGE and the decoding',
      times: 1,
      rounds: 9,
      hot: oneByOne(() => shorter.toJS()),
      raw: async () => {
        const texts = (await send('LRANGE', 'shorter', '0', '-1')) as string[]
        texts.map(text => JSON.parse(text) as unknown)
      }
    }
  ]

  print('One call by itself', await all(calls))
  print('A long list', await all(streams))

  await hot.close()
  await client.disconnect()
})

async function all(pairs: readonly Pair[]): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  for (const pair of pairs) measurements.push(await measure(pair))
  return measurements
}

/** Both sides of a pair must have done the work. */
function seen(characters: number): void {
  if (characters !== CHARACTERS) throw new Error(`${characters} characters were read`)
}
