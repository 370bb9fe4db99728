import { createHash } from 'node:crypto'
import { keysOf, type Reply, type Request, type Script, type ScriptRequest } from '../core/command.js'
import { batch } from '../scripts.generated.js'
import { onlyRequest, type Call } from './call.js'
import { PROBES, fuseAt, type Fused, type Fusible } from './fuse.js'

/**
 * What is sent for the calls of one turn: pure, so that it can be tested without a server.
 *
 * Order survives SCRIPT FLUSH by one rule: EVALSHA is sent only when nothing is in flight and nothing follows before its
 * reply, so that a script that has to be sent again (NOSCRIPT) overtakes nothing and is overtaken by nothing. In company
 * scripts go as EVAL.
 */

/** Maximum calls per batch: Redis is blocked while a batch runs. */
const MAX_BATCH_CALLS = 100
/** Maximum arguments and characters per batch. */
const MAX_BATCH_ARGS = 5_000
const MAX_BATCH_CHARACTERS = 262_144

/** One command, or the commands of one MULTI, for one call or a batch of calls. */
export interface Transmission {
  readonly call: Call
  /** All calls of a batch. */
  readonly batch: readonly Call[] | undefined
  /** The words of one command. */
  readonly words: readonly string[]
  /** A MULTI instead. */
  readonly multi: Multi | undefined
  /** May take longer than the response timeout. */
  readonly slow: boolean
  /** Sent instead when Redis does not know the script; nothing may be sent before that is settled. */
  readonly evalFallback: readonly string[] | undefined
  /** How several calls were fused. */
  readonly fused: Fused | undefined
}

/** The commands of a MULTI for several requests. */
export interface Multi {
  readonly commands: readonly (readonly string[])[]
  /** The reply to each request. */
  repliesFrom(executed: readonly Reply[]): readonly Reply[]
}

export interface PlanOptions {
  /** Nothing is in flight on the connection. */
  readonly idle: boolean
  /** Whether calls may be fused into this command. */
  readonly mayFuse: (command: string) => boolean
  /** On a cluster the calls of a batch share their first key. */
  readonly oneKeyPerBatch: boolean
}

/** The transmissions for calls made one after another, in their order. */
export function plan(calls: readonly Call[], { idle, oneKeyPerBatch, mayFuse }: PlanOptions): readonly Transmission[] {
  const transmissions: Transmission[] = []
  for (let at = 0; at < calls.length;) {
    const call = calls[at] as Call
    const request = onlyRequest(call)
    const fused = request && fuseAt(calls, at, mayFuse)
    const size = fused?.size ?? (request?.script ? batchSize(calls, at, oneKeyPerBatch) : 1)
    const alone = idle && size === calls.length
    if (fused) transmissions.push(fusedOf(call, calls.slice(at, at + size), fused))
    else if (size > 1) transmissions.push(batchOf(calls.slice(at, at + size), alone))
    else if (request) transmissions.push(singleOf(call, undefined, request, alone && !call.asking))
    else transmissions.push(composedOf(call, mayFuse))
    at += size
  }
  return transmissions
}

const NO_WORDS: readonly string[] = []

function fusedOf(call: Call, batch: readonly Call[], fused: Fused): Transmission {
  const { commands } = fused
  if (commands.length === 1) return { ...plain(call, commands[0] as readonly string[]), batch, fused }
  return { ...plain(call, NO_WORDS), batch, fused, multi: { commands, repliesFrom: executed => executed } }
}

/** One command for one call. */
function plain(call: Call, words: readonly string[]): Transmission {
  return { call, batch: undefined, words, multi: undefined, slow: false, evalFallback: undefined, fused: undefined }
}

function singleOf(call: Call, batch: readonly Call[] | undefined, request: Request, alone: boolean): Transmission {
  const { script } = request
  if (!script) return plain(call, request.words)
  const evaluated = evalWords(request)
  const { slow } = script
  if (!alone) return { ...plain(call, evaluated), batch, slow }
  return { ...plain(call, evalshaWords(request)), batch, slow, evalFallback: evaluated }
}

function composedOf(call: Call, mayFuse: PlanOptions['mayFuse']): Transmission {
  const slow = call.requests.some(({ script }) => script?.slow)
  return { ...plain(call, NO_WORDS), multi: multiOf(call.requests, mayFuse), slow }
}

function batchOf(calls: readonly Call[], alone: boolean): Transmission {
  return singleOf(calls[0] as Call, calls, batchRequest(calls.map(scriptRequestOf) as ScriptRequest[]), alone)
}

/**
 * The MULTI for requests; neighbours that can be one command of the same name are. The first use of a script is EVAL, the others
 * EVALSHA: nothing can flush the scripts in between.
 */
export function multiOf(requests: readonly Request[], mayFuse: PlanOptions['mayFuse']): Multi {
  const parts = requests.map((request): Fusible => ({ request, requests: [request], resend: false }))
  const commands: (readonly string[])[] = []
  const fusions = new Map<number, Fused>()
  const known = new Set<string>()
  for (let at = 0; at < parts.length;) {
    const fused = fuseAt(parts, at, command => mayFuse(command) && !PROBES.has(command))
    if (fused) fusions.set(commands.length, fused)
    commands.push(fused ? (fused.commands[0] as readonly string[]) : wordsInMulti(requests[at] as Request, known))
    at += fused?.size ?? 1
  }
  if (fusions.size === 0) return { commands, repliesFrom: executed => executed }
  return {
    commands,
    repliesFrom: executed => executed.flatMap((reply, at) => partsOf(reply, fusions.get(at)) as Reply[])
  }
}

function wordsInMulti(request: Request, known: Set<string>): readonly string[] {
  if (!request.script) return request.words
  if (known.has(request.script.sha1)) return evalshaWords(request)
  known.add(request.script.sha1)
  return evalWords(request)
}

/** The replies for the requests of one command. */
function partsOf(reply: Reply, fused: Fused | undefined): readonly Reply[] {
  if (!fused) return [reply]
  const parts = reply instanceof Error ? undefined : fused.split([reply])
  return Array.from({ length: fused.size }, (_, at) => (parts ? (parts[at] ?? null) : reply))
}

/** A request by itself, in company of others. */
export function wordsOf(request: Request): readonly string[] {
  return request.script ? evalWords(request) : request.words
}

function evalWords({ script, keys, args }: ScriptRequest): string[] {
  return ['EVAL', script.source, String(keys.length), ...keys.map(({ name }) => name), ...args]
}

function evalshaWords({ script, keys, args }: ScriptRequest): string[] {
  return ['EVALSHA', script.sha1, String(keys.length), ...keys.map(({ name }) => name), ...args]
}

/** The reply to each of several calls that went as one; what failed as a whole has failed for all of them. */
export function repliesOf({ fused, multi, batch = [] }: Transmission, reply: Reply): readonly Reply[] {
  if (reply instanceof Error) return batch.map(() => reply)
  if (fused) return fused.split(multi ? (reply as readonly Reply[]) : [reply])
  return Array.isArray(reply) ? reply : batch.map(() => reply)
}

/** How many calls from `at` on go as one batch: calls of one script whose cost has a bound, in a row. */
function batchSize(calls: readonly Call[], at: number, oneKeyPerBatch: boolean): number {
  const first = scriptRequestOf(calls[at] as Call)
  if (!first?.script.bounded) return 1
  let size = 0
  let args = 0
  let characters = 0
  for (; size < MAX_BATCH_CALLS && at + size < calls.length; size++) {
    const request = scriptRequestOf(calls[at + size] as Call)
    if (request?.script !== first.script) break
    if (oneKeyPerBatch && keysOf(request)[0] !== keysOf(first)[0]) break
    args += request.args.length
    for (const arg of request.args) characters += arg.length
    if (size > 0 && (args > MAX_BATCH_ARGS || characters > MAX_BATCH_CHARACTERS)) break
  }
  return size
}

/** The script call that a call consists of; undefined when it is something else. */
function scriptRequestOf(call: Call): ScriptRequest | undefined {
  const request = call.asking ? undefined : onlyRequest(call)
  return request?.script ? request : undefined
}

/** Calls of one script as one call of a script that runs them all: see batch.lua. */
function batchRequest(requests: readonly ScriptRequest[]): ScriptRequest {
  const [first] = requests as readonly [ScriptRequest]
  const keys: ScriptRequest['keys'][number][] = []
  const args: string[] = []
  let previous: ScriptRequest['keys'] = []
  for (const request of requests) {
    const same = sameKeys(request.keys, previous)
    if (!same) keys.push(...request.keys)
    args.push(same ? '0' : String(request.keys.length), String(request.args.length), ...request.args)
    previous = request.keys
  }
  return { script: batchScript(first.script), keys, args }
}

function sameKeys(some: ScriptRequest['keys'], others: ScriptRequest['keys']): boolean {
  return some === others || (some.length === others.length && some.every(({ name }, at) => name === others[at]?.name))
}

const batchScripts = new Map<Script, Script>()

function batchScript(script: Script): Script {
  const known = batchScripts.get(script)
  if (known) return known
  const source = `local function call(KEYS, ARGV)\n${script.source}\nend\n${batch.source}`
  const sha1 = createHash('sha1').update(source).digest('hex')
  const made: Script = { name: `${script.name} ${batch.name}`, source, sha1, bounded: false, slow: false }
  batchScripts.set(script, made)
  return made
}
