// What a transaction costs beside what one would write by hand with node-redis 4: MULTI on the shared connection where
// nothing is read, WATCH and MULTI on a connection of its own where something is. Both sides check the same things.

import { createHot } from 'hot-redis'
import { createClient } from 'redis'
import { countRoundTrips } from '../__tests__/support/round-trips.js'
import { TcpProxy } from '../__tests__/support/tcp-proxy.js'
import { measure, oneByOne, print, withServer, type Measurement } from './support/pairs.js'

interface Sides {
  readonly name: string
  readonly hot: () => Promise<unknown>
  readonly raw: () => Promise<unknown>
}

/** The same work both ways, through whatever stands at the url. */
async function sidesAt(url: string): Promise<{ pairs: readonly Sides[]; close: () => Promise<unknown> }> {
  const hot = createHot({ url })
  const user = hot.dict<{ visits: number }>('user', { initial: { visits: 0 } })
  const account = hot.dict<{ balance: number }>('{bank}:account', { initial: { balance: 0 } })
  const total = hot.dict<{ balance: number }>('{bank}:total', { initial: { balance: 0 } })
  await hot.flush()

  const shared = createClient({ url }).on('error', () => undefined)
  const own = shared.duplicate().on('error', () => undefined)
  await Promise.all([shared.connect(), own.connect()])

  const pairs: readonly Sides[] = [
    {
      name: 'two writes  /  MULTI HSET HSET EXEC',
      hot: () =>
        hot.transaction(() => {
          account.balance = 1
          total.balance = 1
        }),
      raw: () => shared.multi().hSet('{bank}:account', 'balance', '1').hSet('{bank}:total', 'balance', '1').exec()
    },
    {
      name: 'a write with its result  /  MULTI HSETNX HGET EXEC',
      hot: () => hot.transaction(() => [user.getOrInsert('visits', 0)]),
      raw: () => shared.multi().hSetNX('user', 'visits', '0').hGet('user', 'visits').exec()
    },
    {
      name: 'a read and a write  /  WATCH HGET, MULTI HSET EXEC',
      hot: () =>
        hot.transaction(async () => {
          const visits = (await user.visits) ?? 0
          user.visits = visits + 1
        }),
      raw: async () => {
        const [, visits] = await Promise.all([own.watch('user'), own.hGet('user', 'visits')])
        await own
          .multi()
          .hSet('user', 'visits', String(Number(visits) + 1))
          .exec()
      }
    },
    {
      name: 'the same, awaiting each  /  WATCH, HGET, MULTI HSET EXEC',
      hot: () =>
        hot.transaction(async () => {
          const visits = (await user.visits) ?? 0
          user.visits = visits + 1
        }),
      raw: async () => {
        await own.watch('user')
        const visits = await own.hGet('user', 'visits')
        await own
          .multi()
          .hSet('user', 'visits', String(Number(visits) + 1))
          .exec()
      }
    },
    {
      name: 'two reads of one moment  /  WATCH HGET HGET, MULTI EXEC',
      hot: () => hot.transaction(() => [account.balance, total.balance]),
      raw: async () => {
        await Promise.all([
          own.watch(['{bank}:account', '{bank}:total']),
          own.hGet('{bank}:account', 'balance'),
          own.hGet('{bank}:total', 'balance')
        ])
        await own.multi().exec()
      }
    }
  ]
  return { pairs, close: () => Promise.all([hot.close(), shared.disconnect(), own.disconnect()]) }
}

await withServer(async server => {
  const direct = await sidesAt(server.url)
  const measurements: Measurement[] = []
  for (const { name, hot, raw } of direct.pairs) {
    measurements.push(await measure({ name, times: 50, hot: oneByOne(hot), raw: oneByOne(raw) }))
  }
  print('transactions, one after another', measurements)
  await direct.close()

  const proxy = await TcpProxy.to(server.port)
  const counted = await sidesAt(proxy.url)
  console.log('\nround trips, counted on the wire          hot-redis   raw')
  for (const { name, hot, raw } of counted.pairs) {
    // The first one connects.
    await hot()
    await raw()
    const roundTrips = countRoundTrips(proxy)
    await hot()
    const ofHot = roundTrips()
    await raw()
    console.log(`${name.padEnd(62)} ${ofHot}   ${roundTrips()}`)
  }
  await counted.close()
  await proxy.stop()
})
