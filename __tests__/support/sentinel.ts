import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { until } from './promises.js'
import { startServer } from './servers.js'

/** A master with a replica, and a sentinel that watches them. */
export interface Sentinel {
  readonly name: string
  readonly port: number
  /** Has the replica take the place of the master; resolves when the sentinel says so. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

const NAME = 'main'

/** Sends one command on a connection of its own. */
async function command<R>(port: number, ...words: string[]): Promise<R> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` }).on('error', () => undefined)
  await client.connect()
  try {
    return await client.sendCommand<R & string>(words)
  } finally {
    await client.disconnect()
  }
}

export async function startSentinel(): Promise<Sentinel> {
  const args = ['--repl-diskless-sync-delay', '0']
  const master = await startServer({ args })
  const replica = await startServer({ args: [...args, '--replicaof', '127.0.0.1', String(master.port)] })
  await until('it is replicated', async () => /state=online/.test(await command(master.port, 'INFO', 'replication')))
  const folder = await mkdtemp(join(tmpdir(), 'hot-redis-sentinel-'))
  const port = master.port + 10_000
  const file = join(folder, 'sentinel.conf')
  await writeFile(file, `port ${port}\nsentinel monitor ${NAME} 127.0.0.1 ${master.port} 1\n`)
  const executable = /executable:(.*\S)/.exec(await command(master.port, 'INFO', 'server'))![1]!
  const child = spawn(executable, [file, '--sentinel', '--dir', folder], { stdio: 'ignore' })
  const masterPort = async () => Number((await command<string[]>(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))[1])
  await until('it listens', () =>
    command(port, 'PING').then(
      () => true,
      () => false
    )
  )
  await until('it knows the replica', async () => {
    const info = await command<string[]>(port, 'SENTINEL', 'MASTER', NAME)
    return info[info.indexOf('num-slaves') + 1] === '1'
  })
  return {
    name: NAME,
    port,
    async failOver() {
      const before = await masterPort()
      await until('it fails over', () =>
        command(port, 'SENTINEL', 'FAILOVER', NAME).then(
          () => true,
          () => false
        )
      )
      await until('it has failed over', async () => (await masterPort()) !== before)
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await Promise.all([replica.stop(), master.stop()])
      await rm(folder, { recursive: true, force: true })
    }
  }
}
