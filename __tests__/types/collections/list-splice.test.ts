import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { scaled } from '../../support/runs.js'

/** So long that a few items in the middle are changed where they are, and so short that ends and middle are all near. */
const LENGTH = 1_400
const hour = 3_600_000

describe.each(backends)('Splicing on $name', ({ createHot }) => {
  const hot = createHot()
  // Many equal items, and one as long as no marker may be taken for.
  const item = fc.oneof(fc.constantFrom('same', '\0', '\0'.repeat(41)), fc.nat({ max: 5 }))
  const position = fc.oneof(
    fc.integer({ min: -LENGTH, max: LENGTH }),
    fc.integer({ min: 495, max: 905 }),
    fc.integer({ min: -10, max: 10 })
  )
  const splice = fc.record({
    at: position,
    count: fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: LENGTH })),
    items: fc.oneof(fc.array(item, { maxLength: 7 }), fc.array(item, { minLength: 480, maxLength: 520 }))
  })

  test('anywhere in a long list does what Array.splice does, and keeps the time to live', async () => {
    const property = fc.asyncProperty(fc.array(splice, { minLength: 1, maxLength: 4 }), async splices => {
      const array: (string | number)[] = Array.from({ length: LENGTH }, (_, index) =>
        index % 3 === 0 ? 'same' : index
      )
      const list = hot.list<string | number>(freshKey())
      await Promise.all([list.extend(array), list.expire(hour)])
      for (const { at, count, items } of splices) {
        expect(await list.splice(at, count, ...items)).toEqual(array.splice(at, count, ...items))
      }
      expect(await list.toJS()).toEqual(array)
      if (array.length > 0) expect(await list.ttl()).toBeGreaterThan(hour / 2)
    })
    await fc.assert(property, { numRuns: scaled(60) })
  })

  test('one item in or out in the middle of a long list of equal items is the one that was meant', async () => {
    const array: (string | number)[] = Array.from({ length: LENGTH }, () => 'same')
    const list = hot.list<string | number>(freshKey())
    await list.extend(array)
    for (const at of [600, 700, 800, -600, -700]) {
      await Promise.all([list.insert(at, at), list.insert(at, 'same'), list.pop(at - 40)])
      array.splice(at, 0, at)
      array.splice(at, 0, 'same')
      array.splice(at - 40, 1)
      expect(await list.pop(at + 20)).toBe(array.splice(at + 20, 1)[0])
    }
    expect(await list.toJS()).toEqual(array)
  })
})
