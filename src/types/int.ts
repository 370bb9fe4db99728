import { count, integer } from '../arguments.js'
import { intChange } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { HotNumber, change, type Arithmetic } from './number.js'
import type { TypeShape } from './issuer.js'

const wholeNumber = /^(?:0|-?[1-9]\d*)$/

const integers: Arithmetic = {
  script: intChange,
  unlike: 'a safe integer',
  check: (operation, name, value) => integer(operation, name, value) + 0,
  textOf: String,
  parse: text => (wholeNumber.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined)
}

/**
 * A whole number in Redis, exact over all the safe integers: results equal BigInt's, or are an OverflowError. A missing key
 * is 0. Every method is one atomic step.
 */
export class Int extends HotNumber {
  static readonly shape: TypeShape = { name: 'Int', holds: 'string', indexedBy: 'nothing' }

  /** @internal */
  protected override readonly arithmetic = integers

  /**
   * Divides, toward zero, and returns the quotient. A script, O(1).
   *
   * @throws RangeError when dividing by 0
   * @example await n.divide(2)
   */
  divide(by: number): Pending<number> {
    return this[change]('divide', this.#divisor('divide', by))
  }

  /**
   * Keeps what division leaves over, with the sign of the number, and returns it. A script, O(1).
   *
   * @throws RangeError when dividing by 0
   * @example await n.remainder(10)
   */
  remainder(by: number): Pending<number> {
    return this[change]('remainder', this.#divisor('remainder', by))
  }

  /**
   * Raises it to a power, and returns that. A script, O(1).
   *
   * @throws RangeError when the exponent is negative
   * @example await n.power(2)
   */
  power(exponent: number): Pending<number> {
    return this[change]('power', count(this.issue.operation('power'), 'the exponent', exponent))
  }

  /** Keeps the bits that both have, and returns the number. A script, O(1). */
  and(bits: number): Pending<number> {
    return this[change]('and', bits)
  }

  /** Adds the bits of the other, and returns the number. A script, O(1). */
  or(bits: number): Pending<number> {
    return this[change]('or', bits)
  }

  /** Keeps the bits that one of the two has, and returns the number. A script, O(1). */
  xor(bits: number): Pending<number> {
    return this[change]('xor', bits)
  }

  /**
   * Shifts the bits up (down, if negative), and returns the number. A script, O(1).
   *
   * @example await n.shiftLeft(3) // eight times as much
   */
  shiftLeft(places: number): Pending<number> {
    return this[change]('shiftLeft', places)
  }

  /**
   * Shifts the bits down (up, if negative), toward minus infinity, and returns the number. A script, O(1).
   *
   * @example await n.shiftRight(1) // half as much
   */
  shiftRight(places: number): Pending<number> {
    return this[change]('shiftRight', places)
  }

  #divisor(method: string, by: unknown): number {
    const divisor = integer(this.issue.operation(method), 'the divisor', by)
    if (divisor === 0)
      throw new RangeError(`${this.issue.operation(method)}: '${this.issue.name}' can't be divided by 0`)
    return divisor
  }
}
