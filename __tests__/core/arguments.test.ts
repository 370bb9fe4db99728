import { afterAll, describe, expect, test } from '@jest/globals'
import { CodecError, HotError, IndexError, createHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { hearHot } from '../support/listener.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { types, type TypeUnderTest } from '../support/types.js'

const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error
  )

/** A wrong argument is a TypeError or a RangeError, and says which call and what it was about. */
function expectWrongArgument(error: unknown, operation: string, message: RegExp): void {
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(HotError)
  expect(['TypeError', 'RangeError']).toContain((error as Error).name)
  expect((error as Error).message).toContain(operation)
  expect((error as Error).message).toMatch(message)
}

/** What counts, and what holds plain text or a number, has no codec that could refuse a value. */
const isPlain = ({ name }: TypeUnderTest) => ['MultiSet', 'String', 'Int', 'Float'].includes(name)
const refusal = (type: TypeUnderTest) => (isPlain(type) ? /must be/ : CodecError)

/** A handle as users of JavaScript see it: it takes anything. */
type Unchecked = Record<string, (...args: unknown[]) => Promise<unknown>>

const { hot, connections } = await hearHot()

describe('wrong arguments send nothing', () => {
  // One wait for many tests: all of them must be silent.
  afterAll(async () => {
    expect(await connections()).toBe(0)
  })

  type Call = readonly [method: string, args: readonly unknown[], message: RegExp]
  const symbol = Symbol('field')
  const illFormed = 'half \ud800'

  const common: readonly Call[] = [
    ...[-1, NaN, Infinity, -Infinity, '1s', undefined, null, 1n].map(
      time => ['expire', [time], /time to live/] as const
    ),
    ...['tomorrow', 5, undefined, new Date(NaN)].map(date => ['expireAt', [date], /Date/] as const)
  ]

  const positions = ['x', '0', 1.5, NaN, null, {}, 2 ** 53, 1n, symbol]
  const list: readonly Call[] = [
    ...positions.flatMap(
      at =>
        [
          ['at', [at], /index/],
          ['set', [at, 'x'], /index/],
          ['insert', [at, 'x'], /index/],
          ['pop', [at], /index/]
        ] as const
    ),
    ...[Infinity, -Infinity].flatMap(
      at =>
        [
          ['set', [at, 'x'], /index/],
          ['pop', [at], /index/]
        ] as const
    ),
    ...['x', null, {}, 1.5].flatMap(
      at =>
        [
          ['slice', [at], /start/],
          ['slice', [0, at], /end/],
          ['splice', [at, 1], /start/],
          ['splice', [0, at], /deleteCount/]
        ] as const
    ),
    ...['x', 1.5, NaN, null, -1, Infinity].flatMap(
      count =>
        [
          ['repeat', [count], /count/],
          ['truncate', [count], /length/]
        ] as const
    ),
    ...['x', 1.5, NaN].map(count => ['remove', ['a', count], /count/] as const),
    ...[5, undefined, null, {}].flatMap(
      values =>
        [
          ['extend', [values], /iterable/],
          ['replace', [values], /iterable/]
        ] as const
    )
  ]

  const dict: readonly Call[] = [
    ...[5, undefined, null, {}, ['name'], symbol, illFormed].flatMap(field =>
      (
        [
          ['get', [field]],
          ['set', [field, 'x']],
          ['has', [field]],
          ['delete', [field]],
          ['pop', [field]],
          ['increment', [field]],
          ['getOrInsert', [field, 'x']]
        ] as const
      ).map(([method, args]) => [method, args, /field/] as const)
    ),
    ...['1', NaN, Infinity, null, 1n, {}].map(amount => ['increment', ['n', amount], /amount/] as const),
    ...[5, null, undefined, 'text', ['ab'], [['a']], [['a', 1, 2]], [[5, 'x']], [[illFormed, 1]]].flatMap(
      fields =>
        [
          ['update', [fields], /field|value|object|pairs/],
          ['replace', [fields], /field|value|object|pairs/]
        ] as const
    ),
    ...[5, undefined, null, '', illFormed].map(key => ['copyTo', [key], /key/] as const)
  ]

  const calls: Readonly<Record<string, readonly Call[]>> = { List: list, Dict: dict, DefaultDict: dict }

  describe.each(types)('every method of $name rejects:', type => {
    const cases = [...common, ...(calls[type.name] ?? [])].map(
      ([method, args, message]) => [`${method}(${args.map(shown).join(', ')})`, method, args, message] as const
    )
    test.each(cases)('%s', async (_, method, args, message) => {
      const handle = type.make(hot, 'k') as unknown as Unchecked
      let promise: Promise<unknown> | undefined
      expect(() => {
        promise = handle[method]!(...args)
      }).not.toThrow()
      expectWrongArgument(await thrownBy(promise!), `${type.name}.${method}`, message)
    })
  })

  test.each(['x', 1.5, NaN, null, -1, Infinity])('list.length = %p throws', length => {
    const todo = hot.list<string>('k')
    expect(() => {
      todo.length = length as number
    }).toThrow(/length/)
  })

  test('a field that UTF-8 cannot carry throws when it is assigned or deleted', () => {
    const dict = hot.dict<Record<string, number>>('k')
    expect(() => {
      dict[illFormed] = 1
    }).toThrow(/field/)
    expect(() => {
      delete dict[illFormed]
    }).toThrow(/field/)
  })

  describe.each(types)('making a $name throws:', type => {
    const operation = `hot.${type.variable}`
    const make = (key: unknown, options?: unknown) => () => type.make(hot, key as string, options as never)

    test.each(['', 5, null, {}, [], true, symbol, illFormed])('a key that is %p', key => {
      expect(make(key)).toThrow(TypeError)
      expect(make(key)).toThrow(operation)
      expect(make(key)).toThrow(/key/)
    })

    test.each<[string, unknown, RegExp]>([
      ['options that are a number', 5, /options/],
      ['options that are null', null, /options/],
      ['options that are text', 'initial', /options/],
      ['a codec without functions', { codec: {} }, /codec/],
      ['a codec that only encodes', { codec: { encode: String } }, /codec/],
      ['a codec that is null', { codec: null }, /codec/],
      ['a schema that is none', { schema: { parse: () => 1 } }, /schema/],
      ['a schema that is text', { schema: 'string' }, /schema/]
    ])('%s', (_, options, message) => {
      expect(make('k', options)).toThrow(TypeError)
      expect(make('k', options)).toThrow(operation)
      expect(make('k', options)).toThrow(message)
    })

    test('an initial value of the wrong shape', () => {
      const initial = type.empty === 0 ? '5' : 5
      expect(make('k', { initial })).toThrow(TypeError)
      expect(make('k', { initial })).toThrow(/initial/)
    })

    test('an initial value that can not be stored', () => {
      expect(make('k', { initial: type.filled(3, NaN as never) })).toThrow(refusal(type))
      expect(make('k', { initial: type.filled(3, NaN as never) })).toThrow(isPlain(type) ? operation : 'k')
    })
  })

  test('a defaultDict without a factory throws', () => {
    const defaultDict = hot.defaultDict.bind(hot) as (...args: unknown[]) => unknown
    for (const args of [[], ['counts'], [0, 'counts'], ['counts', () => 0]]) {
      expect(() => defaultDict(...args)).toThrow(TypeError)
      expect(() => defaultDict(...args)).toThrow(/factory/)
    }
  })
})

describe.each(backends)('on $name', ({ createHot, raw }) => {
  const hot = createHot()

  test.each([3, 99, -4, -99, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER])(
    'writing to position %d of three is an IndexError, and changes nothing',
    async index => {
      const todo = hot.list<string>(freshKey(), { initial: ['a', 'b', 'c'] })
      const error = await thrownBy(todo.set(index, 'x'))
      expect(error).toBeInstanceOf(IndexError)
      expect(error).toMatchObject({ code: 'INDEX', key: todo.key, operation: 'List.set' })
      expect((error as Error).message).toContain(todo.key)
      expect((error as Error).message).toMatch(/push|insert/)
      todo[index] = 'x'
      await expect(hot.flush()).rejects.toThrow(IndexError)
      expect(await todo.toJS()).toEqual(['a', 'b', 'c'])
    }
  )

  test('reading outside of the list gives undefined', async () => {
    const todo = hot.list<string>(freshKey(), { initial: ['a'] })
    expect([await todo[1], await todo[-2], await todo.at(9), await todo.pop(9)]).toEqual(Array(4).fill(undefined))
  })

  test('of many values one that can not be stored keeps all of them out', async () => {
    const todo = hot.list<unknown>(freshKey(), { initial: ['old'] })
    const bad = ['a', NaN, 'b']
    const many = [...Array<unknown>(20_000).fill('a'), undefined]
    const calls = [
      todo.push(...bad),
      todo.unshift(...bad),
      todo.extend(bad),
      todo.extend(many),
      todo.splice(0, 1, ...bad),
      todo.replace(bad),
      todo.replace(many),
      todo.insert(0, undefined),
      todo.set(0, Symbol('x'))
    ]
    for (const call of calls) {
      const error = await thrownBy(call)
      expect(error).toBeInstanceOf(CodecError)
      expect(error).toMatchObject({ code: 'CODEC', key: todo.key })
    }
    await hot.flush()
    expect(await raw(todo.key, 'LRANGE', todo.key, '0', '-1')).toEqual(['old'])
  })

  test('of many fields one that can not be stored keeps all of them out', async () => {
    const user = hot.dict<Record<string, unknown>>(freshKey(), { initial: { name: 'old' } })
    const bad = { first: 1, bad: NaN, last: 2 }
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field ${index}`, 1]))
    const calls = [user.update(bad), user.replace(bad), user.update(Object.entries(bad)), user.set('name', undefined)]
    for (const call of [...calls, user.update({ ...many, bad: 1n }), user.replace({ ...many, bad: 1n })]) {
      const error = await thrownBy(call)
      expect(error).toBeInstanceOf(CodecError)
      expect(error).toMatchObject({ code: 'CODEC', key: user.key })
    }
    await hot.flush()
    expect(await raw(user.key, 'HGETALL', user.key)).toEqual(['name', 'old'])
  })

  test('an initial value that can not be stored leaves what is there', async () => {
    for (const type of types) {
      const handle = type.make(hot, freshKey())
      await handle.replace(type.sample)
      expect(() => type.make(hot, handle.key, { initial: type.filled(9, NaN as never) })).toThrow(refusal(type))
      await hot.flush()
      expect(await handle.toJS()).toEqual(type.plain)
    }
  })
})

function shown(value: unknown): string {
  if (typeof value === 'string' || Array.isArray(value)) return JSON.stringify(value)
  return typeof value === 'object' && value !== null ? value.constructor.name : String(value)
}

test('an index past all lists goes out as one that servers which read 32 bits of it take for such, too', async () => {
  const proxy = await TcpProxy.to(Number(new URL(process.env['HOT_TEST_URL'] ?? '').port))
  const hot = createHot({ url: proxy.url })
  const list = hot.list<string>(freshKey(), { initial: ['a', 'b', 'c'] })
  const errors = await Promise.all([list.set(2 ** 32, 'x'), list.set(-(2 ** 32), 'x')].map(thrownBy))
  expect(errors).toEqual([expect.any(IndexError), expect.any(IndexError)])
  const indexes = [...proxy.requests.matchAll(/LSET\r\n.*\r\n.*\r\n.*\r\n(.*)\r\n/g)].map(([, index]) => Number(index))
  expect(indexes).toEqual([2 ** 31 - 1, 1 - 2 ** 31])
  await hot.close()
  await proxy.stop()
})
