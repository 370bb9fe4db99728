// One of the demo's two computers: a prompt in a process of its own. It evaluates the lines that its parent sends and
// answers with what would be on the screen.

import { Console } from 'node:console'
import { Session, type Runtime } from 'node:inspector'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { createHot } from 'hot-redis'

/** What a line printed and gave, or the error it failed with. */
export interface Seen {
  readonly text: string
  readonly failed: boolean
}

const hot = createHot() // REDIS_URL, set by the parent
const screen = new PassThrough({ encoding: 'utf8' })
Object.assign(globalThis, { hot, inspect, console: new Console(screen) })

const session = new Session()
session.connect()

/** Evaluates as a prompt does: `await` is allowed, and what is declared stays. */
function evaluate(expression: string): Promise<Runtime.EvaluateReturnType> {
  return new Promise((resolve, reject) => {
    session.post('Runtime.evaluate', { expression, replMode: true }, (error, answer) => {
      if (error) reject(error)
      else resolve(answer as Runtime.EvaluateReturnType) // replMode is not in the types of @types/node 20
    })
  })
}

async function run(line: string): Promise<Seen> {
  const expression = line.startsWith('await ') ? `inspect(${line})` : `${line}; ''`
  const { result, exceptionDetails } = await evaluate(expression)
  if (exceptionDetails) {
    const [message = ''] = exceptionDetails.exception?.description?.split('\n') ?? []
    return { text: message, failed: true }
  }
  // An assignment (`list[0] = 'F'`) gives nothing to await: flush waits until it is done, and throws if it failed.
  await hot.flush()
  const printed = (screen.read() as string | null) ?? ''
  const shown = result.value === 'undefined' ? '' : String(result.value)
  return { text: printed + shown, failed: false }
}

const failure = (error: unknown): Seen => ({ text: String(error), failed: true })

process.on('message', line => {
  void run(String(line))
    .catch(failure)
    .then(seen => process.send?.(seen))
})

// The parent has nothing more to say, or is gone.
process.on('disconnect', () => void hot.close().finally(() => process.exit()))
