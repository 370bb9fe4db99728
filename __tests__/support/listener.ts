import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, type Hot } from '../../src/index.js'

/** A wire to Redis on which one can hear whether anything was sent. */
interface Listener {
  readonly url: string
  /** What was sent so far: connections, and bytes on them. */
  heard(): Promise<{ connections: number; bytes: number }>
  close(): Promise<void>
}

/** Passes on what is sent to the server of the test run. */
async function startListener(): Promise<Listener> {
  const { hostname, port } = new URL(process.env['HOT_TEST_URL'] ?? '')
  const sockets = new Set<Socket>()
  let connections = 0
  let bytes = 0
  const server = createServer(socket => {
    connections++
    const target = connect(Number(port), hostname)
    for (const one of [socket, target]) {
      sockets.add(one)
      one.on('error', () => undefined).on('close', () => (socket.destroy(), target.destroy()))
    }
    socket.on('data', data => (bytes += data.length))
    socket.pipe(target).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    // What is on its way when one asks takes a moment to be heard.
    heard: async () => {
      await sleep(20)
      return { connections, bytes }
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    }
  }
}

/** A Hot of which one can tell whether it sends anything; closed after the test file. */
export interface HeardHot {
  readonly hot: Hot
  /** Makes each test of a group fail in which anything was sent. */
  readonly expectNothingSent: () => void
  /** How many connections there were so far. */
  readonly connections: () => Promise<number>
}

export async function hearHot(): Promise<HeardHot> {
  const listener = await startListener()
  const hot = createHot({ url: listener.url })
  afterAll(async () => {
    await hot.close()
    await listener.close()
  })
  return {
    hot,
    expectNothingSent() {
      let before: unknown
      beforeAll(async () => {
        before = await listener.heard()
      })
      afterEach(async () => {
        const [heardBefore, heard] = [before, await listener.heard()]
        before = heard
        expect(heard).toEqual(heardBefore)
      })
    },
    connections: async () => (await listener.heard()).connections
  }
}
