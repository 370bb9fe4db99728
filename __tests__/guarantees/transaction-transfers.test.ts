import { describe, expect, test } from '@jest/globals'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'
import type { Transfer } from '../workers/transfers.js'
import { scaled } from '../support/runs.js'

const ACCOUNTS = 4
const START = 1_000

describe.each(backends)('Processes on $name', ({ name, createHot }) => {
  const hot = createHot()
  const isCluster = name.includes('cluster')
  // The cluster need not prove the same numbers again, only that it is as safe.
  const processes = isCluster ? 4 : 8
  const transfers = scaled(isCluster ? 25 : 100)

  test(`${processes} of them make ${transfers} transfers each between 4 accounts: none lost, none doubled, all finish`, async () => {
    const bank = `{${freshKey('bank')}}`
    const accounts = Array.from({ length: ACCOUNTS }, (_, number) =>
      hot.dict<{ balance: number }>(`${bank}:account:${number}`)
    )
    await Promise.all(accounts.map(account => account.set('balance', START)))

    const args = [bank, ACCOUNTS, transfers, isCluster ? 'cluster' : 'server'].map(String)
    const workers = Array.from({ length: processes }, () => spawnWorker('transfers.ts', args))
    await Promise.all(workers.map(worker => worker.next()))
    for (const worker of workers) worker.send('go')
    const reports = await Promise.all(workers.map(worker => worker.next<{ places: number[]; runs: number }>()))
    expect(await Promise.all(workers.map(worker => worker.done))).toEqual(workers.map(() => 0))

    const ledger = await hot.list<Transfer>(`${bank}:ledger`).toJS()
    expect(new Set(ledger.map(({ id }) => id)).size).toBe(processes * transfers)
    expect(ledger).toHaveLength(processes * transfers)

    const expected = Array<number>(ACCOUNTS).fill(START)
    for (const { from, to, amount } of ledger) {
      expected[from]! -= amount
      expected[to]! += amount
    }
    const balances = await Promise.all(accounts.map(account => account.get('balance')))
    expect(balances).toEqual(expected)
    expect(balances.reduce<number>((sum, balance) => sum + (balance ?? 0), 0)).toBe(ACCOUNTS * START)

    // Each was told the length that its own push made: the places of all of them are all places.
    const places = reports.flatMap(report => report.places).sort((one, other) => one - other)
    expect(places).toEqual(Array.from({ length: processes * transfers }, (_, index) => index + 1))
    // They did meet: without conflicts this would prove nothing.
    expect(reports.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThan(processes * transfers)
  })
})
