import { finite, text } from '../core/arguments.js'
import { command, type Command, type Word } from '../core/command.js'
import type { Key } from '../core/keys.js'
import { isReadOnly, refusalOf } from '../core/redis-commands.js'
import { Handle, type HotHandle } from './handle.js'
import type { HandleContext, HandleHost } from './operation.js'
import { unwrap } from './unwrap.js'

/** A word of a Redis command: a handle stands for its key, prefix included; strings and numbers are sent as they are. */
export type CommandWord = HotHandle | string | number

/** A reply of Redis in RESP2; no codec decodes it. */
export type CommandReply = string | number | null | readonly CommandReply[]

/**
 * The Command for any Redis command. A command that is not known to be read-only counts as a write: in a transaction its
 * result exists after the commit.
 */
export function rawCommand(host: HandleHost, name: unknown, words: readonly unknown[]): Command<CommandReply> {
  const verb = commandName(name)
  const operation = `hot.command('${verb}')`
  const request = command(verb, ...words.map(word => wordOf(host, operation, word)))
  const refusal = refusalOf(request.words)
  if (refusal !== undefined) throw new TypeError(`${operation}: ${refusal}`)
  const key = request.words[request.keysAt[0] ?? -1] ?? ''
  const info = { operation, key, redisType: undefined }
  const requests = [request]
  const decode = ([reply]: readonly unknown[]): CommandReply => reply as CommandReply
  if (isReadOnly(request.words)) return { kind: 'read', info, requests, decode }
  return { kind: 'write', info, requests, decode, returnsNothing: false, idempotent: false, raw: true }
}

function commandName(name: unknown): string {
  const verb = text('hot.command', 'the name', name).toUpperCase()
  if (/^[A-Z][\w.-]*$/.test(verb)) return verb
  throw new TypeError(`hot.command: the name must be one word, such as 'OBJECT' of OBJECT ENCODING, not '${verb}'`)
}

function wordOf(host: HandleHost, operation: string, word: unknown): Word {
  if (typeof word === 'number') return finite(operation, 'a number', word)
  if (typeof word === 'string') return text(operation, 'a word', word)
  const handle = unwrap(word)
  if (handle instanceof Handle) return keyOf(host, operation, (handle as unknown as { context: HandleContext }).context)
  const given = handle !== word ? 'a handle of another copy of hot-redis' : word === null ? 'null' : `a ${typeof word}`
  throw new TypeError(`${operation}: each word must be a handle, a string or a number, not ${given}`)
}

function keyOf(host: HandleHost, operation: string, { owner, name, key }: HandleContext): Key {
  if (owner === host.owner) return key
  throw new TypeError(`${operation}: '${name}' belongs to another Hot: make a handle of its key with this one`)
}
