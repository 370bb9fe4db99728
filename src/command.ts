/**
 * What a type hands down instead of talking to Redis: plain data that says what to send, for which keys, and how to
 * read the replies. Whatever runs it (the shared connection, an open transaction) needs to know nothing of the types.
 */

/** A Lua script bundled from `src/lua`, sent by EVALSHA or EVAL as the connection decides. */
export interface Script {
  readonly name: string
  readonly source: string
  readonly sha1: string
}

/** One script call. */
export interface ScriptRequest {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

/** One Redis command, or one script call. */
export type Request = { readonly args: readonly string[]; readonly script?: undefined } | ScriptRequest

/** One Redis command. */
export function words(...parts: (string | number)[]): Request {
  return { args: texts(parts) }
}

/** One call of a script. */
export function script(script: Script, keys: readonly string[], ...args: (string | number)[]): ScriptRequest {
  return { script, keys, args: texts(args) }
}

function texts(words: (string | number)[]): string[] {
  for (let index = 0; index < words.length; index++) {
    if (typeof words[index] === 'number') words[index] = String(words[index])
  }
  return words as string[]
}

/** A reply as node-redis gives it for RESP2. */
export type Reply = string | number | null | Reply[] | Error

/** What Redis calls the kinds of values a key can hold (the answer of TYPE). */
export type RedisType = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream'

export interface Command<Result> {
  /** The call as its user knows it: `List.push`. */
  readonly operation: string
  /** Every key the requests touch, the handle's own first. On a cluster they must share a slot. */
  readonly keys: readonly string[]
  /** A read is sent again by itself after a dropped connection; a write is not, unless it is repeatable. */
  readonly kind: 'read' | 'write'
  /** What the keys must hold; undefined when any type will do. */
  readonly holds: RedisType | undefined
  /** Sent as they are if there is one, as one MULTI if there are several: atomic in either case. */
  readonly requests: readonly Request[]
  /** True when the result is worth nothing to the caller (it is undefined). */
  readonly returnsNothing: boolean
  /**
   * The result from the replies, one for each request. `connection` numbers the physical connection that answered: a
   * cursor of SCAN is worth nothing on another.
   */
  readonly decode: (replies: readonly Reply[], connection: number) => Result
  /** True when `decode` takes error replies (as Error objects) among the others, instead of failing with the first. */
  readonly takesErrors?: boolean
  /**
   * For what takes several steps (read, compute here, write): looks at what was decoded and tells the result, or what to
   * run next. Nothing else this Hot sends to the keys goes in between.
   */
  next?(decoded: Result): Step<Result>
  /**
   * For a write that is such a next step: the result it has if nothing has changed the keys meanwhile. A transaction, which
   * watches them, queues the write and answers with this.
   */
  readonly expected?: () => Result
  /** True when a write may be sent again after a lost connection: doing it twice is doing it once. */
  readonly repeatable?: boolean
  /** True when the write only puts in what was missing: read again in a transaction, the answer is the same. */
  readonly fillsIn?: boolean
  /** True for a read whose next step writes: in a transaction its keys count as written. */
  readonly writes?: boolean
  /** For a write that may turn out to need several steps: the same with the read first, as a transaction needs it. */
  readonly readFirst?: () => Command<Result>
}

/** What comes after the first of several steps. */
export type Step<Result> = { readonly result: Result } | { readonly command: Command<Result> }

/** Whatever can run commands: the shared connection, or an open transaction. */
export interface Runner {
  run<Result>(command: Command<Result>): Promise<Result>
}

/** Requests carry at most this many values each; a call with more is split over several in one MULTI. */
export const VALUES_PER_REQUEST = 5_000

/** Cuts `values` into runs of at most `size`, keeping every group of `size` together. */
export function chunked(values: readonly string[], size = VALUES_PER_REQUEST): readonly (readonly string[])[] {
  if (values.length <= size) return values.length === 0 ? [] : [values]
  const chunks: string[][] = []
  for (let start = 0; start < values.length; start += size) chunks.push(values.slice(start, start + size))
  return chunks
}
