import type { Reply, Request } from '../command.js'
import { neverThere } from '../keys.js'
import { wordsOf } from './call.js'
import { isMultiError, type RedisClient } from './client.js'

/** What node-redis gives for MULTI, always through its own executor: it knows what to do when the connection drops. */
interface Multi {
  addCommand(args: readonly string[]): Multi
  exec(): Promise<unknown[]>
}

/**
 * Requests as one MULTI. In it the first use of a script is EVAL, the others EVALSHA: nothing can flush the scripts in
 * between. Commands that failed have an Error for a reply; undefined when a watched key has changed.
 */
export async function execute(
  client: RedisClient,
  requests: readonly Request[],
  keys: readonly string[]
): Promise<readonly Reply[] | undefined> {
  const multi = client.multi() as Multi
  const loaded = new Set<string>()
  for (const request of requests) {
    const known = request.script !== undefined && loaded.has(request.script.sha1)
    multi.addCommand(wordsOf(request, known ? 'EVALSHA' : 'EVAL'))
    if (request.script) loaded.add(request.script.sha1)
  }
  try {
    return (await multi.exec()) as Reply[]
  } catch (error) {
    if (isMultiError(error)) return error.replies as Reply[]
    if (isWatchError(error)) return undefined
    throw isDiscarded(error) ? await reasonOf(error, client, keys) : error
  }
}

function isDiscarded(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith('EXECABORT')
}

/** EXECABORT hides why a command was refused: a cluster node that does not hold the keys says so when asked for them. */
async function reasonOf(error: Error, client: RedisClient, keys: readonly string[]): Promise<unknown> {
  const [first] = keys
  const refusal =
    first === undefined
      ? undefined
      : await client.sendCommand(['EXISTS', ...keys, neverThere(first)]).then(
          () => undefined,
          (reason: unknown) => reason
        )
  return refusal instanceof Error ? refusal : error
}

function isWatchError(error: unknown): boolean {
  return error instanceof Error && /watched keys|WATCH/.test(error.message)
}
