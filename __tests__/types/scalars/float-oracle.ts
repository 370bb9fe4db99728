import fc from 'fast-check'
import type { HotFloat } from '../../../src/index.js'
import { anyNumber } from '../../support/arbitraries.js'
import { numberType } from './number-type.js'
import { Refused } from '../../support/oracle.js'

const least = Number.MIN_VALUE
const leastNormal = 2 ** -1022

const edges = [
  ...[0, least, leastNormal - least, leastNormal, 1e-7, 0.1, 0.2, 0.5, 1, 1 + Number.EPSILON, 3, 10],
  ...[2 ** 53 - 1, 2 ** 53, 1e21, 1e23, 1e154, 1e308, Number.MAX_VALUE]
].flatMap(number => [number, -number])

const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom(1, 2, 10, 100, 1_000))
  .map(([number, parts]) => number / parts)

const number = fc.oneof(
  fc.constantFrom(...edges),
  anyNumber,
  decimal,
  fc.integer({ min: -20, max: 20 }),
  fc.double({ min: -1_000, max: 1_000, noNaN: true }),
  fc.double({ min: -leastNormal, max: leastNormal, noNaN: true })
)

const finite =
  (calculate: (one: number, other: number) => number) =>
  (one: number, other: number): number => {
    const result = calculate(one, other)
    if (!Number.isFinite(result)) throw new Refused('OverflowError')
    return result
  }

export const float = numberType<HotFloat>({
  name: 'Float',
  make: (hot, key, options) => hot.float(key, options),
  edges,
  number,
  normal: value => value,
  textOf: value => (Object.is(value, -0) ? '-0' : String(value)),
  arithmetic: {
    increment: finite((one, other) => one + other),
    decrement: finite((one, other) => one - other),
    multiply: finite((one, other) => one * other),
    divide: finite((one, other) => one / other),
    remainder: finite((one, other) => one % other),
    power: finite((one, other) => one ** other)
  }
})
