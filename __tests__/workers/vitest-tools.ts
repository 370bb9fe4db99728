/* eslint-disable @typescript-eslint/unbound-method -- methods need no `this` */
import { equals, iterableEquality, typeEquality } from '@vitest/expect'
import { spyOn } from '@vitest/spy'
import { createHot } from '../../src/index.js'

// Vitest's tools at work on handles, in a process without Jest, beside which they can't be loaded. Nothing listens at the
// url: what is sent fails.

const hot = createHot({ url: 'redis://127.0.0.1:1' })
const otherHot = createHot({ url: 'redis://127.0.0.1:1' })
const testers = [iterableEquality, typeEquality]
const alike = (one: unknown, other: unknown): boolean[] => [
  equals(one, other, testers),
  equals(one, other, testers, true),
  equals({ deep: [one] }, { deep: [other] }, testers)
]

const names = ['list', 'dict', 'set', 'multiSet', 'string', 'int', 'queue', 'lock'] as const
const comparisons = names.map(name => {
  const made = (from: typeof hot, key: string): object => (from[name] as (key: string) => object).call(from, key)
  const one = made(hot, 'k')
  const different = [made(hot, 'another'), made(otherHot, 'k'), {}, { key: 'k' }]
  return {
    name,
    same: alike(one, made(hot, 'k')),
    different: different.flatMap(other => [...alike(one, other), ...alike(other, one)])
  }
})

const list = hot.list<string>('todo')
const { push } = list
const spy = spyOn(list, 'push').mockReturnValue(Promise.resolve(5) as never)
const spied = await list.push('x')
const { calls } = spy.mock
spy.mockRestore()

process.send?.({ comparisons, spied, calls, restored: list.push === push })
