import { describe, expect, test } from '@jest/globals'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

describe.each(backends)("Auxiliary keys leave the user's keys alone, on $name:", ({ createHot, raw }) => {
  const hot = createHot()

  test.each(['staged', 'staging-0', 'helper', 'sorting', 'waiters', 'getters', 'holders', 'replies', 'state'])(
    'a key `{key}:%s` of the user is neither read nor written',
    async role => {
      const key = freshKey()
      const users = hot.dict<{ mine: number }>(`{${key}}:${role}`, { initial: { mine: 1 } })
      await hot.flush()

      await hot.multiSet(key).update({ pears: 2 })
      expect(await hot.multiSet(key).toJS()).toEqual(new Map([['pears', 2]]))
      await hot.multiSet(key).clear()
      const set = hot.set<number>(key)
      await set.update([1, 2])
      await set.symmetricDifferenceUpdate([2, 3])
      expect(await set.toJS()).toEqual(new Set([1, 3]))
      await set.clear()
      const list = hot.list<number>(key)
      await list.extend(Array.from({ length: 12_000 }, (_, index) => 12_000 - index))
      await list.splice(5, 0, ...Array.from({ length: 9_000 }, () => 0))
      await list.sort()
      expect(await list.length).toBe(21_000)
      await list.clear()
      const queue = hot.queue<string>(key)
      const got = queue.get()
      await queue.put('x')
      expect(await got).toBe('x')
      await queue.clear()
      await hot.lock(key).run(() => undefined)

      expect(await users.toJS()).toEqual({ mine: 1 })
      expect(await raw(users.key, 'TYPE', users.key)).toBe('hash')
      await users.clear()
    }
  )

  test('a handle of an auxiliary key is refused', () => {
    expect(() => hot.list('{todo}:hot-redis:getters')).toThrow(/has the form of an auxiliary key/)
  })
})
