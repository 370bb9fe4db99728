// Moves money between accounts at random, many times, and writes each transfer down in the same transaction.

import { createCluster } from 'redis'
import { createHot, type HotDict } from '../../src/index.js'

export interface Transfer {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly amount: number
}

const [bank, accounts, transfers, backend] = process.argv.slice(2) as [string, string, string, string]
const rootNodes = (process.env['HOT_TEST_CLUSTER'] ?? '').split(',').map(url => ({ url }))
const hot =
  backend === 'cluster'
    ? createHot({ client: createCluster({ rootNodes }) })
    : createHot({ url: process.env['HOT_TEST_URL'] })

const account = (number: number): HotDict<{ balance: number }> => hot.dict(`${bank}:account:${number}`)
const ledger = hot.list<Transfer>(`${bank}:ledger`)
const random = (below: number) => Math.floor(Math.random() * below)

let runs = 0

async function transfer(id: string): Promise<number> {
  const from = random(Number(accounts))
  const to = (from + 1 + random(Number(accounts) - 1)) % Number(accounts)
  const amount = 1 + random(10)
  const [length] = await hot.transaction(async () => {
    runs++
    const [source, target] = await Promise.all([account(from).get('balance'), account(to).get('balance')])
    account(from).balance = (source ?? 0) - amount
    account(to).balance = (target ?? 0) + amount
    return [ledger.push({ id, from, to, amount })]
  })
  return length
}

process.once('message', () => {
  void (async () => {
    const places: number[] = []
    for (let done = 0; done < Number(transfers); done++) places.push(await transfer(`${process.pid}-${done}`))
    process.send?.({ places, runs }, () => process.exit(0))
  })()
})
process.send?.('ready')
