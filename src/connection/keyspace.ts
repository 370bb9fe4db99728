import { command, type CallInfo, type Runner } from '../core/command.js'
import { escapeGlob, globMatcher } from '../core/glob.js'
import { Key, SLOTS, isAuxKey, ownerOf } from '../core/keys.js'
import { START, nextPage, paged, type Cursor, type Page } from '../core/paging.js'
import { Recent } from '../core/recent.js'
import type { Topology } from './topology.js'

/** How many keys a page of SCAN looks at. */
const PAGE = 1_000

/** The keys with a prefix, on all masters. */
export class Keyspace {
  constructor(
    private readonly topology: Topology,
    private readonly prefix: string
  ) {}

  /** The keys that match a pattern, without the prefix; auxiliary keys are left out. */
  async *keys(runner: Runner, pattern: string): AsyncGenerator<string, void, undefined> {
    const match = escapeGlob(this.prefix) + pattern
    const info = { operation: 'hot.keys', key: match, redisType: undefined }
    for await (const name of this.#scan(runner, info, match)) {
      if (!isAuxKey(name)) yield name.slice(this.prefix.length)
    }
  }

  /** Deletes the keys that match a pattern, with their auxiliary keys; how many keys there were, those not counted. */
  async clear(runner: Runner, pattern: string): Promise<number> {
    const whole = escapeGlob(this.prefix) + pattern
    const matches = globMatcher(whole)
    const info = { operation: 'hot.clear', key: whole, redisType: undefined }
    const found: string[] = []
    let deleted = 0
    // The name of an auxiliary key has that of its key somewhere inside.
    for await (const name of this.#scan(runner, info, `*${escapeGlob(this.prefix)}*`)) {
      if (matches(isAuxKey(name) ? ownerOf(name) : name)) found.push(name)
      if (found.length === PAGE) deleted += await this.#deleteAll(runner, info, found.splice(0))
    }
    return deleted + (await this.#deleteAll(runner, info, found))
  }

  /** The names of all keys that match: what is there during the whole loop comes once. */
  async *#scan(runner: Runner, info: CallInfo, match: string): AsyncGenerator<string, void, undefined> {
    const seen = new Recent()
    await this.#learnMasters()
    for (let slots = [...Array(SLOTS).keys()]; slots.length > 0;) {
      const masters = slots.map(slot => this.topology.masterOf(slot))
      for (const master of new Set(masters)) {
        const slot = slots[masters.indexOf(master)] as number
        const fetch = (cursor: Cursor): Promise<Page<Cursor>> => this.#page(runner, info, match, slot, cursor)
        const item = (names: readonly string[], at: number): string => names[at] as string
        for await (const name of paged(() => ({ start: START, fetch, width: 1, item }))) {
          if (seen.isNew(name)) yield name
        }
      }
      await this.#learnMasters()
      // Slots that have moved meanwhile are scanned again, on their new master.
      slots = slots.filter((slot, index) => this.topology.masterOf(slot) !== masters[index])
    }
  }

  /** Calls without keys are never redirected, so the masters of all slots have to be known. */
  async #learnMasters(): Promise<void> {
    await this.topology.connectorFor(this.prefix)
    await this.topology.refreshSlots(this.prefix)
  }

  #page(runner: Runner, info: CallInfo, match: string, slot: number, cursor: Cursor): Promise<Page<Cursor>> {
    return runner.run<Page<Cursor>>({
      kind: 'read',
      info,
      requests: [{ ...command('SCAN', cursor.at, 'MATCH', match, 'COUNT', PAGE), slot }],
      decode: ([reply], epoch) => nextPage(cursor, reply, epoch)
    })
  }

  async #deleteAll(runner: Runner, info: CallInfo, names: readonly string[]): Promise<number> {
    const deleted = await Promise.all(names.map(name => this.#delete(runner, info, name)))
    return names.reduce((sum, name, index) => sum + (isAuxKey(name) ? 0 : (deleted[index] as number)), 0)
  }

  #delete(runner: Runner, info: CallInfo, name: string): Promise<number> {
    return runner.run<number>({
      kind: 'write',
      info: { ...info, key: name },
      requests: [command('UNLINK', new Key(name))],
      decode: ([deleted]) => Number(deleted),
      returnsNothing: false,
      idempotent: false
    })
  }
}
