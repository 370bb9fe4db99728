// Stands between a client and a server as a network does: what passes arrives a millisecond later.

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { serve } from '../support/workers.js'

const [port] = process.argv.slice(2)

const listener = createServer(client => {
  const server = connect(Number(port), '127.0.0.1')
  pass(client, server)
  pass(server, client)
})

function pass(from: Socket, to: Socket): void {
  from.setNoDelay(true)
  from.on('data', chunk => setTimeout(() => to.write(chunk), 1))
  from.on('error', () => undefined)
  from.on('close', () => to.destroy())
}

listener.listen(0, '127.0.0.1')
await once(listener, 'listening')

serve({
  url: () => Promise.resolve(`redis://127.0.0.1:${(listener.address() as AddressInfo).port}`)
})
