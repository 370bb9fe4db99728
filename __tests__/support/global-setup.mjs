// JavaScript, since jest runs this file outside its own module system: TypeScript is left to tsx here.

import { createServer } from 'node:http'
import { tsImport } from 'tsx/esm/api'

let stop = () => Promise.resolve()

/**
 * Each worker of jest has one server and one cluster for all of its test files; tests that hurt a server start their own.
 * They are started here, where they can be stopped for sure, when a worker first asks for them by HTTP with its number and
 * process id.
 */
export default async function globalSetup() {
  /** @type {typeof import('./servers.js')} */
  const { startServer, startCluster, stopAll } = await tsImport('./servers.ts', import.meta.url)

  const start = async () => {
    const both = /** @type {const} */ ([startServer(), startCluster()])
    const stop = async () => {
      const settled = await Promise.allSettled(both)
      await stopAll(settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
    }
    try {
      const [server, cluster] = await Promise.all(both)
      return { variables: { HOT_TEST_URL: server.url, HOT_TEST_CLUSTER: cluster.rootUrls.join() }, stop }
    } catch (error) {
      await stop()
      throw error
    }
  }

  /** @type {Map<string, ReturnType<typeof start>>} */
  const starting = new Map()
  /** Their process ids. @type {Map<string, number>} */
  const workers = new Map()
  const desk = createServer((request, response) => {
    const [, worker = '', pid] = (request.url ?? '').split('/')
    workers.set(worker, Number(pid))
    const servers = starting.get(worker) ?? start()
    starting.set(worker, servers)
    servers.then(
      ({ variables }) => response.end(JSON.stringify(variables)),
      error => response.writeHead(500).end(String(error))
    )
  })
  await new Promise(resolve => desk.listen(0, '127.0.0.1', () => resolve(undefined)))
  process.env.HOT_TEST_SERVERS = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (desk.address()).port}`

  stop = async () => {
    desk.close()
    const settled = await Promise.allSettled(starting.values())
    await stopAll(settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
  }
  // A signal ends jest without its globalTeardown, and without its workers.
  const interrupted = () => {
    for (const pid of workers.values()) if (pid !== process.pid) kill(pid)
    void stop().finally(() => process.exit(1))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, interrupted)
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

export const globalTeardown = () => stop()
