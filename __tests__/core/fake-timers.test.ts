import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createHot, type Hot, type HotOptions } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { versions } from '../support/node-redis.js'

const url = process.env['HOT_TEST_URL']!
// Fake timers stop those of the tests, too.
const { setTimeout: realTimeout } = globalThis
const soon = (what: string) =>
  new Promise<never>((_, reject) => realTimeout(() => reject(new Error(`${what} hangs`)), 3_000).unref())

const ways: [string, () => HotOptions][] = [
  ['a URL', () => ({ url })],
  ...versions.map(({ version, createClient }): [string, () => HotOptions] => {
    const client = createClient(url)
    return [`a client of node-redis ${version}`, () => ({ client })]
  })
]
const fakes: [string, () => unknown][] = [
  ['of today', () => jest.useFakeTimers()],
  ['of old', () => jest.useFakeTimers({ legacyFakeTimers: true })]
]

describe.each(fakes)("Jest's fake timers %s", (_, useFakeTimers) => {
  afterEach(() => void jest.useRealTimers())

  describe.each(ways)('do not hold up a Hot over %s', (_, options) => {
    async function work(hot: Hot) {
      const [list, counter, queue] = [hot.list(freshKey('l')), hot.int(freshKey('n')), hot.queue(freshKey('q'))]
      expect(await Promise.all([list.push('a', 'b'), list.reverse(), list.toJS()])).toEqual([2, undefined, ['b', 'a']])
      await hot.transaction(async () => {
        counter.value = ((await counter.value) ?? 0) + 1
      })
      const got = queue.get()
      await queue.put('x')
      expect(await got).toBe('x')
      await expect(queue.get({ timeout: 20 })).rejects.toThrow('20 ms')
      await hot.lock(freshKey('k')).run(() => list.push('c'))
      expect(await counter.value).toBe(1)
    }

    test('that connects and is closed under them', async () => {
      useFakeTimers()
      const hot = createHot(options())
      await Promise.race([work(hot), soon('a call')])
      await Promise.race([hot.close(), soon('close()')])
    })

    test('that was connected before', async () => {
      await using hot = createHot(options())
      await hot.list(freshKey('l')).push('x')
      useFakeTimers()
      await Promise.race([work(hot), soon('a call')])
      jest.useRealTimers()
      await work(hot)
    })

    test('with values that do not go out at once', async () => {
      await using hot = createHot(options())
      useFakeTimers()
      const list = hot.list<string>(freshKey('l'))
      for (let round = 0; round < 3; round++) {
        const pushes = Array.from({ length: 20 }, () => list.push('x'.repeat(200_000)))
        await Promise.race([Promise.all(pushes), soon('a long call')])
      }
      expect(await Promise.race([list.length, soon('a call')])).toBe(60)
    })
  })
})
