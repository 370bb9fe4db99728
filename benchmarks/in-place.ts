// Routines that change a list in place, beside the best Lua one would write by hand for just this list: that knows what it
// holds (numbers only, no marker among the items), as the library can't.

import { createHot, type HotList } from 'hot-redis'
import { createClient } from 'redis'
import { contest, type Row, type Side } from './support/contest.js'
import { withServer } from './support/pairs.js'

type Items = 'numbers' | 'strings'

interface Routine {
  readonly name: string
  readonly items: Items
  readonly run: (list: HotList<string>, length: number) => Promise<unknown>
  readonly lua: string
}

/** Sets an item aside, so that commands that search by value find its place. */
const marked = (change: string, behind = ''): string =>
  `local at = ARGV[1] / 2 local item = redis.call('LINDEX', KEYS[1], at) redis.call('LSET', KEYS[1], at, '\\0mark') ${change} ${behind}`

const routines: readonly Routine[] = [
  {
    name: 'sort numbers',
    items: 'numbers',
    run: list => list.sort(),
    lua: "redis.call('SORT', KEYS[1], 'STORE', KEYS[1])"
  },
  {
    name: 'sort strings',
    items: 'strings',
    run: list => list.sort(),
    lua: "redis.call('SORT', KEYS[1], 'ALPHA', 'STORE', KEYS[1])"
  },
  {
    name: 'reverse',
    items: 'strings',
    run: list => list.reverse(),
    lua: "for i = 1, ARGV[1], 5000 do redis.call('LPUSH', 'reversed', unpack(redis.call('LPOP', KEYS[1], 5000))) end redis.call('RENAME', 'reversed', KEYS[1])"
  },
  {
    name: 'insert in the middle',
    items: 'strings',
    run: (list, length) => list.insert(length / 2, 'x'),
    lua: marked("redis.call('LINSERT', KEYS[1], 'BEFORE', '\\0mark', 'x')", "redis.call('LSET', KEYS[1], at + 1, item)")
  },
  {
    name: 'pop in the middle',
    items: 'strings',
    run: (list, length) => list.pop(length / 2),
    lua: marked("redis.call('LREM', KEYS[1], 1, '\\0mark')", 'return item')
  },
  {
    name: 'remove what is not there',
    items: 'strings',
    run: list => list.remove('nowhere'),
    lua: "return redis.call('LREM', KEYS[1], 1, 'nowhere')"
  },
  {
    name: 'repeat twice',
    items: 'strings',
    run: list => list.repeat(2),
    lua: "local last = ARGV[1] - 1 for i = 0, last, 5000 do redis.call('RPUSH', KEYS[1], unpack(redis.call('LRANGE', KEYS[1], i, math.min(i + 4999, last)))) end"
  }
]

const fill: Readonly<Record<Items, string>> = {
  numbers: "for i = 1, ARGV[1] do redis.call('RPUSH', KEYS[1], tostring(i * 7919 % 1000003)) end",
  strings: "for i = 1, ARGV[1] do redis.call('RPUSH', KEYS[1], 'item ' .. i * 7919 % 1000003) end"
}

await withServer(async ({ url }) => {
  const hot = createHot({ url })
  const list = hot.list<string>('list')
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  for (const length of [1_000, 100_000, 1_000_000]) {
    const count = String(length)
    for (const items of ['numbers', 'strings'] as const) {
      await client.del(items)
      await client.eval(fill[items], { keys: [items], arguments: [count] })
    }
    /** Only the routine is timed, not the copying of its list. */
    const timed =
      (items: Items, run: () => Promise<unknown>): Side =>
      async () => {
        await client.sendCommand(['COPY', items, 'list', 'REPLACE'])
        const start = performance.now()
        await run()
        return performance.now() - start
      }
    const rows: readonly Row[] = routines.map(({ name, items, run, lua }) => ({
      name,
      sides: {
        'hot-redis': timed(items, () => run(list, length)),
        'Lua by hand': timed(items, () => client.eval(lua, { keys: ['list'], arguments: [count] }))
      }
    }))
    await contest(`In place, a list of ${length.toLocaleString('en')} items`, 'Lua by hand', rows)
  }
  await hot.close()
  await client.disconnect()
})
