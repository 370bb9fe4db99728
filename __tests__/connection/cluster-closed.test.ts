import { expect, test } from '@jest/globals'
import type { ClientConnection, ClusterProvider } from '../../src/clients/port.js'
import { Cluster } from '../../src/connection/cluster.js'
import { command } from '../../src/core/command.js'
import { Key } from '../../src/core/keys.js'

/** A cluster of one node, and whether a connection to it was opened. */
function oneNode(): { provider: ClusterProvider; opened: string[] } {
  const opened: string[] = []
  const connection: ClientConnection = {
    ready: false,
    open: () => Promise.resolve(void opened.push('one')),
    transmit: (_, receiver) => receiver.replied('PONG'),
    transmitMulti: (_, receiver) => receiver.replied([]),
    send: () => Promise.resolve('PONG'),
    transact: () => Promise.resolve([]),
    subscribe: () => Promise.resolve(),
    onLoss: () => undefined,
    keepAlive: () => undefined,
    close: () => undefined
  }
  const provider: ClusterProvider = {
    kind: 'cluster',
    closedByOwner: false,
    open: () => Promise.resolve(),
    masters: () => ['one:1'],
    masterOf: () => 'one:1',
    refreshSlot: () => Promise.resolve(),
    connection: () => connection
  }
  return { provider, opened }
}

test('a call that is the first on its node after close() fails, and opens no connection', async () => {
  const { provider, opened } = oneNode()
  const cluster = new Cluster(provider, { connectTimeout: 200, responseTimeout: 200, fusion: false })
  cluster.close()
  const outcome = new Promise(ended => {
    const call = { requests: [command('GET', new Key('k'))], resend: true, losses: 0, replied: ended, failed: ended }
    cluster.submit(call)
  })
  expect(await outcome).toMatchObject({ name: 'ConnectionError', outcome: 'not-sent' })
  expect(opened).toEqual([])
})
