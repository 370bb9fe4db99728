import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type RedisClientType } from 'redis'
import type { Cluster } from './servers.js'

/** Moves a slot of a cluster as redis-cli does, step by step, with pauses in which others can get in between. */
export class Resharding {
  private constructor(
    private readonly clients: readonly RedisClientType[],
    private readonly ids: readonly string[],
    private readonly cluster: Cluster
  ) {}

  static async of(cluster: Cluster): Promise<Resharding> {
    const clients = await Promise.all(
      cluster.rootUrls.map(async url => {
        const client: RedisClientType = createClient({ url })
        client.on('error', () => undefined)
        await client.connect()
        return client
      })
    )
    const ids = await Promise.all(clients.map(client => client.sendCommand<string>(['CLUSTER', 'MYID'])))
    return new Resharding(clients, ids, cluster)
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map(client => client.disconnect()))
  }

  slotOf(key: string): Promise<number> {
    return this.clients[0]!.sendCommand<number>(['CLUSTER', 'KEYSLOT', key])
  }

  /** The number of the node that holds a slot. */
  async ownerOf(slot: number): Promise<number> {
    type Range = [number, number, [string, number]]
    const ranges = await this.clients[0]!.sendCommand<Range[]>(['CLUSTER', 'SLOTS'])
    const range = ranges.find(([from, to]) => from <= slot && slot <= to)!
    return this.cluster.nodes.findIndex(({ port }) => port === range[2][1])
  }

  /** Moves a slot from the node that holds it to the next one. */
  async move(slot: number, pause: number): Promise<void> {
    const from = await this.ownerOf(slot)
    const to = (from + 1) % this.clients.length
    const [source, target] = [this.clients[from]!, this.clients[to]!]
    const setSlot = (client: RedisClientType, ...args: string[]) =>
      client.sendCommand(['CLUSTER', 'SETSLOT', String(slot), ...args])

    await setSlot(target, 'IMPORTING', this.ids[from]!)
    await setSlot(source, 'MIGRATING', this.ids[to]!)
    await sleep(pause)
    for (;;) {
      const keys = await source.sendCommand<string[]>(['CLUSTER', 'GETKEYSINSLOT', String(slot), '1'])
      if (keys.length === 0) break
      const { port } = this.cluster.nodes[to]!
      await source.sendCommand(['MIGRATE', '127.0.0.1', String(port), '', '0', '5000', 'KEYS', ...keys])
      await sleep(pause)
    }
    await setSlot(target, 'NODE', this.ids[to]!)
    await sleep(pause)
    await setSlot(source, 'NODE', this.ids[to]!)
    for (const client of this.clients) await setSlot(client, 'NODE', this.ids[to]!)
  }
}
