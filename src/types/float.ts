import { finite } from '../arguments.js'
import { OverflowError } from '../errors.js'
import { floatChange } from '../lua/index.generated.js'
import type { Pending } from '../pending.js'
import { computed } from './computed.js'
import { HotNumber, change, numberFrom, type Arithmetic } from './number.js'
import type { TypeShape } from './issuer.js'

const decimal = /^-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?$/

const doubles: Arithmetic = {
  script: floatChange,
  unlike: 'a finite number',
  check: finite,
  textOf: value => (Object.is(value, -0) ? '-0' : String(value)),
  parse: text => (decimal.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined)
}

/**
 * A double in Redis: results equal JavaScript's, bit for bit, or are an OverflowError where they would be NaN or infinite.
 * A missing key is 0. Every method is one atomic step.
 */
export class Float extends HotNumber {
  static readonly shape: TypeShape = { name: 'Float', holds: 'string', indexedBy: 'nothing' }

  /** @internal */
  protected override readonly arithmetic = doubles

  /**
   * Divides, and returns the quotient. A script, O(1).
   *
   * @throws OverflowError when the quotient is not finite, as when dividing by 0
   * @example await price.divide(3)
   */
  divide(by: number): Pending<number> {
    return this[change]('divide', by)
  }

  /**
   * Keeps what division leaves over, as % does, and returns it. A script, O(1).
   *
   * @throws OverflowError when dividing by 0
   * @example await angle.remainder(360)
   */
  remainder(by: number): Pending<number> {
    return this[change]('remainder', by)
  }

  /**
   * Raises it to a power, as ** does, and returns that. Read, computed here and set if unchanged; O(1).
   *
   * @throws OverflowError when the result is not finite
   * @example await side.power(0.5)
   */
  power(exponent: number): Pending<number> {
    const { issue } = this
    const operation = issue.operation('power')
    const by = finite(operation, 'the exponent', exponent)
    return issue.run(
      computed(issue, 'power', '0', stored => {
        const result = this[numberFrom]('power', stored) ** by
        if (Number.isFinite(result)) return { text: doubles.textOf(result), result }
        throw new OverflowError(`${issue.key} would not be a finite number: it stays ${stored}`, {
          key: issue.key,
          operation
        })
      })
    )
  }
}
