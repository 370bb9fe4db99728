import { integer } from '../../../core/arguments.js'
import { intChange } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import { HotNumber, change, type Arithmetic } from '../number.js'
import type { Op, TypeDescriptor } from '../../../handles/operation.js'
import { plainType, type TypeDefinition } from '../../../handles/define-type.js'
import type { PlainOptions } from '../../../handles/factory-options.js'

/** A whole number in Redis. */
export type HotInt = Int

/**
 * A whole number. See {@link HotInt}.
 *
 * @throws TypeError when the key is empty or not a string
 * @example const visits = hot.int('visits', { initial: 0 })
 */
export type IntFactory = (key?: string, options?: PlainOptions<number>) => HotInt

const wholeNumber = /^(?:0|-?[1-9]\d*)$/

const integers: Arithmetic = {
  script: intChange,
  unlike: 'a safe integer',
  check: (operation, name, value) => integer(operation, name, value) + 0,
  textOf: String,
  parse: text => (wholeNumber.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined)
}

/**
 * A whole number in Redis, exact over all safe integers: results equal BigInt's, or are an OverflowError. A missing key is
 * 0. Every method is one atomic step.
 */
class Int extends HotNumber {
  static readonly descriptor: TypeDescriptor = { name: 'Int', redisType: 'string', indexedBy: 'nothing' }

  /** @internal */
  protected override readonly arithmetic = integers

  /**
   * Divides by a number, truncating toward zero, and returns the quotient. A script, O(1).
   *
   * @throws RangeError when dividing by 0
   * @example await n.divide(2)
   */
  divide(by: number): Pending<number> {
    const op = this.context.op('divide')
    return this[change](op, this.#divisor(op, by))
  }

  /**
   * Sets the number to the remainder of a division, with the sign of the number, and returns it. A script, O(1).
   *
   * @throws RangeError when dividing by 0
   * @example await n.remainder(10)
   */
  remainder(by: number): Pending<number> {
    const op = this.context.op('remainder')
    return this[change](op, this.#divisor(op, by))
  }

  /**
   * Raises the number to a power and returns the result. A script, O(1).
   *
   * @throws RangeError when the exponent is negative
   * @example await n.power(2)
   */
  power(exponent: number): Pending<number> {
    const op = this.context.op('power')
    return this[change](op, op.count('the exponent', exponent))
  }

  /** Bitwise AND; returns the number. A script, O(1). */
  and(bits: number): Pending<number> {
    return this[change](this.context.op('and'), bits)
  }

  /** Bitwise OR; returns the number. A script, O(1). */
  or(bits: number): Pending<number> {
    return this[change](this.context.op('or'), bits)
  }

  /** Bitwise XOR; returns the number. A script, O(1). */
  xor(bits: number): Pending<number> {
    return this[change](this.context.op('xor'), bits)
  }

  /**
   * Shifts the bits left (right if negative) and returns the number. A script, O(1).
   *
   * @example await n.shiftLeft(3) // eight times as much
   */
  shiftLeft(places: number): Pending<number> {
    return this[change](this.context.op('shiftLeft'), places)
  }

  /**
   * Shifts the bits right (left if negative), rounding toward minus infinity, and returns the number. A script, O(1).
   *
   * @example await n.shiftRight(1) // half as much
   */
  shiftRight(places: number): Pending<number> {
    return this[change](this.context.op('shiftRight'), places)
  }

  #divisor(op: Op, by: unknown): number {
    const divisor = op.integer('the divisor', by)
    if (divisor === 0) throw new RangeError(`${op.operation}: '${this.context.name}' can't be divided by 0`)
    return divisor
  }
}

export const int: TypeDefinition<IntFactory> = plainType(Int)
