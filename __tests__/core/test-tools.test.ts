/* eslint-disable @typescript-eslint/unbound-method, @typescript-eslint/no-misused-spread
   -- methods need no `this`; and some of this is what must not be done */
import { describe, expect, jest, test } from '@jest/globals'
import assert from 'node:assert'
import { mock } from 'node:test'
import { inspect, isDeepStrictEqual } from 'node:util'
import { hearHot } from '../support/listener.js'
import { spawnWorker } from '../support/processes.js'
import { types } from '../support/types.js'
import { expectTypeError } from '../support/unchecked.js'

// Test tools and frameworks look at handles in many ways: nothing is sent, nothing throws, and handles of one key are equal.

const { hot, expectNothingSent } = await hearHot()
const { hot: otherHot } = await hearHot()

const fails = (action: () => unknown): void => expect(action).toThrow()

describe.each(types)('handles of one key are equal, of different keys are not: $name', type => {
  expectNothingSent()
  const [one, same, other] = ['k', 'k', 'another'].map(key => type.make(hot, key)) as [object, object, object]
  const foreign = type.make(otherHot, 'k')

  test("for Jest's matchers", () => {
    expect(one).toEqual(same)
    expect(one).toStrictEqual(same)
    expect({ deep: [one] }).toEqual({ deep: [same] })
    expect([one]).toContainEqual(same)
    for (const different of [other, foreign, {}, [], { key: 'k' }]) {
      expect(one).not.toEqual(different)
      expect(one).not.toStrictEqual(different)
      expect(different).not.toEqual(one)
      expect({ deep: [one] }).not.toEqual({ deep: [different] })
    }
    fails(() => expect(one).toEqual(other))
    fails(() => expect(one).toStrictEqual(other))
    fails(() => expect(one).not.toEqual(same))
    fails(() => expect(one).toMatchObject({ name: 'Ada' }))
    fails(() => expect([one]).toContainEqual(other))
  })

  test('for the calls of a Jest mock', () => {
    const called = jest.fn<(handle: object) => void>()
    called(one)
    expect(called).toHaveBeenCalledWith(same)
    expect(called).not.toHaveBeenCalledWith(other)
    fails(() => expect(called).toHaveBeenCalledWith(other))
  })

  test("for Node's assert", () => {
    assert.deepEqual(one, same)
    assert.deepStrictEqual(one, same)
    assert.deepStrictEqual({ one }, { one: same })
    assert.notDeepEqual(one, other)
    assert.notDeepStrictEqual(one, foreign)
    expect(isDeepStrictEqual(one, same)).toBe(true)
    expect(isDeepStrictEqual(one, other)).toBe(false)
    expect(isDeepStrictEqual(one, {})).toBe(false)
    expect(() => assert.deepStrictEqual(one, other)).toThrow(/another/)
    expect(() => assert.deepStrictEqual(one, {})).toThrow(assert.AssertionError)
  })
})

test('handles of different types at one key are not equal', () => {
  const handles = types.map(type => type.make(hot, 'k'))
  for (const one of handles) for (const other of handles) if (one !== other) expect(one).not.toEqual(other)
})

describe('handles are shown by their key', () => {
  expectNothingSent()

  test('in snapshots', () => {
    expect(hot.list('todo')).toMatchInlineSnapshot(`"List { key: "todo" }"`)
    expect({ user: hot.dict('user:1') }).toMatchInlineSnapshot(`
      {
        "user": "Dict { key: "user:1" }",
      }
    `)
  })

  test('behind a Proxy of the user', () => {
    expect(inspect(new Proxy(hot.list('todo'), {}))).toBe("List { key: 'todo' }")
    expect(inspect(hot.list('todo'), { customInspect: false }).length).toBeLessThan(100)
  })
})

describe('spies and mocks stand in for members, and go again', () => {
  expectNothingSent()

  test('of Jest', async () => {
    const dict = hot.dict<{ name: string }>('user:1')
    const { get } = dict
    const spy = jest.spyOn(dict, 'get').mockResolvedValue('Ada')
    expect(await dict.get('name')).toBe('Ada')
    expect(spy).toHaveBeenCalledWith('name')
    spy.mockRestore()
    expect(dict.get).toBe(get)
    const size = jest.spyOn(dict, 'size', 'get').mockReturnValue(7 as never)
    expect(dict.size as unknown).toBe(7)
    size.mockRestore()
    jest.spyOn(dict, 'has').mockReturnValue('replaced' as never)
    expect(dict.has('name')).toBe('replaced')
    jest.restoreAllMocks()
    expect(dict.has).not.toBe('replaced')
  })

  test('of node:test', async () => {
    const list = hot.list<string>('todo')
    const mocked = mock.method(list, 'push', () => Promise.resolve(5) as never)
    expect(await list.push('x')).toBe(5)
    expect(mocked.mock.callCount()).toBe(1)
    mocked.mock.restore()
    expect(list.push).not.toBe(mocked)
  })

  test('by hand, and only for members', () => {
    const dict = hot.dict<Record<string, number>>('user:1')
    const { get } = dict
    Object.assign(dict, { get: () => 'mine' })
    expect(dict.get('n')).toBe('mine')
    delete (dict as unknown as { get?: unknown }).get
    expect(dict.get).toBe(get)
    expect(() => Object.assign(dict, { then: () => 'mine' })).toThrow(TypeError)
    expect(() => Object.assign(dict, { field: () => 'mine' })).toThrow(/function/)
  })
})

test('a spy that lets calls through has them sent', async () => {
  const list = hot.list<string>('spied')
  await list.clear()
  const spy = jest.spyOn(list, 'push')
  const other = mock.method(list, 'unshift')
  expect(await list.push('a')).toBe(1)
  expect(await list.unshift('b')).toBe(2)
  expect(spy).toHaveBeenCalledTimes(1)
  expect(other.mock.callCount()).toBe(1)
})

test('the same holds for the tools of Vitest', async () => {
  const worker = spawnWorker('vitest-tools.ts')
  const { comparisons, ...spying } = await worker.next<{
    comparisons: { name: string; same: boolean[]; different: boolean[] }[]
  }>()
  for (const { name, same, different } of comparisons) {
    expect([name, ...new Set(same)]).toEqual([name, true])
    expect([name, ...new Set(different)]).toEqual([name, false])
  }
  expect(spying).toEqual({ spied: 5, calls: [['x']], restored: true })
  expect(await worker.done).toBe(0)
})

describe('what frameworks look for on any object sends nothing', () => {
  expectNothingSent()
  const names = [
    'then',
    'toJSON',
    '$$typeof',
    'asymmetricMatch',
    'nodeType',
    'hasAttribute',
    '_isMockFunction',
    '__esModule'
  ]
  const hooks = ['onModuleInit', 'onModuleDestroy', 'onApplicationBootstrap', 'onApplicationShutdown']
  test.each([...names, ...hooks, 'beforeApplicationShutdown'])('%s', name => {
    for (const type of types) {
      const handle = type.make(hot, 'k') as unknown as Record<string, unknown>
      expect(typeof handle[name]).toBe(name === 'toJSON' ? 'function' : 'undefined')
    }
  })
})

describe('a Proxy of the user around a handle is a handle too', () => {
  test('in calls and as an operand', async () => {
    const list = new Proxy(hot.list<string>('wrapped'), {})
    await list.replace(['a'])
    list[0] = 'b'
    expect(await list.at(0)).toBe('b')
    expect(list.key).toBe('wrapped')
    expect(await hot.list<string>('wrapped').concat(list)).toEqual(['b', 'b'])
    expect(await hot.list<string>('wrapped').equals(list)).toBe(true)
    const set = new Proxy(hot.set<string>('wrapped set'), {})
    await set.replace(['a'])
    expect(await hot.set<string>('other set').union(set)).toEqual(new Set(['a']))
  })

  test('and what only works at once still says what to use instead', () => {
    const dict = new Proxy(hot.dict<{ name: string }>('user:1'), {})
    expectTypeError(() => 'name' in dict, `await dict.has('name')`)
    expectTypeError(() => ({ ...dict }), 'await dict.toJS()')
    expectTypeError(() => JSON.stringify(dict), 'await dict.toJS()')
    expectTypeError(() => Object.keys(dict), 'await dict.toJS()')
  })
})
