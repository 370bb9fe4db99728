import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createHot, type Hot } from '../../src/index.js'
import { Crew, begin, kill, lines, rawClient, type RawClient } from '../support/crew.js'
import { freshKey } from '../support/fresh-key.js'
import { auxKeyName } from '../support/keys.js'
import { spawnWorker } from '../support/processes.js'
import { started, until } from '../support/promises.js'
import { startServer, type Server } from '../support/servers.js'

let server: Server
let raw: RawClient
let hot: Hot
let crew: Crew
let key: string

beforeAll(async () => {
  server = await startServer()
  raw = await rawClient(server.url)
  hot = createHot({ url: server.url })
  crew = new Crew(server.url)
})
beforeEach(() => {
  key = freshKey()
})
afterAll(async () => {
  await hot.close()
  await raw.disconnect()
  await server.stop()
})

/** The auxiliary keys, without a time to live among them. */
async function keysForEver(): Promise<string[]> {
  const keys = await raw.keys(`*${key}*:hot-redis:*`)
  expect(keys.length).toBeGreaterThan(0)
  const times = await Promise.all(keys.map(name => raw.pTTL(name)))
  return keys.filter((_, index) => times[index] === -1)
}

/** Has the replies be as old as when the next one makes a sweep due. */
const age = (queueKey: string) => raw.pExpire(auxKeyName(queueKey, 'replies'), 59_000)

test('Replies to processes that are gone are forgotten although others are added', async () => {
  const gone = createHot({ url: server.url })
  const queue = hot.queue<string>(key)
  await queue.put('a')
  await gone.queue<string>(key).get()
  await gone.close()
  const [left = ''] = await raw
    .hKeys(auxKeyName(key, 'replies'))
    .then(fields => fields.filter(name => name !== 'swept'))
  const isLeft = () => raw.hExists(auxKeyName(key, 'replies'), left)
  for (let round = 0; round < 3; round++) {
    await queue.put('b')
    await queue.get()
    expect([round, await isLeft()]).toEqual([round, round < 1])
    await age(key)
  }
})

test('A reply that is lost is there for a repeated call, also after a sweep', async () => {
  const queue = hot.queue<string>(key)
  const gets = ['first', 'a', 'b', 'c'].map(() => queue.get())
  await lines(raw)(gets.length, key)
  const kept: string[][] = []
  for (const item of ['first', 'a', 'b', 'c']) {
    await queue.put(item)
    kept.push((await raw.hVals(auxKeyName(key, 'replies'))).filter(value => !value.startsWith('hot-redis:')).sort())
    if (item !== 'first') await age(key)
  }
  expect(await Promise.all(gets)).toEqual(['first', 'a', 'b', 'c'])
  expect(kept).toEqual([['first'], ['a', 'first'], ['a', 'b'], ['c']])
})

test.each(['waitsForSpace', 'waits', 'waitsAtOnce'])('A killed process leaves no key for ever (%s)', async job => {
  const [worker] = await crew.hire(1)
  if (job === 'waitsForSpace') await hot.queue<string>(key, { maxsize: 1 }).put('a')
  begin([worker!], job, key, 3)
  if (job === 'waits') worker!.send({ name: 1 })
  const [count, line] =
    job === 'waitsForSpace' ? ([3, 'putters'] as const) : ([job === 'waits' ? 1 : 3, 'getters'] as const)
  await lines(raw)(count, key, line)
  await kill(worker!)
  expect(await keysForEver()).toEqual([])
})

test('nor one that waits for a lock', async () => {
  const permit = await hot.lock(key).acquire()
  const worker = spawnWorker('locking.ts', [server.url, key])
  await worker.next()
  worker.send('acquire')
  await lines(raw)(1, key, 'waiters')
  await kill(worker)
  expect(await keysForEver()).toEqual([])
  await permit.release()
})

test('Waits renew their wait queues, all of a key, and come back to them when they were lost', async () => {
  const queue = hot.queue<string>(key, { maxsize: 1 })
  await queue.put('a')
  const put = queue.put('b')
  const join = queue.join()
  await lines(raw)(1, key, 'joiners')
  await lines(raw)(1, key, 'putters')
  const [putters, joiners] = [auxKeyName(key, 'putters'), auxKeyName(key, 'joiners')]
  await raw.pExpire(putters, 60_000)
  await raw.pExpire(joiners, 60_000)
  const [ticket = ''] = await raw.zRange(putters, 0, 0)
  const [channel = ''] = ticket.split('/')
  const recheck = () => raw.publish(channel, `recheck 0 ${key}`)
  await recheck()
  await until('both are renewed', async () =>
    (await Promise.all([raw.pTTL(putters), raw.pTTL(joiners)])).every(time => time > 60_000)
  )
  await raw.del([putters, joiners])
  await recheck()
  await until('both are back', async () => (await raw.exists([putters, joiners])) === 2)
  expect(await queue.get()).toBe('a')
  await started(put)
  expect(await queue.get()).toBe('b')
  await join
})
