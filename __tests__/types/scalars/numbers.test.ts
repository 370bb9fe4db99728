import { describe, expect, test } from '@jest/globals'
import { CodecError, createHot, KeyTypeError, OverflowError, type HotFloat, type HotInt } from '../../../src/index.js'
import { backends } from '../../support/backends.js'
import { freshKey } from '../../support/fresh-key.js'
import { failureOf } from '../../support/promises.js'
import { changeTogether } from '../../support/together.js'
import { assign, expectTypeError } from '../../support/unchecked.js'

const hour = 3_600_000
const max = Number.MAX_SAFE_INTEGER

type Any = HotInt | HotFloat
type Call = (number: Any, operand: unknown) => Promise<unknown>

const method =
  (name: string): Call =>
  (number, operand) =>
    (number as unknown as Record<string, (operand: unknown) => Promise<unknown>>)[name]!(operand)

const shared = ['increment', 'decrement', 'multiply', 'divide', 'remainder', 'power', 'getAndSet']
const bitwise = ['and', 'or', 'xor', 'shiftLeft', 'shiftRight']
const compareAndSet: Readonly<Record<string, Call>> = {
  'compareAndSet (expected)': (number, operand) => number.compareAndSet(operand as number, 1),
  'compareAndSet (value)': (number, operand) => number.compareAndSet(1, operand as number)
}
const calls = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, method(name)]))
const intCalls: Readonly<Record<string, Call>> = { ...calls([...shared, ...bitwise]), ...compareAndSet }
const floatCalls: Readonly<Record<string, Call>> = { ...calls(shared), ...compareAndSet }

const kinds = [
  {
    name: 'Int',
    calls: intCalls,
    factory: 'int',
    foreign: [
      '',
      'x',
      '1.0',
      '1.5',
      '007',
      '+1',
      ' 1',
      '1 ',
      '-',
      '-0',
      '1e3',
      '0x10',
      '9007199254740992',
      '12345678901234567890',
      'NaN',
      'Infinity',
      '"1"',
      '1\u0000',
      '१'
    ],
    refused: [
      '1',
      1n,
      null,
      {},
      [],
      true,
      NaN,
      Infinity,
      -Infinity,
      0.5,
      -1.5,
      2 ** 53,
      -(2 ** 53),
      1e300,
      Symbol('x'),
      Promise.resolve(1)
    ]
  },
  {
    name: 'Float',
    calls: floatCalls,
    factory: 'float',
    foreign: [
      '',
      'x',
      ' 1',
      '1 ',
      '-',
      '.',
      'e5',
      '0x10',
      '1e400',
      '-1e400',
      'NaN',
      'nan',
      'Infinity',
      'inf',
      '"1"',
      '1\u0000',
      '१',
      '1_000'
    ],
    refused: ['1', 1n, null, {}, [], true, NaN, Infinity, -Infinity, Symbol('x'), Promise.resolve(1)]
  }
] as const

describe.each(backends)('on $name', ({ createHot: another, raw }) => {
  const hot = another()

  describe.each(kinds)('$name', ({ name, calls, factory, foreign, refused }) => {
    const make = (key?: string, initial?: number): Any =>
      hot[factory](key, initial === undefined ? undefined : { initial })

    test('a missing key is 0, and reading does not make it', async () => {
      const number = make(freshKey())
      expect(await number.value).toBe(0)
      expect(await number.toJS()).toBe(0)
      expect(await number.equals(0)).toBe(true)
      expect(await number.exists()).toBe(false)
      expect(await number.compareAndSet(0, 5)).toBe(true)
      expect(await number.value).toBe(5)
    })

    test.each(Object.entries(calls))('%s starts from 0 where there is nothing', async (called, call) => {
      const [missing, zero] = [make(freshKey()), make(freshKey(), 0)]
      const results = await Promise.all([missing, zero].map(number => call(number, 2)))
      expect(results[0]).toBe(results[1])
      expect(await missing.value).toBe(await zero.value)
      if (called === 'getAndSet') expect(results[0]).toBe(0)
    })

    test.each(Object.entries(calls))('%s keeps the time to live', async (_, call) => {
      const number = make(freshKey(), 1)
      await number.expire(hour)
      await call(number, 1)
      await call(number, 2)
      expect(await number.ttl()).toBeGreaterThan(hour / 2)
      number.value = 5
      expect(await number.ttl()).toBeGreaterThan(hour / 2)
    })

    describe('what is no such number is refused before anything is sent:', () => {
      test.each(refused.map(value => [value]))('%p', async value => {
        const number = make(freshKey(), 3)
        await hot.flush()
        for (const [called, call] of Object.entries({
          ...calls,
          replace: method('replace'),
          equals: method('equals')
        })) {
          const error = (await failureOf(call(number, value))) as Error
          expect({ called, name: error.name }).toEqual({
            called,
            name: expect.stringMatching(/^(TypeError|RangeError)$/)
          })
          expect(error.message).toContain(`${name}.${called.split(' ')[0]}`)
        }
        expect(() => assign(number, 'value', value)).toThrow(/number/)
        expect(() => hot[factory](number.key, { initial: value as number })).toThrow(/number/)
        expect(await number.value).toBe(3)
      })
    })

    describe('text of others that is no such number is a CodecError that names the key, and stays:', () => {
      test.each(foreign.map(text => [JSON.stringify(text), text]))('%s', async (_, text) => {
        const key = freshKey()
        await raw(key, 'SET', key, text)
        const number = make(key)
        const all: Record<string, () => Promise<unknown>> = {
          value: () => number.value,
          toJS: () => number.toJS(),
          equals: () => number.equals(1),
          ...Object.fromEntries(Object.entries(calls).map(([called, call]) => [called, () => call(number, 1)]))
        }
        for (const [called, call] of Object.entries(all)) {
          const error = await failureOf(call())
          expect({ called, error }).toEqual({ called, error: expect.any(CodecError) })
          expect(error).toMatchObject({ key, operation: expect.stringContaining(`${name}.`) })
          expect((error as Error).message).toContain(key)
        }
        expect(await raw(key, 'GET', key)).toBe(text)
        await number.replace(4)
        expect(await number.increment()).toBe(5)
      })
    })

    test.each(Object.entries({ ...calls, replace: method('replace') }))(
      '%s of a key that holds something else is a KeyTypeError, and changes nothing',
      async (_, call) => {
        const key = freshKey()
        await raw(key, 'RPUSH', key, '1')
        expect(await failureOf(call(make(key), 1))).toBeInstanceOf(KeyTypeError)
        expect(await raw(key, 'LRANGE', key, '0', '-1')).toEqual(['1'])
      }
    )

    test('reading a key that holds something else is a KeyTypeError', async () => {
      const key = freshKey()
      await raw(key, 'RPUSH', key, '1')
      expect(await failureOf(make(key).value)).toBeInstanceOf(KeyTypeError)
      expect(await failureOf(make(key).equals(1))).toBeInstanceOf(KeyTypeError)
    })

    test.each(Object.entries(calls))(
      '%s in a transaction is done at the end, and tells its result',
      async (_, call) => {
        const [inside, outside] = [make(freshKey(), 6), make(freshKey(), 6)]
        const expected = await call(outside, 2)
        const [result] = await hot.transaction(() => [call(inside, 2)])
        expect(result).toBe(expected)
        expect(await inside.value).toBe(await outside.value)
      }
    )

    test('calls made together take effect in their order', async () => {
      const number = make(freshKey(), 1)
      const results = await Promise.all([
        number.increment(),
        number.multiply(10),
        number.power(2),
        number.decrement(1),
        number.value,
        number.divide(7),
        number.remainder(10),
        number.getAndSet(3),
        number.value
      ])
      expect(results).toEqual([2, 20, 400, 399, 399, 57, 7, 7, 3])
    })

    test('an assignment that Redis refuses is kept for flush()', async () => {
      const key = freshKey()
      await raw(key, 'RPUSH', key, '1')
      const own = another()
      own[factory](key).value = 5
      expect(await failureOf(own.flush())).toBeInstanceOf(KeyTypeError)
      expect(await raw(key, 'LRANGE', key, '0', '-1')).toEqual(['1'])
    })

    test('arithmetic in JavaScript on it, or without await, fails loudly', () => {
      const number = make('n') as unknown as Record<'value', number> & number
      expect(() => number + 1).toThrow(/await/)
      expect(() => number.value + 1).toThrow(/await/)
      expect(() => number.value++).toThrow(/await/)
      expectTypeError(() => assign(number, 'other', 1), name)
    })

    test('codecs and schemas do not apply, and it says so', () => {
      expect(() => hot[factory]('n', { codec: { encode: String, decode: String } } as never)).toThrow(TypeError)
      expect(() => hot[factory]('n', { schema: {} } as never)).toThrow(TypeError)
    })

    test('two handles are compared by value, whatever kind they are', async () => {
      const tag = `{${freshKey()}}`
      const [one, same, other] = [make(tag, 5), make(`${tag}:2`, 5), make(`${tag}:3`, 6)]
      expect(await one.equals(same as never)).toBe(true)
      expect(await one.equals(other as never)).toBe(false)
      expect(await one.equals(make(`${tag}:missing`) as never)).toBe(false)
      expect(await one.equals((name === 'Int' ? hot.float(tag) : hot.int(tag)) as never)).toBe(true)
    })
  })

  describe('Int', () => {
    test('is exact at the edges, and says so when a result would not be', async () => {
      const int = hot.int(freshKey(), { initial: max })
      for (const call of [
        () => int.increment(),
        () => int.multiply(2),
        () => int.multiply(-2),
        () => int.multiply(max),
        () => int.power(2),
        () => int.power(max),
        () => int.shiftLeft(1),
        () => int.shiftLeft(max),
        () => int.shiftRight(-1),
        () => int.decrement(-1)
      ]) {
        const error = await failureOf(call())
        expect(error).toBeInstanceOf(OverflowError)
        expect(error).toMatchObject({ key: int.key, operation: expect.stringMatching(/^Int\./) })
        expect((error as Error).message).toContain(int.key)
        expect(await int.value).toBe(max)
      }
      expect(await int.decrement(max)).toBe(0)
      expect(await int.power(0)).toBe(1)
      expect(await int.shiftLeft(52)).toBe(2 ** 52)
      expect(await int.shiftRight(max)).toBe(0)
    })

    test('works on more than 32 bits, negative numbers as BigInt’s do', async () => {
      const int = hot.int(freshKey(), { initial: 2 ** 40 + 5 })
      expect(await int.and(2 ** 40 + 4)).toBe(2 ** 40 + 4)
      expect(await int.or(2 ** 45)).toBe(2 ** 45 + 2 ** 40 + 4)
      expect(await int.xor(2 ** 45)).toBe(2 ** 40 + 4)
      expect(await int.xor(-1)).toBe(-(2 ** 40) - 5)
      expect(await int.shiftRight(3)).toBe(Number(BigInt(-(2 ** 40) - 5) >> 3n))
      expect(await int.divide(-7)).toBe(Number(BigInt(Number(BigInt(-(2 ** 40) - 5) >> 3n)) / -7n))
      await int.replace(-7)
      expect(await int.remainder(3)).toBe(-1)
      expect(Object.is(await int.multiply(-0), 0)).toBe(true)
      expect(await raw(int.key, 'GET', int.key)).toBe('0')
    })

    test('division by zero and a negative exponent are RangeErrors, and change nothing', async () => {
      const int = hot.int(freshKey(), { initial: 5 })
      for (const call of [() => int.divide(0), () => int.divide(-0), () => int.remainder(0), () => int.power(-1)]) {
        expect(await failureOf(call())).toBeInstanceOf(RangeError)
      }
      expect(await int.value).toBe(5)
    })
  })

  describe('Float', () => {
    test('is stored as JavaScript writes it', async () => {
      const float = hot.float(freshKey())
      for (const [value, text] of [
        [0.1 + 0.2, '0.30000000000000004'],
        [-0, '-0'],
        [1e308, '1e+308'],
        [1e21, '1e+21'],
        [1e-7, '1e-7'],
        [5e-324, '5e-324'],
        [123456789012345680000, '123456789012345680000'],
        [Number.MAX_VALUE, '1.7976931348623157e+308']
      ] as const) {
        await float.replace(value)
        expect(await raw(float.key, 'GET', float.key)).toBe(text)
        expect(Object.is(await float.value, value)).toBe(true)
        expect(Object.is(await float.getAndSet(1), value)).toBe(true)
      }
    })

    test.each([
      ['1.0', 1],
      ['007', 7],
      ['1e3', 1000],
      ['1E+3', 1000],
      ['-0.0', -0],
      ['0.1000000000000000055511151231257827', 0.1],
      ['12345678901234567890', 12345678901234567000],
      ['1e-400', 0],
      [
        '179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090389328944075868508455133942304583236903222948165808559332123347764797826204144723168738177180919299881250404026184124858368',
        Number.MAX_VALUE
      ]
    ])('reads %p of others as %p, and goes on from there', async (text, value) => {
      const key = freshKey()
      await raw(key, 'SET', key, text)
      const float = hot.float(key)
      expect(Object.is(await float.value, value)).toBe(true)
      expect(Object.is(await float.multiply(1), value)).toBe(true)
      await raw(key, 'SET', key, text)
      expect(Object.is(await float.power(1), value ** 1)).toBe(true)
      await raw(key, 'SET', key, text)
      expect(await float.compareAndSet(value, 2)).toBe(true)
    })

    test('a result that is not finite is an OverflowError, and changes nothing', async () => {
      const float = hot.float(freshKey(), { initial: 1e308 })
      for (const call of [
        () => float.increment(1e308),
        () => float.multiply(10),
        () => float.power(2),
        () => float.divide(0),
        () => float.divide(-0),
        () => float.divide(1e-10),
        () => float.remainder(0)
      ]) {
        const error = await failureOf(call())
        expect(error).toBeInstanceOf(OverflowError)
        expect(error).toMatchObject({ key: float.key, operation: expect.stringMatching(/^Float\./) })
        expect((error as Error).message).toContain(float.key)
      }
      expect(await float.value).toBe(1e308)
      await float.replace(-8)
      expect(await failureOf(float.power(0.5))).toBeInstanceOf(OverflowError)
      await float.replace(0)
      expect(await failureOf(float.divide(0))).toBeInstanceOf(OverflowError)
      expect(await failureOf(float.power(-1))).toBeInstanceOf(OverflowError)
      expect(await float.value).toBe(0)
    })

    test('has no bitwise members', () => {
      const float = hot.float('x') as unknown as Record<string, unknown>
      for (const name of bitwise) expect(typeof float[name]).not.toBe('function')
    })
  })
})

describe('Several processes at one number', () => {
  const url = process.env['HOT_TEST_URL'] ?? ''
  const processes = 3

  test('compareAndSet lets each value be set by one of them', async () => {
    await using hot = createHot({ url })
    const int = hot.int(freshKey())
    const told = await changeTogether<number[]>('compares', int.key, processes, 150)
    expect(told.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: processes * 150 }, (_, index) => index + 1))
    expect(await int.value).toBe(processes * 150)
    await int.clear()
  })

  test('getAndSet hands each value to one of them', async () => {
    await using hot = createHot({ url })
    const int = hot.int(freshKey())
    const told = await changeTogether<number[]>('exchanges', int.key, processes, 300)
    const seen = [...told.flat(), await int.value].sort((a, b) => a - b)
    expect(seen).toEqual(Array.from({ length: processes * 300 + 1 }, (_, index) => index))
    await int.clear()
  })

  test('power, computed in the process, loses none that another has set', async () => {
    await using hot = createHot({ url })
    const float = hot.float(freshKey(), { initial: 2 })
    await hot.flush()
    await changeTogether('powers', float.key, processes, 150)
    let expected = 2
    for (let round = 0; round < processes * 150; round++) expected **= 1.001
    expect(await float.value).toBe(expected)
    await float.clear()
  })
})
