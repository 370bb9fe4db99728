// JavaScript, since jest runs this file outside its own module system: TypeScript is left to tsx here.

import { tsImport } from 'tsx/esm/api'

let stop = () => Promise.resolve()

/** One server and one cluster for the whole run; tests that hurt a server start their own. */
export default async function globalSetup() {
  /** @type {typeof import('./servers.js')} */
  const { startServer, startCluster, stopAll } = await tsImport('./servers.ts', import.meta.url)
  const starting = /** @type {const} */ ([startServer(), startCluster()])
  stop = async () => {
    const settled = await Promise.allSettled(starting)
    await stopAll(settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
  }
  // A signal ends jest without its globalTeardown.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => stop().finally(() => process.exit(1)))

  try {
    const [server, cluster] = await Promise.all(starting)
    process.env.HOT_TEST_URL = server.url
    process.env.HOT_TEST_CLUSTER = cluster.rootUrls.join(',')
  } catch (error) {
    await stop()
    throw error
  }
}

export const globalTeardown = () => stop()
