import type { OwnServer } from './own-server.js'

export type Range = readonly [from: number, to: number]

/** Fills a set with the numbers of a range; Redis itself puts them there. */
export async function fillSet(own: OwnServer, key: string, [from, to]: Range): Promise<void> {
  const script = `
    local chunk = {}
    for i = ARGV[1], ARGV[2] - 1 do
      chunk[#chunk + 1] = string.format('%d', i)
      if #chunk == 5000 then redis.call('SADD', KEYS[1], unpack(chunk)) chunk = {} end
    end`
  await own.raw('EVAL', script, '1', key, String(from), String(to))
}
