import { describe, expect, test } from '@jest/globals'
import calculateSlot from 'cluster-key-slot'
import fc from 'fast-check'
import {
  auxKey,
  isAuxKey,
  ownerOf,
  Key,
  keysFor,
  newKeyInSlot,
  slotGuardKey,
  slotOf,
  stagingKey,
  tagOfSlot
} from '../../src/core/keys.js'

const RUNS = { numRuns: 500 }

/** Keys with braces in any place, and with characters of several bytes. */
const oddKey = fc
  .array(fc.oneof(fc.constantFrom('{', '}', '{}', 'a', ':', 'ß', '👍'), fc.string({ maxLength: 3 })), {
    minLength: 1,
    maxLength: 8
  })
  .map(parts => parts.join('').toWellFormed())
  .filter(key => key !== '')

/** Keys that have at most one tag: cluster-key-slot gets `x{}y{z}` wrong. */
const ordinaryKey = fc
  .tuple(fc.stringMatching(/^[^{}]{0,10}$/), fc.stringMatching(/^[^{}]{1,10}$/), fc.stringMatching(/^[^{}]{0,10}$/))
  .chain(([before, tag, after]) => fc.constantFrom(before + tag + after, `${before}{${tag}}${after}`))
  .map(key => key.toWellFormed())

describe('slotOf', () => {
  test('is that of the specification', () => {
    // The check value of CRC16 (XMODEM), and an example of the specification.
    expect(slotOf('123456789')).toBe(0x31c3)
    expect(slotOf('{user1000}.following')).toBe(slotOf('{user1000}.followers'))
  })

  test('is what cluster-key-slot says, for keys with one tag or none', () => {
    fc.assert(
      fc.property(ordinaryKey, key => {
        expect(slotOf(key)).toBe(calculateSlot(key))
      }),
      RUNS
    )
  })

  test.each([
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
    ['}{bar}', 'bar']
  ])('of %s is that of %s, its tag', (key, tag) => {
    expect(slotOf(key)).toBe(slotOf(tag))
  })

  test.each(['foo{}{bar}', 'foo}{bar', '{}', '{bar'])('of %s is that of the whole: it has no tag', key => {
    // What CLUSTER KEYSLOT says.
    const known: Readonly<Record<string, number>> = { 'foo{}{bar}': 8363 }
    expect(slotOf(key)).toBe(known[key] ?? calculateSlot(key))
  })

  test('has a tag for any slot', () => {
    for (const slot of [0, 1, 5_461, 16_383]) expect(slotOf(`{${tagOfSlot(slot)}}:x`)).toBe(slot)
  })
})

describe('An auxiliary key', () => {
  test('says in its name whose it is', () => {
    expect(auxKey(new Key('todo'), 'getters').name).toBe('{todo}:hot-redis:getters')
    expect(auxKey(new Key('{app}:todo'), 'getters').name).toBe('{app}:todo:hot-redis:getters')
  })

  test('shares the slot of its key, whatever braces that has, and is told as auxiliary', () => {
    fc.assert(
      fc.property(oddKey, name => {
        const key = new Key(name)
        for (const made of [auxKey(key, 'role'), slotGuardKey(key), stagingKey(key), stagingKey(key, 1)]) {
          expect(slotOf(made.name)).toBe(slotOf(name))
          expect(isAuxKey(made.name)).toBe(true)
        }
      }),
      RUNS
    )
  })

  test('is another for each key and each role', () => {
    fc.assert(
      fc.property(oddKey, oddKey, (one, two) => {
        fc.pre(one !== two)
        expect(auxKey(new Key(one), 'role').name).not.toBe(auxKey(new Key(two), 'role').name)
        expect(auxKey(new Key(one), 'role').name).not.toBe(auxKey(new Key(one), 'other').name)
      }),
      RUNS
    )
  })

  test('tells whose it is', () => {
    fc.assert(
      fc.property(oddKey, name => expect(ownerOf(auxKey(new Key(name), 'role').name)).toBe(name)),
      RUNS
    )
    for (const name of ['todo', '{todo}', '{', '{{}', '}', 'a{b}', '{}x']) {
      expect(ownerOf(auxKey(new Key(name), 'role').name)).toBe(name)
    }
  })

  test('is what no key of a user looks like', () => {
    for (const name of ['todo', 'hot-redis', 'hot-redis:x', 'a:hot-redis', '{a}:getters']) {
      expect(isAuxKey(name)).toBe(false)
    }
  })

  test('comes behind the key itself, in the order of the roles', () => {
    const names = keysFor(new Key('q'), ['items', 'getters', 'putters']).map(({ name }) => name)
    expect(names).toEqual(['q', '{q}:hot-redis:getters', '{q}:hot-redis:putters'])
  })
})

describe('newKeyInSlot', () => {
  test('has the prefix and shares the slot, whatever braces are in prefix and name', () => {
    const prefix = fc.constantFrom('', 'app:', '{app}:', '{', '}', 'a{}', 'a{b')
    fc.assert(
      fc.property(prefix, oddKey, (prefix, name) => {
        const made = newKeyInSlot(name, new Key(prefix + name), 'id')
        expect(slotOf(prefix + made)).toBe(slotOf(prefix + name))
        expect(made).toContain('id')
        expect(prefix + made).not.toBe(prefix + name)
      }),
      { numRuns: 100 }
    )
  })

  test('is as plain as it can be', () => {
    expect(newKeyInSlot('text', new Key('text'), 'id')).toBe('{text}:id')
    expect(newKeyInSlot('text', new Key('{app}:text'), 'id')).toBe('id')
    expect(newKeyInSlot('{t}:text', new Key('app:{t}:text'), 'id')).toBe('{t}:id')
  })
})
