import { createClient } from 'redis'

/**
 * What a lock guards, held in Redis without this library: it refuses every token lower than the highest it has seen, counts
 * the sections that were carried out, and writes down in a ledger, in one step with that, who came, who went, and whom it
 * refused.
 */
export interface GuardedResource {
  /** Whether it let in. */
  readonly enter: (token: number, slot: number) => Promise<boolean>
  /** The work of a section, and its end; whether it was taken. */
  readonly leave: (token: number, slot: number) => Promise<boolean>
  /** What a release came to. */
  readonly note: (what: Outcome, token: number, slot: number) => Promise<unknown>
  /** How many sections of a slot were carried out. */
  readonly sections: (slot: number) => Promise<number>
  readonly highestToken: () => Promise<number>
  readonly ledger: () => Promise<Entry[]>
  readonly close: () => Promise<unknown>
}

/** `lost without cause`: its lease had ended, although neither the process nor the server had stood still. */
export type Outcome = 'kept' | 'lost' | 'lost without cause'

export interface Entry {
  readonly what: 'enter' | 'leave' | Outcome
  readonly token: number
  readonly slot: number
  readonly taken: boolean
}

const script = `
  local what, token, slot = ARGV[1], tonumber(ARGV[2]), ARGV[3]
  local highest = tonumber(redis.call('HGET', KEYS[1], 'highest') or 0)
  local taken = 1
  if what == 'enter' then
    if token > highest then redis.call('HSET', KEYS[1], 'highest', ARGV[2]) else taken = 0 end
  elseif what == 'leave' then
    if token == highest then redis.call('HINCRBY', KEYS[1], slot, 1) else taken = 0 end
  end
  redis.call('RPUSH', KEYS[2], cjson.encode({ what, ARGV[2], slot, taken }))
  return taken`

export async function guardedResource(key: string): Promise<GuardedResource> {
  const client = createClient({ url: process.env['HOT_TEST_URL'] ?? '' }).on('error', () => undefined)
  await client.connect()
  const keys = [key, `${key}:ledger`]
  const write = async (what: Entry['what'], token: number, slot: number) =>
    (await client.eval(script, { keys, arguments: [what, String(token), String(slot)] })) === 1
  const number = async (field: string) => Number((await client.hGet(key, field)) ?? 0)
  return {
    enter: (token, slot) => write('enter', token, slot),
    leave: (token, slot) => write('leave', token, slot),
    note: write,
    sections: slot => number(String(slot)),
    highestToken: () => number('highest'),
    ledger: async () => (await client.lRange(`${key}:ledger`, 0, -1)).map(parse),
    close: () => client.disconnect()
  }
}

function parse(line: string): Entry {
  const [what, token, slot, taken] = JSON.parse(line) as [Entry['what'], string, string, number]
  return { what, token: Number(token), slot: Number(slot), taken: taken === 1 }
}

/** What a ledger tells of the sections, each known by its token. */
export interface Verdict {
  /** Sections during which another was carried out, although their permit was held from before to after. */
  readonly overlapping: readonly number[]
  readonly kept: number
  readonly lost: number
  readonly lostWithoutCause: number
  /** Those that nobody has told the end of. */
  readonly unfinished: number
  /** What a holder wrote after its lease had ended, when another one had come. */
  readonly refused: number
}

/** Judges by the ledger: whoever releases a permit that it has held all the time has been alone. */
export function judge(ledger: readonly Entry[]): Verdict {
  const places = new Map<number, Map<Entry['what'], number>>()
  for (const [place, { what, token }] of ledger.entries()) {
    const known = places.get(token)
    if (known) known.set(what, place)
    else places.set(token, new Map([[what, place]]))
  }
  const tokens = [...places.keys()]
  const ended = (what: Outcome) => tokens.filter(token => places.get(token)!.has(what))
  const wasAlone = (token: number) => {
    const [enter, leave] = (['enter', 'leave'] as const).map(what => places.get(token)!.get(what))
    if (enter === undefined || leave === undefined || !ledger[enter]!.taken || !ledger[leave]!.taken) return false
    return ledger.slice(enter + 1, leave).every(({ what, taken }) => !taken || (what !== 'enter' && what !== 'leave'))
  }
  const [kept, lost, lostWithoutCause] = [ended('kept'), ended('lost'), ended('lost without cause')]
  return {
    overlapping: kept.filter(token => !wasAlone(token)),
    kept: kept.length,
    lost: lost.length,
    lostWithoutCause: lostWithoutCause.length,
    unfinished: tokens.length - kept.length - lost.length - lostWithoutCause.length,
    refused: ledger.filter(({ taken }) => !taken).length
  }
}
