import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ConnectionError, createHot, type HotOptions } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { versions } from '../support/node-redis.js'
import { failureOf, started } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const ways: [string, (url: string) => HotOptions][] = [
  ['a URL', url => ({ url })],
  ...versions.map(({ version, createClient }): [string, (url: string) => HotOptions] => [
    `a client of node-redis ${version}`,
    url => ({ client: createClient(url) })
  ])
]

test.each(ways)('when a server dies that has read nothing for a while, all calls end, over %s', async (_, options) => {
  await using hot = createHot({ ...options(server.url), connectTimeout: 300 })
  const list = hot.list<string>(freshKey('list'))
  await list.push('x')
  server.pause()
  const write = (): Promise<number>[] => Array.from({ length: 300 }, () => started(list.push('x'.repeat(50_000))))
  const calls = write()
  await new Promise(resolve => setTimeout(resolve, 50))
  calls.push(...write())
  await new Promise(resolve => setTimeout(resolve, 50))
  await server.kill()
  for (const call of calls) expect(await failureOf(call)).toBeInstanceOf(ConnectionError)
  await server.restart()
  expect(await list.push('y')).toBe(1)
})
