import { keysOfAll, type CallInfo, type Request } from '../core/command.js'
import type { HotError } from '../core/errors.js'
import {
  noSuchIndex,
  CodecError,
  ConnectionError,
  KeyTypeError,
  MismatchError,
  OverflowError,
  ReplyError
} from '../core/errors.js'

/** What each type of Redis is called, and which handle reads it. */
const types: Readonly<Record<string, { readonly name: string; readonly handle?: string }>> = {
  string: { name: 'a string', handle: 'hot.string' },
  list: { name: 'a list', handle: 'hot.list' },
  set: { name: 'a set', handle: 'hot.set' },
  hash: { name: 'a hash', handle: 'hot.dict' },
  zset: { name: 'a sorted set' },
  stream: { name: 'a stream' },
  none: { name: 'nothing any more' }
}

const named = (type: string): string => types[type]?.name ?? `a ${type}`

type Details = { readonly key: string; readonly operation: string; readonly cause: unknown }
type Explanation = (text: string, details: Details) => HotError

/** The reply of a replica to a write; Redis 6, and a batch, put a code of their own in front of those of a script. */
export const readOnly = /^(?:ERR )?(?:.*-)?READONLY /

/** Answers that mean Redis is there but does not serve: nothing was applied. */
const unavailable: Explanation = (text, details) =>
  new ConnectionError(`Redis does not serve this now (${text})`, { ...details, outcome: 'not-sent' })

const replica: Explanation = (text, details) =>
  new ConnectionError(
    `the server is a replica, which takes no writes (${text}): connect to its master, or give a sentinel client, which knows it`,
    { ...details, outcome: 'not-sent' }
  )

const needsPassword: Explanation = (text, details) =>
  new ConnectionError(
    `Redis asks for a password (${text}): give it in the url, as in redis://user:password@host:6379`,
    {
      ...details,
      outcome: 'not-sent'
    }
  )

/** A MULTI of which Redis refused a command; which, and why, the client does not tell. */
const discarded: Explanation = (text, details) =>
  new ReplyError(
    `key '${details.key}': Redis refused one of the commands and so executed none, as when it is out of memory (OOM) or the user may not use one of them (NOPERM): ${text}`,
    details
  )

/** The first word of an error reply, and what it means here. Our own scripts use CODEC, OVERFLOW and MISMATCH. */
const explanations: Readonly<Record<string, Explanation>> = {
  NOAUTH: needsPassword,
  WRONGPASS: needsPassword,
  LOADING: unavailable,
  BUSY: unavailable,
  MASTERDOWN: unavailable,
  CLUSTERDOWN: unavailable,
  TRYAGAIN: unavailable,
  MOVED: unavailable,
  ASK: unavailable,
  EXECABORT: discarded,
  CODEC: (text, details) => new CodecError(`${details.key} ${text}`, details),
  OVERFLOW: (text, details) => new OverflowError(`${details.key} ${text}`, details),
  MISMATCH: (text, details) =>
    new MismatchError(`key '${details.key}' ${text}: give the same everywhere, or clear() it first`, details)
}

/** Replies after which the same call may succeed soon: Redis is busy, loading, or changes its role. */
const TRANSIENT = /^(?:BUSY|LOADING|MASTERDOWN) /

/** Whether Redis refused a call that may succeed soon; nothing was applied. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof ConnectionError && error.cause instanceof Error)) return false
  return TRANSIENT.test(error.cause.message) || readOnly.test(error.cause.message)
}

/** The codes that are our own scripts' alone: what follows them is for the user. */
const ownCodes = new Set(['CODEC', 'OVERFLOW', 'MISMATCH'])

/**
 * The error to give the user for an error Redis replied with. For a wrong type it asks what the keys hold instead; `typeOf`
 * does not fail.
 */
export async function explain(
  error: Error,
  info: CallInfo,
  requests: readonly Request[],
  typeOf: (key: string) => Promise<string>
): Promise<HotError> {
  const { operation, key, redisType } = info
  const details = { key, operation, cause: error }
  if (error.message.includes('WRONGTYPE')) return wrongType(info, keysOfAll(requests), error, typeOf)
  if (redisType && /index out of range|no such key/.test(error.message))
    return noSuchIndex(operation, key, redisType, error)
  if (error.message.includes('exceeds maximum allowed size')) {
    return new OverflowError(`${key} would be longer than the 512 MB that a string can hold`, details)
  }
  if (readOnly.test(error.message)) return replica(error.message, details)
  const [code = '', ...rest] = error.message.split(' ')
  if (code === 'MOVED' && keysOfAll(requests).length === 0) {
    return new ReplyError(`${operation}: on a cluster give a handle for each key: it leads to the key's node`, details)
  }
  const explanation = explanations[code]
  if (explanation) return explanation(ownCodes.has(code) ? rest.join(' ') : error.message, details)
  return new ReplyError(`key '${key}': Redis answers ${error.message}`, details)
}

async function wrongType(
  { operation, key: ownKey, redisType }: CallInfo,
  keys: readonly string[],
  cause: Error,
  typeOf: (key: string) => Promise<string>
): Promise<HotError> {
  const found = await Promise.all(keys.map(async key => ({ key, type: await typeOf(key) })))
  const { key, type } = found.find(({ type }) => type !== redisType && type !== 'none') ?? {
    key: ownKey,
    type: 'another type'
  }
  const expected = redisType ? `not ${named(redisType)}` : 'which this command does not take'
  const handle = types[type]?.handle
  const wayOut = handle ? `${handle}() reads it` : 'use another key'
  return new KeyTypeError(`key '${key}' holds ${named(type)}, ${expected}: ${wayOut}, clear() removes it`, {
    key,
    operation,
    cause
  })
}
