import { createHash } from 'node:crypto'
import type { Reply, Request, Script } from '../core/command.js'

/** A time as TIME replies it. */
export type Clock = readonly [seconds: string, microseconds: string]

/** What a script is told when it asks for the time: its last two arguments. */
const STOPPED_CLOCK = `local redis = (function(real)
local microseconds, seconds = table.remove(ARGV), table.remove(ARGV)
local function call(name, ...)
if type(name) == 'string' and name:upper() == 'TIME' then return { seconds, microseconds } end
return real.call(name, ...)
end
return setmetatable({ call = call }, { __index = real })
end)(redis)
`

const stopped = new Map<Script, Script>()

/** Commands that run a script of the user's, whose source they carry. */
const isEval = (name: string | undefined): boolean => name === 'EVAL' || name === 'EVAL_RO'

/** Whether a request depends on the time. */
export function asksTime(request: Request): boolean {
  const source = request.script ? request.script.source : isEval(request.words[0]) ? (request.words[1] ?? '') : ''
  return /['"]time['"]/i.test(source)
}

/** The request with its clock stopped: run again, it does the same. */
export function atTime(request: Request, clock: Clock | undefined): Request {
  if (!clock || !asksTime(request)) return request
  if (request.script) return { ...request, script: withStoppedClock(request.script), args: [...request.args, ...clock] }
  const [name = '', source = '', ...rest] = request.words
  return { ...request, words: [name, STOPPED_CLOCK + source, ...rest, ...clock] }
}

function withStoppedClock(script: Script): Script {
  const known = stopped.get(script)
  if (known) return known
  const source = STOPPED_CLOCK + script.source
  const made: Script = { ...script, source, sha1: createHash('sha1').update(source).digest('hex') }
  stopped.set(script, made)
  return made
}

/** The request that does again what a shadow has replied; undefined when that changed nothing. */
export function replayOf(request: Request, reply: Reply, clock: Clock | undefined): Request | undefined {
  if (request.script) return atTime(request, clock)
  const { words } = request
  const [name] = words
  // A script that failed may have changed something before; a command has not.
  if (reply instanceof Error) return /^(?:EVAL|FCALL)/.test(name ?? '') ? atTime(request, clock) : undefined
  if (name === 'SPOP') return removalOf(words[1] as string, reply)
  if (name === 'XADD')
    return {
      ...request,
      words: words.map((word, index) =>
        index > 1 && word === '*' && index === words.indexOf('*', 2) ? String(reply) : word
      )
    }
  return atTime(request, clock)
}

/** SPOP chooses at random. */
function removalOf(key: string, popped: Reply): Request | undefined {
  const members = Array.isArray(popped) ? popped : popped === null ? [] : [popped]
  return members.length === 0 ? undefined : { words: ['SREM', key, ...members.map(String)], keysAt: [1] }
}
