import type { Command, Reply, Request } from '../command.js'

/** A command under way, and whom to tell. */
export interface Call<Result = unknown> {
  readonly command: Command<Result>
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
  /** How often it has been sent on a connection that was lost. */
  losses?: number
}

/** Takes calls in order. */
export interface Lane {
  submit(call: Call): void
}

/** A request as the words of a Redis command. */
export function wordsOf(request: Request, how: 'EVAL' | 'EVALSHA'): string[] {
  const { script, args } = request
  if (!script) return args as string[]
  const { keys } = request
  return [how, how === 'EVAL' ? script.source : script.sha1, String(keys.length), ...keys, ...args]
}

/** Decodes and hands over; what the decoder throws is the call's failure. */
export function settle(call: Call, replies: readonly Reply[], connection: number): void {
  let result: unknown
  try {
    result = call.command.decode(replies, connection)
  } catch (error) {
    call.reject(error)
    return
  }
  call.resolve(result)
}
