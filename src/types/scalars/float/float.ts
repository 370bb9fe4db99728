import { finite } from '../../../core/arguments.js'
import { OverflowError } from '../../../core/errors.js'
import { floatChange } from '../../../scripts.generated.js'
import type { Pending } from '../../../core/pending.js'
import { readModifyWrite } from '../read-modify-write.js'
import { HotNumber, change, numberFrom, type Arithmetic } from '../number.js'
import type { TypeDescriptor } from '../../../handles/operation.js'
import { plainType, type TypeDefinition } from '../../../handles/define-type.js'
import type { PlainOptions } from '../../../handles/factory-options.js'

/** A double in Redis. */
export type HotFloat = Float

/**
 * A double. See {@link HotFloat}.
 *
 * @throws TypeError when the key is empty or not a string
 * @example const price = hot.float('price', { initial: 9.5 })
 */
export type FloatFactory = (key?: string, options?: PlainOptions<number>) => HotFloat

const decimal = /^-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?$/

const doubles: Arithmetic = {
  script: floatChange,
  unlike: 'a finite number',
  check: finite,
  textOf: value => (Object.is(value, -0) ? '-0' : String(value)),
  parse: text => (decimal.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined)
}

/**
 * A double in Redis: results equal JavaScript's, bit for bit; one that would be NaN or infinite is an OverflowError. A
 * missing key is 0. Every method is one atomic step.
 */
class Float extends HotNumber {
  static readonly descriptor: TypeDescriptor = { name: 'Float', redisType: 'string', indexedBy: 'nothing' }

  /** @internal */
  protected override readonly arithmetic = doubles

  /**
   * Divides by a number and returns the quotient. A script, O(1).
   *
   * @throws OverflowError when the quotient is not finite, as when dividing by 0
   * @example await price.divide(3)
   */
  divide(by: number): Pending<number> {
    return this[change](this.context.op('divide'), by)
  }

  /**
   * Sets the number to the remainder of a division, as % does, and returns it. A script, O(1).
   *
   * @throws OverflowError when dividing by 0
   * @example await angle.remainder(360)
   */
  remainder(by: number): Pending<number> {
    return this[change](this.context.op('remainder'), by)
  }

  /**
   * Raises the number to a power, as ** does, and returns the result. Read, computed here and set if unchanged; O(1).
   *
   * @throws OverflowError when the result is not finite
   * @example await side.power(0.5)
   */
  power(exponent: number): Pending<number> {
    const op = this.context.op('power')
    const by = op.finite('the exponent', exponent)
    return readModifyWrite(op, this.context.key, '0', stored => {
      const result = this[numberFrom](op, stored) ** by
      if (Number.isFinite(result)) return { text: doubles.textOf(result), result }
      const { key, operation } = op
      throw new OverflowError(`${key} would not be a finite number: it stays ${stored}`, { key, operation })
    })
  }
}

export const float: TypeDefinition<FloatFactory> = plainType(Float)
