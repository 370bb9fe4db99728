/**
 * What a type hands down instead of talking to Redis: plain data that says what to send and how to read the replies.
 * Whatever runs it (the shared pipeline, an open transaction) knows nothing of the types.
 */

import type { Key } from './keys.js'

/** A Lua script bundled from a `.lua` file, sent by EVALSHA or EVAL as the plan decides. */
export interface Script {
  readonly name: string
  readonly source: string
  readonly sha1: string
  /** Its cost has a bound (O(1), O(log n)), so that many calls of it may go as one. */
  readonly bounded: boolean
  /** May take longer than the response timeout: for large values it takes seconds. */
  readonly slow: boolean
}

/** One Redis command; `keysAt` tells which of its words are keys. */
export interface WordsRequest {
  readonly words: readonly string[]
  readonly keysAt: readonly number[]
  readonly script?: undefined
  /** Of a command without keys: on a cluster it goes to the master of this slot. */
  readonly slot?: number
}

/** One call of a script. */
export interface ScriptRequest {
  readonly script: Script
  readonly keys: readonly Key[]
  readonly args: readonly string[]
}

export type Request = WordsRequest | ScriptRequest

/** A word of a command: keys are marked by their class, everything else is a value. */
export type Word = Key | string | number

const NO_KEYS: readonly number[] = []
const ONLY_FIRST: readonly number[] = [1]

/** One Redis command. */
export function command(...words: Word[]): WordsRequest {
  let first = -1
  let keysAt: number[] | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word
    if (typeof word === 'string') continue
    if (typeof word === 'number') {
      words[index] = String(word)
    } else {
      words[index] = word.name
      if (first === -1) first = index
      else if (keysAt) keysAt.push(index)
      else keysAt = [first, index]
    }
  }
  return { words: words as string[], keysAt: keysAt ?? (first === 1 ? ONLY_FIRST : first === -1 ? NO_KEYS : [first]) }
}

/** A command on one key, whose name is its second word. */
export function commandOn(words: readonly string[]): WordsRequest {
  return { words, keysAt: ONLY_FIRST }
}

/** A command with any number of values: as many commands as it takes, see VALUES_PER_REQUEST. */
export function commands(name: string, key: Key, values: readonly string[]): readonly Request[] {
  if (values.length <= VALUES_PER_REQUEST) return values.length === 0 ? [] : [command(name, key, ...values)]
  return chunked(values).map(chunk => command(name, key, ...chunk))
}

/** One call of a script. */
export function script(script: Script, keys: readonly Key[], ...args: (string | number)[]): ScriptRequest {
  for (let index = 0; index < args.length; index++) {
    if (typeof args[index] === 'number') args[index] = String(args[index])
  }
  return { script, keys, args: args as string[] }
}

/** The names of the keys that a request touches. */
export function keysOf(request: Request): readonly string[] {
  return request.script ? request.keys.map(({ name }) => name) : request.keysAt.map(at => request.words[at] as string)
}

/** The names of the keys that requests touch, each once, in order of appearance. */
export function keysOfAll(requests: readonly Request[]): readonly string[] {
  const [first] = requests
  if (requests.length === 1 && first)
    return first.script || first.keysAt.length > 1 ? unique(keysOf(first)) : keysOf(first)
  return unique(requests.flatMap(keysOf))
}

function unique(names: readonly string[]): readonly string[] {
  return names.length < 2 ? names : [...new Set(names)]
}

/** A reply as RESP2 gives it. */
export type Reply = string | number | null | Reply[] | Error

/** What Redis calls the kinds of values a key can hold (the answer of TYPE). */
export type RedisType = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream'

/** What a call is called, and what it is about: for errors. */
export interface CallInfo {
  /** The call as its user knows it: `List.push`. */
  readonly operation: string
  /** The handle's own key, which errors name. */
  readonly key: string
  /** What the keys must hold; undefined when any type will do. */
  readonly redisType: RedisType | undefined
}

/** Changes nothing: after a lost connection it is sent again. Several requests are one MULTI. */
export interface Read<Result> {
  readonly info: CallInfo
  readonly kind: 'read'
  readonly requests: readonly Request[]
  /**
   * The result from the replies, one for each request. `epoch` numbers the connection that answered: a cursor of SCAN is
   * worth nothing on another.
   */
  readonly decode: (replies: readonly Reply[], epoch: number) => Result
}

/** Changes something; several requests are one MULTI. */
export interface Write<Result> {
  readonly info: CallInfo
  readonly kind: 'write'
  readonly requests: readonly Request[]
  /** Without it the result is undefined. */
  readonly decode: ((replies: readonly Reply[]) => Result) | undefined
  /** The result is undefined, and nothing but the type of a key can be wrong: a transaction resolves it at once. */
  readonly returnsNothing: boolean
  /** Sending it twice has the effect of sending it once: after a lost connection it is sent again. */
  readonly idempotent: boolean
  /** Serves the waits at its key: a transaction hides them from its writes, and sends this after all of them. */
  readonly serve?: Request | undefined
  /** The user's own command: it may name keys that are not marked. */
  readonly raw?: boolean
  /** Keys that it only reads: a transaction can read them afterwards. */
  readonly unchanged?: readonly Key[] | undefined
}

/**
 * What Redis can't compute: reads, computes here, and writes if what was read is unchanged; again until it is. No other
 * call of this Hot takes effect in between.
 */
export interface Update<Result> {
  readonly info: CallInfo
  readonly kind: 'update'
  readonly read: Request
  /** A write that does it all in Redis where that is possible; its reply is read as that of `Step.write` is. */
  readonly tryFirst?: Request | undefined
  /** What to write for what is stored. */
  readonly compute: (stored: Reply) => Step<Result>
  /**
   * Only inserts what is missing: it commutes with others of its kind, so their reads may share a round trip.
   */
  readonly insertsDefault: boolean
  /** Keys that it only reads: a transaction can read them afterwards. */
  readonly unchanged?: readonly Key[] | undefined
}

/** What an Update makes of what it read. */
export interface Step<Result> {
  /** The result, once the write is done. */
  readonly result: Result
  /**
   * Replies `[text]` when done, `[null, stored]` when something else is stored by now. Undefined when there is nothing to
   * write.
   */
  readonly write?: Request | undefined
}

export type Command<Result> = Read<Result> | Write<Result> | Update<Result>

/** Whatever can run commands: the shared pipeline, or an open transaction. */
export interface Runner {
  run<Result>(command: Command<Result>): Promise<Result>
}

/** Whether Redis did it, or has it. */
export function isOne(reply: Reply): boolean {
  return reply === 1
}

/** The sum of replies that are numbers: what requests that were split have done together. */
export function sum(...replies: readonly Reply[]): number {
  return replies.reduce<number>((total, reply) => total + Number(reply), 0)
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
