import { command, type CallInfo, type Runner } from '../core/command.js'
import { escapeGlob, globMatcher } from '../core/glob.js'
import { Key, SLOTS, isAuxKey, ownerOf, slotOf, tagOfSlot } from '../core/keys.js'
import { START, nextPage, pages, type Cursor, type Page } from '../core/paging.js'
import { Recent } from '../core/recent.js'
import type { Topology } from './topology.js'

/** How many keys a page of SCAN looks at. */
const PAGE = 1_000

/** The keys with a prefix, on all masters. */
export class Keyspace {
  constructor(
    private readonly runner: Runner,
    private readonly topology: Topology,
    private readonly prefix: string
  ) {}

  /** The keys that match a pattern, without the prefix; auxiliary keys are left out. */
  async *keys(pattern: string): AsyncGenerator<string, void, undefined> {
    const match = escapeGlob(this.prefix) + pattern
    const info = { operation: 'hot.keys', key: match, redisType: undefined }
    for await (const name of this.#scan(info, match)) {
      if (!isAuxKey(name)) yield name.slice(this.prefix.length)
    }
  }

  /** Deletes the keys that match a pattern, with their auxiliary keys; how many keys there were, those not counted. */
  async clear(pattern: string): Promise<number> {
    const whole = escapeGlob(this.prefix) + pattern
    const matches = globMatcher(whole)
    const info = { operation: 'hot.clear', key: whole, redisType: undefined }
    const found: string[] = []
    let deleted = 0
    // The name of an auxiliary key has that of its key somewhere inside.
    for await (const name of this.#scan(info, `*${escapeGlob(this.prefix)}*`)) {
      if (matches(isAuxKey(name) ? ownerOf(name) : name)) found.push(name)
      if (found.length === PAGE) deleted += await this.#deleteAll(info, found.splice(0))
    }
    return deleted + (await this.#deleteAll(info, found))
  }

  /** The names of all keys that match: what is there during the whole loop comes once. */
  async *#scan(info: CallInfo, match: string): AsyncGenerator<string, void, undefined> {
    const seen = new Recent()
    const done = new Uint8Array(SLOTS)
    for (let slot = 0; slot !== -1; slot = done.indexOf(0)) {
      const master = await this.#masterOf(slot)
      const slots = [...done.keys()].filter(other => this.topology.masterOf(other) === master)
      for await (const { items } of pages(START, cursor => this.#page(info, match, slot, cursor))) {
        for (const name of items) if (done[slotOf(name)] === 0 && seen.isNew(name)) yield name
      }
      // A slot that has moved meanwhile is looked at again, on its new master.
      for (const other of slots) if (this.topology.masterOf(other) === master) done[other] = 1
    }
  }

  async #masterOf(slot: number): Promise<string | undefined> {
    if (this.topology.masterOf(slot) === undefined) await this.topology.connectorFor(tagOfSlot(slot))
    return this.topology.masterOf(slot)
  }

  #page(info: CallInfo, match: string, slot: number, cursor: Cursor): Promise<Page<Cursor>> {
    return this.runner.run<Page<Cursor>>({
      kind: 'read',
      info,
      requests: [{ ...command('SCAN', cursor.at, 'MATCH', match, 'COUNT', PAGE), slot }],
      decode: ([reply], epoch) => nextPage(cursor, reply, epoch)
    })
  }

  async #deleteAll(info: CallInfo, names: readonly string[]): Promise<number> {
    const deleted = await Promise.all(names.map(name => this.#delete(info, name)))
    return names.reduce((sum, name, index) => sum + (isAuxKey(name) ? 0 : (deleted[index] as number)), 0)
  }

  #delete(info: CallInfo, name: string): Promise<number> {
    return this.runner.run<number>({
      kind: 'write',
      info: { ...info, key: name },
      requests: [command('UNLINK', new Key(name))],
      decode: ([deleted]) => Number(deleted),
      returnsNothing: false,
      idempotent: false
    })
  }
}
