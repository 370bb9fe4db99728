import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { backends } from '../support/backends.js'
import { scaled } from '../support/runs.js'

const powerOfTwo = fc
  .tuple(fc.integer({ min: -1074, max: 1023 }), fc.constantFrom(1, -1))
  .map(([exponent, sign]) => sign * 2 ** exponent)

const smallPowerOfTwo = fc.integer({ min: -1074, max: 52 }).map(exponent => 2 ** exponent)

const decimal = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 25 }))
  .map(([digits, places]) => Number(`${digits}e-${places}`))

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e15, max: 1e15, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: -2.3e-308, max: 2.3e-308, noNaN: true }), // the subnormals
  powerOfTwo,
  smallPowerOfTwo,
  smallPowerOfTwo.map(power => power * (1 + Number.EPSILON)),
  decimal,
  fc.maxSafeInteger(),
  fc.constantFrom(1e21, -1e21, 1e-7, 1e-6, 5e-324, 0.1, 0.2, 0.3, -0, 0, 1 / 3, 1e300, Number.MAX_VALUE),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 53, 4503599627370495.5, 123456789.000001)
)

/** Whole results must be safe integers; others only finite. */
const holds = (sum: number) => (Number.isInteger(sum) ? Number.isSafeInteger(sum) : Number.isFinite(sum))

const pairsAtOnce = 50

describe.each(backends)('Numbers that scripts write on $name', ({ createHot, raw }) => {
  const prefix = 'lua numbers:'
  const hot = createHot({ prefix })
  const stored = (key: string, command: string, ...args: string[]) => raw(prefix + key, command, prefix + key, ...args)

  test('increment leaves String(a + b) in Redis, or fails and leaves what was there', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(double, double), { minLength: 1, maxLength: pairsAtOnce, size: 'max' }),
      async pairs => {
        const dict = hot.dict<Record<string, number>>('numbers')
        const fields = pairs.map(([a], index): [string, number] => [`f${index}`, a])
        void dict.replace(fields)
        const sums = await Promise.allSettled(pairs.map(([, b], index) => dict.increment(`f${index}`, b)))
        const texts = await stored('numbers', 'HMGET', ...fields.map(([name]) => name))
        expect(sums.map(settled => (settled.status === 'fulfilled' ? settled.value + 0 : nameOf(settled)))).toEqual(
          pairs.map(([a, b]) => (holds(a + b) ? a + b + 0 : 'OverflowError'))
        )
        expect(texts).toEqual(pairs.map(([a, b]) => String(holds(a + b) ? a + b : a)))
      }
    )
    await fc.assert(property, { numRuns: scaled(50) })
  })

  test('a missing field counts as 0, so that any number is written as JavaScript writes it', async () => {
    const property = fc.asyncProperty(
      fc.array(double.filter(holds), { minLength: 1, maxLength: pairsAtOnce, size: 'max' }),
      async numbers => {
        const dict = hot.dict<Record<string, number>>('from nothing')
        void dict.clear()
        const sums = await Promise.all(numbers.map((number, index) => dict.increment(`f${index}`, number)))
        expect(sums).toEqual(numbers.map(number => 0 + number))
        const texts = await stored('from nothing', 'HMGET', ...numbers.map((_, index) => `f${index}`))
        expect(texts).toEqual(numbers.map(String))
        expect(Object.values(await dict.toJS())).toHaveLength(numbers.length)
      }
    )
    await fc.assert(property, { numRuns: scaled(50) })
  })

  test('every power of two below 2^53 and its neighbours, and every power of ten, are written as JavaScript does', async () => {
    const powersOfTwo = Array.from({ length: 1074 + 53 }, (_, index) => 2 ** (index - 1074))
    const powersOfTen = Array.from({ length: 323 + 16 }, (_, index) => Number(`1e${index - 323}`))
    const numbers = powersOfTwo
      .flatMap(power => [power, power * (1 + Number.EPSILON), power * (1 - Number.EPSILON / 2)])
      .concat(powersOfTen)
      .flatMap(number => [number, -number])
    const dict = hot.dict<Record<string, number>>('powers')
    await Promise.all(numbers.map((number, index) => dict.increment(`f${index}`, number)))
    const texts = await stored('powers', 'HMGET', ...numbers.map((_, index) => `f${index}`))
    expect(texts).toEqual(numbers.map(String))
  })

  test.each([
    [Number.MAX_SAFE_INTEGER, 1],
    [Number.MIN_SAFE_INTEGER, -1],
    [2 ** 52, 2 ** 52],
    [1e21, 1],
    [Number.MAX_VALUE, Number.MAX_VALUE],
    [-Number.MAX_VALUE, -Number.MAX_VALUE]
  ])('%d + %d is past the safe integers: an OverflowError that names the key and changes nothing', async (a, b) => {
    const dict = hot.dict<{ n: number }>(`overflow ${a}`)
    await dict.set('n', a)
    const adding = dict.increment('n', b)
    await expect(adding).rejects.toMatchObject({ name: 'OverflowError', code: 'OVERFLOW', key: prefix + dict.key })
    expect(await stored(dict.key, 'HGET', 'n')).toBe(String(a))
  })

  test.each(['007', '1.0', 'NaN', 'Infinity', 'x', '', '"42"', 'true', '[1]', '12345678901234567890'])(
    'increment of the foreign text %s, which is no number, is a CodecError and changes nothing',
    async text => {
      const key = `not a number ${text}`
      await stored(key, 'HSET', 'n', text)
      const adding = hot.dict<{ n: number }>(key).increment('n')
      await expect(adding).rejects.toMatchObject({ name: 'CodecError', key: prefix + key })
      expect(await stored(key, 'HGET', 'n')).toBe(text)
    }
  )

  test.each([NaN, Infinity, -Infinity, '1', null, 1n])(
    'increment by %p is a TypeError or RangeError before anything is sent',
    async by => {
      const dict = hot.dict<{ n: number }>('refused increment')
      const adding = dict.increment('n', by as number)
      await expect(adding).rejects.toMatchObject({
        name: expect.stringMatching(/^(TypeError|RangeError)$/)
      })
      expect(await dict.exists()).toBe(false)
    }
  )
})

const nameOf = (settled: PromiseRejectedResult): string => (settled.reason as Error).name
