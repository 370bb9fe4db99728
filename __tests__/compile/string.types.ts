/* eslint-disable @typescript-eslint/no-meaningless-void-operator, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/restrict-plus-operands
   -- expressions stand alone here, and some must not compile */
import { hot, type HotFloat, type HotImmutableString, type HotInt, type HotString, type Pending } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const title: HotString
declare const fixed: HotImmutableString
declare const n: HotInt
declare const x: HotFloat
declare const fetchName: () => Promise<string>
declare const fetchCount: () => Promise<number>

export async function aStringHasTypes() {
  expectType<string>()(await title.value)
  expectType<number>()(await title.length)
  expectType<string | undefined>()(await title[0])
  expectType<string | undefined>()(await title.at(-1))
  expectType<string>()(await title.slice(1, 2))
  expectType<number>()(await title.indexOf('a', 1))
  expectType<boolean>()(await title.includes('a'))
  expectType<boolean>()(await title.startsWith('a', 1))
  expectType<boolean>()(await title.endsWith('a'))
  expectType<string>()(await title.toJS())
  expectType<Pending<void>>()(title.append('x'))
  expectType<Pending<void>>()(title.replace('x'))
  expectType<Pending<void>>()(title.replace(/x/, 'y'))
  expectType<Pending<void>>()(title.replaceAll('x', found => found.toUpperCase()))
  expectType<Pending<void>>()(title.toUpperCase())
  expectType<Pending<void>>()(title.splice(0, 1, 'x'))
}

export function aStringIsWritten() {
  title[0] = 'x'
  title[-1] = 'x'
  title.value = 'x'
  // @ts-expect-error text is wanted
  title[0] = 1
  // @ts-expect-error text is wanted
  title.value = 1
  // @ts-expect-error a forgotten await
  title.value = fetchName()
  // @ts-expect-error a forgotten await
  void title.append(fetchName())
  // @ts-expect-error a length can only be read
  title.length = 1
  // @ts-expect-error not awaited: a promise has no methods of a string
  void title.value.trim()
  // @ts-expect-error a mutable string has append() and prepend()
  void title.concat('x')
  // @ts-expect-error it holds plain text: there is no codec
  hot.string('x', { codec: { encode: String, decode: String } })
  // @ts-expect-error text is wanted
  hot.string('x', { initial: 1 })
}

export async function anImmutableStringMakesOthers() {
  expectType<string>()(await fixed.value)
  expectType<string | undefined>()(await fixed[0])
  expectType<HotImmutableString>()(await fixed.concat('a', 'b'))
  expectType<HotImmutableString>()(await fixed.repeat(2))
  expectType<HotImmutableString>()(await fixed.replace('a', 'b'))
  expectType<HotImmutableString>()(await fixed.toUpperCase())
  expectType<HotImmutableString>()(await (await fixed.trim()).padStart(3))
  expectType<HotImmutableString>()(hot.immutableString('x', { initial: 'a' }))
  expectType<boolean>()(await fixed.equals(fixed))
  expectType<boolean>()(await fixed.equals('a'))
  // @ts-expect-error a number is no text
  void fixed.equals(1)
}

export function anImmutableStringIsNotWritten() {
  // @ts-expect-error it never changes
  fixed[0] = 'x'
  // @ts-expect-error it never changes
  fixed.value = 'x'
  // @ts-expect-error it never changes
  void fixed.append('x')
  // @ts-expect-error it never changes: with one argument replace() would
  void fixed.replace('x')
  // @ts-expect-error it never changes
  void fixed.splice(0, 1)
}

export async function numbersHaveTypes() {
  for (const number of [n, x]) {
    expectType<Pending<number>>()(number.increment())
    expectType<number>()(await number.decrement(2))
    expectType<number>()(await number.multiply(2))
    expectType<number>()(await number.divide(2))
    expectType<number>()(await number.remainder(2))
    expectType<number>()(await number.power(2))
    expectType<number>()(await number.getAndSet(2))
    expectType<boolean>()(await number.compareAndSet(1, 2))
    expectType<number>()(await number.toJS())
  }
  expectType<number>()(await n.value)
  expectType<number>()(await n.and(1))
  expectType<number>()(await n.or(1))
  expectType<number>()(await n.xor(1))
  expectType<number>()(await n.shiftLeft(1))
  expectType<number>()(await n.shiftRight(1))
}

export function numbersAreWritten() {
  n.value = 5
  x.value = 0.5
  // @ts-expect-error a number is wanted
  n.value = '5'
  // @ts-expect-error a BigInt is no number
  n.value = 5n
  // @ts-expect-error a forgotten await
  n.value = fetchCount()
  // @ts-expect-error not awaited: increment() can
  n.value++
  // @ts-expect-error not awaited: increment() can
  n.value += 1
  // @ts-expect-error not awaited: a promise is not less than anything
  void (n.value < 1)
  // @ts-expect-error a number is wanted
  void n.increment('1')
  // @ts-expect-error doubles have no bits to speak of
  void x.and(1)
  // @ts-expect-error a number has no positions
  void n[0]
  // @ts-expect-error a number is wanted
  hot.int('x', { initial: '1' })
  // @ts-expect-error it holds a plain number: there is no schema
  hot.float('x', { schema: {} })
}
