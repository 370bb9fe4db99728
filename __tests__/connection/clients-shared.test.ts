import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import * as version5 from 'redis-v5'
import * as version6 from 'redis-v6'
import { createHot } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { versions } from '../support/node-redis.js'

const url = process.env['HOT_TEST_URL']!

describe('A thousand Hots over one client', () => {
  const warn = jest.spyOn(process, 'emitWarning')
  beforeEach(() => void warn.mockClear())
  afterEach(() => void warn.mockReset())

  test.each(versions)('add no listeners but those of the first (node-redis $version)', ({ createClient }) => {
    const client = createClient(url)
    const counts = () => ['error', 'end', 'ready', 'connect'].map(event => client.listenerCount(event))
    createHot({ client })
    const before = counts()
    for (let made = 1; made < 1_000; made++) createHot({ client })
    expect(counts()).toEqual(before)
    expect(warn).not.toHaveBeenCalled()
  })
})

test.each([
  ['5', version5.createClient({ url }).withCommandOptions({ asap: true })],
  ['6', version6.createClient({ url }).withCommandOptions({ asap: true })]
] as const)(
  'What a client of node-redis %s sends first (asap) does not change the order of calls',
  async (_, client) => {
    await using hot = createHot({ client })
    const list = hot.list<number>(freshKey())
    const pushed = Array.from({ length: 100 }, (_, index) => list.push(index))
    expect(await Promise.all(pushed)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(await list.toJS()).toEqual(Array.from({ length: 100 }, (_, index) => index))
  }
)

test('A connectTimeout that no timer reaches is as long as one can be', async () => {
  await using hot = createHot({ url, connectTimeout: 2 ** 31 + 1_000, responseTimeout: 2 ** 40 })
  expect(await hot.list(freshKey()).push('x')).toBe(1)
})
