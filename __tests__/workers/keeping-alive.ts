// Opens a connection, has a command answered, says whether it keeps the process alive, and does nothing more.

import * as version4 from 'redis'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { providerOf, serverAt, type RedisClient } from '../../src/clients/node-redis/index.js'
import type { ServerProvider } from '../../src/clients/port.js'

const [which = '', url = '', mode = ''] = process.argv.slice(2)

const clients: Readonly<Record<string, () => object>> = {
  4: () => version4.createClient({ url }),
  5: () => version5.createClient({ url }),
  6: () => version6.createClient({ url })
}

const client = clients[which]?.()
const provider = client ? (providerOf(client as RedisClient) as ServerProvider) : serverAt(url)
const connection = provider.connection()
await connection.open(2_000)
process.send?.(await connection.send(['PING']))
connection.keepAlive(mode === 'busy')
