import type { Codec, Hot } from '../../src/index.js'

/** What every handle has, whatever it holds. */
export interface AnyHandle {
  readonly key: string
  clear(): Promise<void>
  exists(): Promise<boolean>
  expire(milliseconds: number): Promise<boolean>
  expireAt(date: Date): Promise<boolean>
  ttl(): Promise<number | undefined>
  persist(): Promise<boolean>
  toJS(): Promise<unknown>
  replace(value: unknown): Promise<void>
  equals(other: unknown): Promise<boolean>
}

interface AnyOptions {
  readonly initial?: unknown
  readonly codec?: Codec
}

/** A type of handles as the tests of the common members see it. */
export interface TypeUnderTest {
  readonly name: string
  /** What the handle is called in a message that shows what to write. */
  readonly variable: string
  /** What its key holds, as Redis' TYPE says it. */
  readonly holds: string
  readonly make: (hot: Hot, key?: string, options?: AnyOptions) => AnyHandle
  /** What replace() and initial take … */
  readonly sample: unknown
  /** … what toJS() makes of it … */
  readonly plain: unknown
  /** … and something that is not equal to it. */
  readonly different: unknown
  /** What toJS() gives when there is nothing. */
  readonly empty: unknown
  /** A value of `size` parts that all hold `text`. */
  readonly filled: (size: number, text: string) => unknown
  /** A call of each member that needs the key to hold the right type. */
  readonly calls: Readonly<Record<string, (handle: AnyHandle) => Promise<unknown>>>
  /** Those of `calls` that may wait for somebody else, which a transaction refuses. */
  readonly waits?: readonly string[]
}

/** Members that work on a key of any type, or ask nothing. */
type Untyped = 'key' | 'then' | 'clear' | 'exists' | 'expire' | 'expireAt' | 'ttl' | 'persist'

/** Every member but those: a type that grows a method must say here how it is called. */
export type Calls<H, Fields extends string = never> = {
  [Member in Exclude<Extract<keyof H, string>, Untyped | Fields> | 'for await']: (handle: H) => Promise<unknown>
}
