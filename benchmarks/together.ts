// Many calls of one turn: hot-redis, which fuses neighbours, and other clients, their calls in a Promise.all. The limits are
// one command that does all of it, written by hand, and redis-benchmark, which sends commands in a pipeline and is in C.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BASELINE, contestants, type Calls, type Contestants } from './support/clients.js'
import { contest, type Row, type Side } from './support/contest.js'
import { withServer } from './support/pairs.js'

const SIZES = [10, 100, 1_000, 30_000]

type Call = (calls: Partial<Calls>, index: number) => Promise<unknown> | undefined

interface Work {
  readonly name: string
  /** Undefined where a client has no such call. */
  readonly call: Call
  /** What hot-redis has instead of one call each. */
  readonly assigned?: (index: number) => void
  /** One command for all. */
  readonly byHand?: (size: number) => string[]
  /** The command for redis-benchmark. */
  readonly single?: readonly string[]
  readonly emptied?: string
}

await withServer(async server => {
  const sides = await contestants(server)
  const { hot } = sides
  const user = hot.dict<{ name: string }>('assigned')
  await hot.dict<Record<string, string>>('dict').set('name', 'Ada')
  await hot.list<string>('list').push('a')
  await hot.set<string>('members').add('member')
  for (let dict = 0; dict < 100; dict++) {
    await hot.dict(`dict:${dict}`).update(Object.fromEntries(Array.from({ length: 10 }, (_, f) => [`f${f}`, 'value'])))
  }
  await sides.all['@keyv/redis']?.set?.('dict', 'name', 'Ada')
  const repeated = (size: number, ...words: string[]): string[] =>
    Array.from({ length: size }, (_, index) => words.map(word => word.replace('#', String(index)))).flat()

  const works: readonly Work[] = [
    {
      name: 'reads of a dict',
      call: calls => calls.get?.('dict', 'name'),
      byHand: size => ['HMGET', 'dict', ...repeated(size, 'name')],
      single: ['HGET', 'dict', 'name']
    },
    {
      name: 'assignments',
      call: (calls, index) => calls.set?.('assigned', 'name', `name ${index}`),
      assigned: index => void (user.name = `name ${index}`),
      byHand: size => ['HSET', 'assigned', ...repeated(size, 'name', 'name #')],
      single: ['HSET', 'assigned', 'name', 'name 12345']
    },
    {
      name: 'pushes',
      call: calls => calls.push?.('pushed', 'x'),
      byHand: size => ['RPUSH', 'pushed', ...repeated(size, 'x')],
      single: ['RPUSH', 'pushed', 'x'],
      emptied: 'pushed'
    },
    {
      name: 'additions to a set',
      call: (calls, index) => calls.add?.('set', `member ${index}`),
      byHand: size => ['SADD', 'set', ...repeated(size, 'member #')],
      emptied: 'set'
    },
    {
      name: 'memberships',
      call: calls => calls.has?.('members', 'member'),
      byHand: size => ['SMISMEMBER', 'members', ...repeated(size, 'member')],
      single: ['SISMEMBER', 'members', 'member']
    },
    {
      name: 'increments',
      call: calls => calls.increment?.('counts', 'visits'),
      byHand: size => ['HINCRBY', 'counts', 'visits', String(size)],
      single: ['HINCRBY', 'counts', 'visits', '1']
    },
    { name: 'get and set in turn', call: (calls, i) => (i % 2 ? calls.set : calls.get)?.('turn', `f${i >> 1}`, 'x') }
  ]

  for (const size of SIZES) {
    const rows = works.map(work => rowOf(sides, work, size, server.port))
    await contest(`${size.toLocaleString('en')} calls together`, BASELINE, rows)
  }
  const fields: Work = {
    name: '100 dicts × 10 fields, field by field',
    call: (calls, index) => calls.get?.(`dict:${Math.floor(index / 10)}`, `f${index % 10}`)
  }
  const items: Work = {
    name: 'an item of a list and a field of a dict in turn',
    call: (calls, index) => (index % 2 ? calls.get?.('dict', 'name') : calls.first?.('list'))
  }
  const mixed = [fields, items].map(work => rowOf(sides, work, 1_000, server.port))
  await contest('1,000 calls together, of which few can be fused', BASELINE, mixed)
  await sides.close()
})

function rowOf(sides: Contestants, work: Work, size: number, port: number): Row {
  const { name, call, assigned, byHand, single, emptied } = work
  const cleared =
    (run: Side): Side =>
    async () => {
      await run()
      if (emptied) await sides.send(['DEL', emptied])
    }
  const all = Object.entries(sides.all).map(([label, calls]): [string, Side | undefined] => {
    // A call that a client does not have returns nothing at once.
    if (!has(work, calls)) return [label, undefined]
    if (assigned && label === 'hot-redis') {
      const assign = async (): Promise<void> => {
        for (let index = 0; index < size; index++) assigned(index)
        await sides.hot.flush()
      }
      return [label, assign]
    }
    const together = (): Promise<unknown> =>
      Promise.all(Array.from({ length: size }, (_, index) => call(calls, index) as Promise<unknown>))
    return [label, cleared(together)]
  })
  const hand = byHand && cleared(() => sides.send(byHand(size)))
  const limit = single && size >= 1_000 ? () => redisBenchmark(port, size, single) : undefined
  const times = Math.max(1, Math.floor(2_000 / size))
  return {
    name,
    times,
    sides: { ...Object.fromEntries(all), 'one command by hand': hand, 'redis-benchmark -P': limit }
  }
}

function has({ name }: Work, calls: Partial<Calls>): boolean {
  return calls.push !== undefined || name === 'reads of a dict' || name === 'assignments'
}

/** The milliseconds that so many commands take, 1,000 in a pipeline. */
async function redisBenchmark(port: number, size: number, words: readonly string[]): Promise<number> {
  const count = 100_000
  const options = ['-p', String(port), '-c', '1', '-P', '1000', '-n', String(count), '-q']
  const { stdout } = await promisify(execFile)('redis-benchmark', [...options, ...words])
  const perSecond = Number(/([\d.]+) requests per second/.exec(stdout)?.[1])
  return (size / perSecond) * 1000
}
