import { createHash } from 'node:crypto'
import { VALUES_PER_REQUEST, type Reply, type Script, type ScriptRequest } from '../command.js'
import { batch } from '../lua/index.generated.js'

/** Many script calls as few requests. */
interface Batched {
  readonly requests: readonly ScriptRequest[]
  /** What each of the calls is answered, errors included. */
  readonly repliesOf: (replies: readonly Reply[]) => readonly Reply[]
}

/** Makes one request of calls of the same script that follow one another, unless they are large. */
export function batched(calls: readonly ScriptRequest[]): Batched {
  const groups: ScriptRequest[][] = []
  let size = 0
  for (const call of calls) {
    const group = groups.at(-1)
    size += call.args.length
    if (group?.[0]?.script === call.script && size <= VALUES_PER_REQUEST) {
      group.push(call)
    } else {
      groups.push([call])
      size = call.args.length
    }
  }
  return {
    requests: groups.map(requestOf),
    repliesOf: replies =>
      groups.flatMap((group, index) => {
        const reply = replies[index] ?? null
        // A batch that was stopped on its way (SCRIPT KILL) has failed for all.
        return group.length > 1 && Array.isArray(reply) ? reply : group.map(() => reply)
      })
  }
}

function requestOf(group: readonly ScriptRequest[]): ScriptRequest {
  const [first] = group as readonly [ScriptRequest]
  if (group.length === 1) return first
  const keys: string[] = []
  const args: string[] = []
  let last: readonly string[] = []
  for (const call of group) {
    const same = sameWords(call.keys, last)
    if (!same) keys.push(...call.keys)
    args.push(same ? '0' : String(call.keys.length), String(call.args.length), ...call.args)
    last = call.keys
  }
  return { script: batchOf(first.script), keys, args }
}

function sameWords(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((word, index) => word === others[index]))
}

const batches = new Map<Script, Script>()

function batchOf(script: Script): Script {
  const known = batches.get(script)
  if (known) return known
  const source = `local function call(KEYS, ARGV)\n${script.source}\nend\n${batch.source}`
  const made = { name: `${script.name} ${batch.name}`, source, sha1: createHash('sha1').update(source).digest('hex') }
  batches.set(script, made)
  return made
}
