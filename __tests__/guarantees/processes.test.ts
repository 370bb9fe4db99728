import { expect, test } from '@jest/globals'
import { createHot } from '../../src/index.js'
import { spawnWorker } from '../support/processes.js'

const url = process.env['HOT_TEST_URL']!
const PROCESSES = 4

/** Starts processes on one key, lets them go at the same moment, and gives what each of them tells. */
async function together<T>(job: string, key: string, processes = PROCESSES): Promise<T[]> {
  const workers = Array.from({ length: processes }, (_, number) =>
    spawnWorker('sharing.ts', [job, url, key, String(number)])
  )
  await Promise.all(workers.map(worker => worker.next()))
  for (const worker of workers) worker.send('go')
  const results = await Promise.all(workers.map(worker => worker.next<T>()))
  expect(await Promise.all(workers.map(worker => worker.done))).toEqual(workers.map(() => 0))
  return results
}

test('two processes see each other’s changes of a list and a dict', async () => {
  await using hot = createHot({ url })
  const list = hot.list<string>('processes:shared', { initial: ['from the test'] })
  const user = hot.dict<{ name: string }>('processes:shared:user', { initial: { name: 'Ada' } })
  await hot.flush()
  const [told] = await together('seesChanges', list.key, 1)
  expect(told).toEqual({ seen: ['from the test'], name: 'Ada' })
  expect(await list.toJS()).toEqual(['from the test', 'from the worker'])
  expect(await user.name).toBe('Ada Lovelace')
})

test('increments of one field by many processes all count, and no two get the same answer', async () => {
  await using hot = createHot({ url })
  const dict = hot.dict<Record<string, number>>('processes:count')
  const answers = (await together<number[]>('increments', dict.key)).flat()
  expect(await dict.get('n')).toBe(PROCESSES * 1_000)
  expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: PROCESSES * 1_000 }, (_, index) => index + 1))
})

test('transfers by many processes conserve the total', async () => {
  await using hot = createHot({ url })
  const accounts = { account0: 100, account1: 100, account2: 100, account3: 100 }
  const dict = hot.dict<Record<string, number>>('processes:accounts', { initial: accounts })
  await hot.flush()
  await together('transfers', dict.key)
  expect(Object.values(await dict.toJS()).reduce((total, amount) => total + amount)).toBe(400)
})

test('insert, pop, splice, reverse, push and extend by many processes lose and double no item', async () => {
  await using hot = createHot({ url })
  const list = hot.list<string>('processes:edited')
  const told = await together<{ put: string[]; taken: string[] }>('edits', list.key)
  const put = told.flatMap(one => one.put).sort()
  const found = [...told.flatMap(one => one.taken), ...(await list.toJS())].sort()
  expect(found).toEqual(put)
})

test('a default is made once: all processes see one value in each field', async () => {
  const told = await together<string[]>('defaults', 'processes:defaults')
  for (const values of told) expect(values).toEqual(told[0])
})
