import { command, isOne, script, type Reply, type Request, type Script } from '../../core/command.js'
import { CodecError } from '../../core/errors.js'
import type { Key } from '../../core/keys.js'
import { stringSet } from '../../scripts.generated.js'
import type { Pending } from '../../core/pending.js'
import type { Op } from '../../handles/operation.js'
import { Handle, fromPlain, fromReply, readAll, writeAll } from '../../handles/handle.js'

/** Internal methods that the number types share. Symbols keep them off the public members. */
export const change = Symbol('change')
export const numberFrom = Symbol('numberFrom')

/** How a number type checks, writes, reads and computes its numbers. */
export interface Arithmetic {
  readonly script: Script
  /** What a text that is not such a number fails to be, for messages. */
  readonly unlike: string
  readonly check: (operation: string, name: string, value: unknown) => number
  readonly textOf: (value: number) => string
  /** Undefined for a text that is not such a number. */
  readonly parse: (text: string) => number | undefined
}

/**
 * A number in Redis; a missing key is 0. Each change is one atomic step and returns the new value. A result that is no such
 * number is an OverflowError and changes nothing.
 */
export abstract class HotNumber extends Handle<number> {
  /** @internal */
  protected abstract readonly arithmetic: Arithmetic;

  /** @internal */
  [readAll](): Request {
    return command('GET', this.context.key)
  }

  /** @internal */
  [fromReply](reply: Reply): number {
    return this[numberFrom](this.context.op('toJS'), reply)
  }

  /** @internal */
  [fromPlain](operation: string, value: unknown): number {
    return this.arithmetic.check(operation, 'the value', value)
  }

  /** @internal */
  [writeAll](value: unknown, key: Key): readonly Request[] {
    return [script(stringSet, [key], this.arithmetic.textOf(value as number))]
  }

  /**
   * The number; assigning replaces it and keeps the time to live. `GET`, `SET`, O(1).
   *
   * @throws CodecError when what is stored is not such a number
   * @example await visits.value // 41
   * @example visits.value = 0
   */
  get value(): Pending<number> {
    return this.toJS()
  }

  set value(value: number) {
    this.context.dispatcher.assign(this, 'replace', value)
  }

  /**
   * Adds a number and returns the sum. A script, O(1).
   *
   * @example await visits.increment() // 42
   */
  increment(by = 1): Pending<number> {
    return this[change](this.context.op('increment'), by)
  }

  /**
   * Subtracts a number and returns the difference. A script, O(1).
   *
   * @example await visits.decrement() // 41
   */
  decrement(by = 1): Pending<number> {
    return this[change](this.context.op('decrement'), by)
  }

  /**
   * Multiplies by a number and returns the product. A script, O(1).
   *
   * @example await price.multiply(1.19)
   */
  multiply(by: number): Pending<number> {
    return this[change](this.context.op('multiply'), by)
  }

  /**
   * Sets the number and returns the previous one. A script, O(1).
   *
   * @example await visits.getAndSet(0) // 41
   */
  getAndSet(value: number): Pending<number> {
    return this[change](this.context.op('getAndSet'), value)
  }

  /**
   * Sets the number if it equals the expected one, and returns whether it did. A script, O(1).
   *
   * @example await visits.compareAndSet(0, 1) // true
   */
  compareAndSet(expected: number, value: number): Pending<boolean> {
    const op = this.context.op('compareAndSet')
    const { check, textOf, script: arithmetic } = this.arithmetic
    const { operation } = op
    const operands = [check(operation, 'the expected value', expected), check(operation, 'the value', value)]
    const request = script(arithmetic, [this.context.key], op.method, ...operands.map(textOf))
    return op.write(request, isOne)
  }

  /** @internal */
  [change](op: Op, operand: number): Pending<number> {
    const { check, textOf, script: arithmetic } = this.arithmetic
    const by = textOf(check(op.operation, 'the operand', operand))
    return op.write(script(arithmetic, [this.context.key], op.method, by), text => this[numberFrom](op, text))
  }

  /** @internal */
  [numberFrom](op: Op, reply: Reply | undefined): number {
    if (reply === null || reply === undefined) return 0
    const number = this.arithmetic.parse(String(reply))
    if (number !== undefined) return number
    const { key, operation } = op
    throw new CodecError(`${key} does not hold ${this.arithmetic.unlike}: replace() it with one`, { key, operation })
  }
}
