import type { Reply } from '../core/command.js'
import { each } from '../scripts.generated.js'
import { onlyRequest, type Call } from './call.js'

/**
 * Fusion: calls made one after another with one command on one key become one command that takes all their arguments. Each
 * caller gets its part of the reply. It is known to no type: a command says by its name how it is fused.
 */

/** Maximum words and characters of a fused command. */
const MAX_WORDS = 1_000
const MAX_CHARACTERS = 262_144

type Words = readonly string[]

/** How calls of one command are fused. */
interface Rule {
  /** The commands that are sent for several calls; several commands are one MULTI. */
  readonly commands: readonly string[]
  /** How many words a call has that is fused; any number if this is undefined. */
  readonly length?: number
  /** How many it has at least: Redis refuses those that have less. */
  readonly least?: number
  /** Whether the next call can go in behind the last. */
  fits?(last: Words, next: Words): boolean
  /** The words of each of them. */
  join(calls: readonly Words[]): readonly Words[]
  /** The part of each call in the reply to the last of them; `before` are the replies to the others. */
  split(reply: Reply, calls: readonly Words[], before: readonly Reply[]): readonly Reply[]
}

const elements = (reply: Reply): readonly Reply[] => (reply ?? []) as readonly Reply[]
/** The same reply for each, but an array of its own: a caller may change it. */
const shared = (reply: Reply, calls: readonly Words[]): readonly Reply[] =>
  calls.map(() => (Array.isArray(reply) ? [...reply] : reply))

/** The arguments behind the key, one call after another. */
function gather(command: string, calls: readonly Words[]): string[] {
  const joined = [command, (calls[0] as Words)[1] as string]
  for (const words of calls) for (let at = 2; at < words.length; at++) joined.push(words[at] as string)
  return joined
}

/** A command that replies with an array, an element for each argument. */
const gathered = (command: string): Rule => ({
  commands: [command],
  length: 3,
  join: calls => [gather(command, calls)],
  split: elements
})

/** A command that replies with a length: that of each call is counted back from the last. */
const lengthAfter = (command: string): Rule => ({
  commands: [command],
  least: 3,
  join: calls => [gather(command, calls)],
  split(reply, calls) {
    const lengths: number[] = []
    let length = reply as number
    for (let at = calls.length - 1; at >= 0; at--) {
      lengths[at] = length
      length -= (calls[at] as Words).length - 2
    }
    return lengths
  }
})

/** A command that takes several arguments, for calls that ask for no reply. */
const unanswered = (command: string): Rule => ({
  commands: [command],
  join: calls => [gather(command, calls)],
  split: shared
})

/** A command that takes a count. */
const counted = (command: string): Rule => ({
  commands: [command],
  length: 2,
  join: calls => [[command, (calls[0] as Words)[1] as string, String(calls.length)]],
  split: elements
})

/** A command that has to run once for each argument, as its reply for several does not tell them apart. */
const oneByOne = (command: string): Rule => ({
  commands: ['EVAL'],
  length: 3,
  join: calls => {
    const [, key, ...args] = gather(command, calls)
    return [['EVAL', each.source, '1', key as string, command, ...args]]
  },
  split: elements
})

/**
 * Members that are added or removed, in a MULTI with a look at which there are: a call has changed something if its member was
 * not there (or was), and is that of no call before it.
 */
const members = (command: 'SADD' | 'SREM', wasThere: 0 | 1): Rule => ({
  commands: [command, 'SMISMEMBER', 'EXEC'],
  length: 3,
  join: calls => [gather('SMISMEMBER', calls), gather(command, calls)],
  split(reply, calls, [there]) {
    if (reply instanceof Error) return calls.map(() => reply)
    const seen = new Set<string>()
    return calls.map((words, at) => {
      const member = words[2] as string
      const changes = elements(there ?? null)[at] === wasThere && !seen.has(member)
      seen.add(member)
      return changes ? 1 : 0
    })
  }
})

/** Reads of neighbouring items of a list. */
const range: Rule = {
  commands: ['LRANGE'],
  length: 3,
  fits: (last, next) => Number(last[2]) >= 0 && [0, 1].includes(Number(next[2]) - Number(last[2])),
  join: calls => {
    const [, key, from] = calls[0] as [string, string, string]
    return [['LRANGE', key, from, (calls.at(-1) as Words)[2] as string]]
  },
  split: (reply, calls) => {
    const from = Number((calls[0] as Words)[2])
    return calls.map(words => elements(reply)[Number(words[2]) - from] ?? null)
  }
}

/** The same read, made several times. */
const identical = (command: string): Rule => ({
  commands: [command],
  fits: (last, next) => last.length === next.length && last.every((word, at) => word === next[at]),
  join: calls => [calls[0] as Words],
  split: shared
})

const IDENTICAL = ['EXISTS', 'GET', 'HGETALL', 'HLEN', 'LLEN', 'LRANGE', 'SCARD', 'SMEMBERS', 'STRLEN'] as const

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['HGET', gathered('HMGET')],
  ['SISMEMBER', gathered('SMISMEMBER')],
  ['HEXISTS', oneByOne('HEXISTS')],
  ['HDEL', oneByOne('HDEL')],
  ['SADD', members('SADD', 0)],
  ['SREM', members('SREM', 1)],
  ['RPUSH', lengthAfter('RPUSH')],
  ['LPUSH', lengthAfter('LPUSH')],
  ['LPOP', counted('LPOP')],
  ['RPOP', counted('RPOP')],
  ['LINDEX', range],
  ...IDENTICAL.map((command): [string, Rule] => [command, identical(command)])
])

/** Rules for calls that ask for no reply. */
const UNANSWERED: ReadonlyMap<string, Rule> = new Map<string, Rule>(
  ['HSET', 'HDEL', 'SADD', 'SREM', 'RPUSH', 'LPUSH'].map(command => [command, unanswered(command)])
)

/**
 * Commands that calls of another name are fused into, which a user may not be allowed to send; each with the words of a call
 * that changes nothing.
 */
export const PROBES: ReadonlyMap<string, Words> = new Map<string, Words>([
  ['HMGET', ['HMGET', 'hot-redis', '']],
  ['SMISMEMBER', ['SMISMEMBER', 'hot-redis', '']],
  ['LRANGE', ['LRANGE', 'hot-redis', '0', '0']],
  ['EVAL', ['EVAL', each.source, '1', 'hot-redis', 'HDEL']],
  // Refused, as there is no MULTI, and otherwise for lack of rights.
  ['EXEC', ['EXEC']]
])

/** What is to be known of a call that may be fused. */
export type Fusible = Pick<Call, 'requests' | 'request' | 'asking' | 'resend' | 'ignoresReply'>

/** Several calls as one command. */
export interface Fused {
  /** How many calls. */
  readonly size: number
  /** One command, or those of a MULTI. */
  readonly commands: readonly Words[]
  /** The part of each call in the replies to the commands. */
  split(replies: readonly Reply[]): readonly Reply[]
}

/** The calls from `at` on that go as one command; undefined when the first goes by itself. */
export function fuseAt(calls: readonly Fusible[], at: number, mayUse: (command: string) => boolean): Fused | undefined {
  const first = calls[at] as Fusible
  const words = wordsOf(first)
  const rule = words && ruleOf(first, words)
  if (!words || !rule || !rule.commands.every(mayUse)) return undefined
  const all = [words]
  let last = words
  let count = words.length
  let characters = charactersOf(words)
  for (let next = at + 1; next < calls.length; next++) {
    const call = calls[next] as Fusible
    const more = wordsOf(call)
    if (!more || more[0] !== words[0] || more[1] !== words[1] || !takes(rule, more)) break
    if (call.resend !== first.resend || call.ignoresReply !== first.ignoresReply) break
    if (rule.fits && !rule.fits(last, more)) break
    count += more.length - 2
    characters += charactersOf(more)
    if (count > MAX_WORDS || characters > MAX_CHARACTERS) break
    all.push((last = more))
  }
  if (all.length === 1) return undefined
  return {
    size: all.length,
    commands: rule.join(all),
    split: replies => rule.split(replies.at(-1) ?? null, all, replies)
  }
}

/** The words of a call that is one plain command. */
function wordsOf(call: Fusible): Words | undefined {
  const request = call.asking ? undefined : onlyRequest(call)
  return request?.script ? undefined : request?.words
}

function ruleOf({ ignoresReply }: Fusible, words: Words): Rule | undefined {
  const name = words[0] as string
  const rule = (ignoresReply && UNANSWERED.get(name)) || RULES.get(name)
  return rule && takes(rule, words) ? rule : undefined
}

/** Whether a command has as many words as the rule is for. */
function takes({ length, least = 0 }: Rule, words: Words): boolean {
  return words.length >= least && (length === undefined || length === words.length)
}

function charactersOf(words: Words): number {
  let characters = 0
  for (let at = 2; at < words.length; at++) characters += (words[at] as string).length
  return characters
}
