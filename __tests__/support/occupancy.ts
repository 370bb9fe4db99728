import { createClient } from 'redis'

/** Counts who is inside of what a semaphore guards, in Redis, without this library. A visitor is `<process>:<number>`. */
export interface Occupancy {
  readonly enter: (visitor: string) => Promise<unknown>
  readonly leave: (visitor: string) => Promise<unknown>
  /** Those of a dead process are inside no longer, and don't come any more; how many were inside. */
  readonly bury: (process: number) => Promise<number>
  /** How many there have been inside at the same time. */
  readonly most: () => Promise<number>
  /** How often somebody came in. */
  readonly visits: () => Promise<number>
  readonly close: () => Promise<unknown>
}

/** KEYS: who is inside, the dead, counts. */
const scripts = {
  enter: `
    if redis.call('SISMEMBER', KEYS[2], ARGV[1]:match('^%d+')) == 1 then return end
    redis.call('SADD', KEYS[1], ARGV[1])
    redis.call('HINCRBY', KEYS[3], 'visits', 1)
    local most = math.max(redis.call('SCARD', KEYS[1]), tonumber(redis.call('HGET', KEYS[3], 'most') or 0))
    redis.call('HSET', KEYS[3], 'most', most)`,
  leave: `redis.call('SREM', KEYS[1], ARGV[1])`,
  bury: `
    redis.call('SADD', KEYS[2], ARGV[1])
    local left = 0
    for _, visitor in ipairs(redis.call('SMEMBERS', KEYS[1])) do
      if visitor:match('^%d+') == ARGV[1] then left = left + redis.call('SREM', KEYS[1], visitor) end
    end
    return left`
}

export async function occupancy(key: string): Promise<Occupancy> {
  const client = createClient({ url: process.env['HOT_TEST_URL'] ?? '' }).on('error', () => undefined)
  await client.connect()
  const keys = [key, `${key}:dead`, `${key}:counts`]
  const run = (script: string, argument: string) => client.eval(script, { keys, arguments: [argument] })
  const count = async (field: string) => Number((await client.hGet(`${key}:counts`, field)) ?? 0)
  return {
    enter: visitor => run(scripts.enter, visitor),
    leave: visitor => run(scripts.leave, visitor),
    bury: async process => Number(await run(scripts.bury, String(process))),
    most: () => count('most'),
    visits: () => count('visits'),
    close: () => client.disconnect()
  }
}
