/* eslint-disable eqeqeq, @typescript-eslint/no-base-to-string, @typescript-eslint/no-unnecessary-type-assertion,
   @typescript-eslint/no-unnecessary-type-conversion, @typescript-eslint/no-unsafe-return,
   @typescript-eslint/restrict-plus-operands, @typescript-eslint/restrict-template-expressions
   -- this file does on purpose what these rules keep people from */

import { describe, expect, test } from '@jest/globals'
import { serialize } from 'node:v8'
import { hearHot } from '../support/listener.js'
import { types } from '../support/types.js'
import { assign, expectTypeError } from '../support/unchecked.js'

// What JavaScript can only do at once can't ask Redis: it must throw and say what to call instead, never give a silent
// `{}`, `NaN` or `[object Promise]`.

const { hot, expectNothingSent } = await hearHot()
const dict = hot.dict<{ n: number; name: string; size: number }>('counts')
const list = hot.list<string>('todo')

/** What a field or item reads as, for code that takes it for the value. */
function read(handle: object, field: string | number): never {
  return (handle as Record<string, unknown>)[field] as never
}

describe('what can only be answered at once throws a TypeError that names the call to use', () => {
  expectNothingSent()

  test('"x" in dict', () => {
    expectTypeError(() => 'x' in dict, `await dict.has('x')`)
    expectTypeError(() => 'size' in dict, `await dict.has('size')`)
    expectTypeError(() => 'it has spaces' in dict, `await dict.has('it has spaces')`)
    expectTypeError(() => Reflect.has(dict, 'n'), `await dict.has('n')`)
  })

  test('0 in list', () => {
    expectTypeError(() => 0 in list, /await list\.\w+/)
    expectTypeError(() => 'a' in list, /await list\.\w+/)
  })

  const wholeObjects: readonly (readonly [string, (handle: object) => unknown])[] = [
    ['Object.keys(…)', handle => Object.keys(handle)],
    ['Object.values(…)', handle => Object.values(handle)],
    ['Object.entries(…)', handle => Object.entries(handle)],
    ['Object.getOwnPropertyNames(…)', handle => Object.getOwnPropertyNames(handle)],
    ['Reflect.ownKeys(…)', handle => Reflect.ownKeys(handle)],
    ['{ … }', handle => ({ ...handle })],
    ['Object.assign({}, …)', handle => Object.assign({}, handle) as unknown],
    [
      'const { ...rest } = …',
      handle => {
        const { ...rest } = handle
        return rest
      }
    ],
    [
      'for … in',
      handle => {
        for (const name in handle) return name
        return undefined
      }
    ],
    ['JSON.stringify(…)', handle => JSON.stringify(handle)],
    ['JSON.stringify({ handle: … })', handle => JSON.stringify({ handle })],
    ['[... ]', handle => [...(handle as never[])]],
    ['Array.from(…)', handle => Array.from(handle as never[])],
    ['new Map(…)', handle => new Map(handle as never)],
    ['new Set(…)', handle => new Set(handle as never)],
    ['Math.max(... )', handle => Math.max(...(handle as never[]))],
    [
      'const [first] = …',
      handle => {
        const [first] = handle as unknown[]
        return first
      }
    ],
    [
      'for … of',
      handle => {
        for (const item of handle as unknown[]) return item
        return undefined
      }
    ],
    ['`${ … }`', handle => `${handle as never}`],
    ['… + 1', handle => (handle as never) + 1],
    ['String(…)', handle => String(handle)],
    ['Number(…)', handle => Number(handle)],
    ['… < 1', handle => (handle as never) < 1]
  ]

  describe.each(types)('on a $name:', type => {
    test.each(wholeObjects)('%s', (_, use) => {
      expectTypeError(() => use(type.make(hot, 'k')), `await ${type.variable}.toJS()`)
    })
  })

  test('[].concat(list) does not take the handle for its items', () => {
    const result = ([] as unknown[]).concat(list)
    expect(result).toHaveLength(1)
    expect(result[0] === list).toBe(true)
  })

  test.each([
    ['structuredClone(…)', (handle: unknown) => structuredClone(handle)],
    ['structuredClone({ … })', (handle: unknown) => structuredClone({ handle })],
    ['v8.serialize(…)', (handle: unknown) => serialize(handle)]
  ])('%s fails loudly', (_, clone) => {
    for (const type of types) expect(() => clone(type.make(hot, 'k')) as unknown).toThrow()
  })
})

describe('a value that was not awaited fails loudly', () => {
  test('dict.n++ names increment()', () => {
    const increments: (() => unknown)[] = [
      () => assign(dict, 'n', read(dict, 'n') + 1),
      () => assign(dict, 'n', read(dict, 'n') - 1),
      () => {
        const value: number = read(dict, 'n')
        assign(dict, 'n', value * 2)
      }
    ]
    for (const increment of increments) expectTypeError(increment, `await dict.increment('n')`)
    expectTypeError(() => {
      ;(dict as unknown as { n: number }).n++
    }, `await dict.increment('n')`)
    expectTypeError(() => {
      ;(dict as unknown as { n: number }).n += 1
    }, `await dict.increment('n')`)
  })

  test('list.length++ and list[0] += text throw', () => {
    expectTypeError(() => {
      ;(list as unknown as { length: number }).length++
    }, /await/)
    expectTypeError(() => {
      ;(list as unknown as string[])[0] += 'x'
    }, /await/)
  })

  const uses: readonly (readonly [string, (value: never) => unknown])[] = [
    ['`${ … }`', value => `${value}`],
    ['"" + …', value => '' + (value as string)],
    ['… + 1', value => (value as number) + 1],
    ['… - 1', value => (value as number) - 1],
    ['-…', value => -value],
    ['… < 1', value => (value as number) < 1],
    ['… == 1', value => (value as unknown) == 1],
    ['String(…)', value => String(value)],
    ['Number(…)', value => Number(value)],
    ['JSON.stringify(…)', value => JSON.stringify(value)],
    ['JSON.stringify([…])', value => JSON.stringify([value])],
    ['as the name of a property', value => ({})[value]]
  ]
  test.each(uses)('%s', (_, use) => {
    for (const value of [read(dict, 'n'), read(list, 0), read(list, 'length'), read(dict, 'size')]) {
      expectTypeError(() => use(value), /await/)
    }
  })
})
