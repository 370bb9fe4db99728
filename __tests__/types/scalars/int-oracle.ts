import fc from 'fast-check'
import type { HotInt } from '../../../src/index.js'
import { numberType } from './number-type.js'
import { Refused } from '../../support/oracle.js'

const max = Number.MAX_SAFE_INTEGER

const edges = [
  ...[0, 1, 2, 3, 7, 10, 31, 32, 52, 53, 54, 64],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52, max - 1, max],
  // At the very edge: 94906265² is a safe integer, the next square is not; 2^53 - 1 = 6361 · 69431 · 20394401.
  ...[94_906_265, 94_906_266, 20_394_401, 6_361 * 69_431]
].flatMap(number => (number === 0 ? [0] : [number, -number]))

/** As many numbers of few bits as of many. */
const ofAnyLength = fc
  .tuple(fc.integer({ min: 1, max: 53 }), fc.maxSafeInteger())
  .map(([length, number]) => Number(BigInt(number) >> BigInt(53 - length)))

const number = fc.oneof(
  fc.constantFrom(...edges, -0),
  fc.integer({ min: -70, max: 70 }),
  fc.maxSafeInteger(),
  ofAnyLength
)

function notZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new Refused('RangeError')
  return divisor
}

/** BigInt's own; what would fill the memory can't be a safe integer. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw new Refused('RangeError')
  if (base === 0n || base === 1n) return exponent === 0n ? 1n : base
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n
  if (exponent > 60n) throw new Refused('OverflowError')
  return base ** exponent
}

function shifted(number: bigint, places: bigint): bigint {
  if (number === 0n) return 0n
  if (places > 60n) throw new Refused('OverflowError')
  return number << (places < -60n ? -60n : places)
}

const exactly =
  (calculate: (one: bigint, other: bigint) => bigint) =>
  (one: number, other: number): number => {
    const result = Number(calculate(BigInt(one), BigInt(other)))
    if (!Number.isSafeInteger(result)) throw new Refused('OverflowError')
    return result
  }

export const int = numberType<HotInt>({
  name: 'Int',
  make: (hot, key, options) => hot.int(key, options),
  edges,
  number,
  normal: value => value + 0,
  textOf: String,
  arithmetic: {
    increment: exactly((one, other) => one + other),
    decrement: exactly((one, other) => one - other),
    multiply: exactly((one, other) => one * other),
    divide: exactly((one, other) => one / notZero(other)),
    remainder: exactly((one, other) => one % notZero(other)),
    power: exactly(power),
    and: exactly((one, other) => one & other),
    or: exactly((one, other) => one | other),
    xor: exactly((one, other) => one ^ other),
    shiftLeft: exactly(shifted),
    shiftRight: exactly((one, other) => shifted(one, -other))
  }
})
