import { createClient } from 'redis'
import { createHot, type Hot } from '../../src/index.js'
import { startServer } from './servers.js'

/** A server that no other test file keeps busy, so that its memory and its statistics are the test's own. */
export interface OwnServer {
  readonly url: string
  readonly hot: Hot
  /** Another Hot, on a connection of its own. */
  readonly another: () => Hot
  readonly raw: (...args: string[]) => Promise<unknown>
  /** How many bytes the server has sent since CONFIG RESETSTAT. */
  readonly bytesSent: () => Promise<number>
  readonly close: () => Promise<void>
}

export async function ownServer(): Promise<OwnServer> {
  const server = await startServer()
  const client = createClient({ url: server.url }).on('error', () => undefined)
  await client.connect()
  const hots: Hot[] = []
  const another = () => {
    const made = createHot({ url: server.url })
    hots.push(made)
    return made
  }
  const raw = (...args: string[]) => client.sendCommand(args)
  return {
    url: server.url,
    hot: another(),
    another,
    raw,
    bytesSent: async () => statistic(await raw('INFO', 'stats'), /total_net_output_bytes:(\d+)/),
    close: async () => {
      await Promise.all(hots.map(hot => hot.close()))
      await client.disconnect()
      await server.stop()
    }
  }
}

/** A number out of what INFO says; 0 when it does not say it. */
export const statistic = (info: unknown, pattern: RegExp): number => Number(pattern.exec(String(info))?.[1] ?? 0)
