// npm run demo: two processes share a list, a dict, a default dict, a queue and a lock. What each line sends is not written
// down here: it is what Redis itself says it has received (MONITOR).

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisMemoryServer } from 'redis-memory-server'
import type { Seen } from './demo/computer.js'
import { Monitor } from './demo/monitor.js'

type Name = 'A' | 'B'

/** How long one step may take, in milliseconds; they take a few. */
const PATIENCE = 10_000

/** How long to let a call that waits get in line, in milliseconds, so that what it sends is shown beside it. */
const UNTIL_IN_LINE = 250

interface Step {
  readonly on: readonly Name[]
  readonly line: string
  /** What is to be seen then; nothing if left out. */
  readonly see: string
  readonly fails: boolean
  /** Leaves a call waiting. */
  readonly waits: boolean
}

const on =
  (...names: Name[]) =>
  (line: string, see = '', { fails = false, waits = false } = {}): Step => ({ on: names, line, see, fails, waits })
const a = on('A')
const b = on('B')
const both = on('A', 'B')

const session: readonly (string | Step)[] = [
  'A list, made on one computer and used on the other',
  a("const list = hot.list('foo', { initial: ['a', 'b', 'c'] })"),
  b("const list = hot.list('foo')"),
  b('await list.toJS()', "[ 'a', 'b', 'c' ]"),
  b("await list.extend(['d', 'e', 'f'])", '6'),
  a('await list.toJS()', "[ 'a', 'b', 'c', 'd', 'e', 'f' ]"),
  a("await list.includes('c')", 'true'),

  'Reversed in place: in one step inside Redis, so that no other client gets in between',
  a('await list.reverse()'),
  b('await list.toJS()', "[ 'f', 'e', 'd', 'c', 'b', 'a' ]"),

  'Items are assigned and deleted as those of an array are',
  b("list[0] = 'F'"),
  b('delete list[-1]'),
  a('await Promise.all([list[0], list[-1], list.length])', "[ 'F', 'b', 5 ]"),

  'Values keep their type',
  a('await list.push(7, { done: false })', '7'),
  b('await list.slice(-2)', '[ 7, { done: false } ]'),

  'A dict, used like an object',
  a("const user = hot.dict('user:1', { initial: { name: 'Ada' } })"),
  b("const user = hot.dict('user:1')"),
  b("user.city = 'London'"),
  b("await user.increment('visits')", '1'),
  a('for await (const [field, value] of user) console.log(field, value)', 'name Ada\ncity London\nvisits 1\n'),

  'A default dict makes what is missing; then both computers count at the same time',
  both("const votes = hot.defaultDict(() => 0, 'votes')"),
  a('await votes.tea', '0'),
  both("for (let i = 0; i < 500; i++) await votes.increment('tea')"),
  b('await votes.tea', '1000'),

  'A queue: who finds nothing waits in line, and is handed what the other computer puts',
  both("const jobs = hot.queue('jobs')"),
  a('const job = jobs.get()', '', { waits: true }),
  b("await jobs.put({ resize: 'cat.png' })"),
  a('await job', "{ resize: 'cat.png' }"),

  'A lock: one at a time, in the order of arrival',
  both("const lock = hot.lock('report')"),
  a('const permit = await lock.acquire()'),
  b("const turn = lock.run(() => 'now it is B')", '', { waits: true }),
  a('await permit.release()'),
  b('await turn', "'now it is B'"),

  'What JavaScript can not ask Redis is an error that says what to call, not a silent {}',
  a(
    'JSON.stringify(user)',
    "TypeError: JSON.stringify can't ask Redis (Dict 'user:1'): use JSON.stringify(await dict.toJS())",
    { fails: true }
  )
]

/** A computer is a process of its own, with its own connection to Redis. */
class Computer {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(url: string) {
    this.#process = fork(join(import.meta.dirname, 'demo', 'computer.ts'), {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, REDIS_URL: url }
    })
    this.#ended = once(this.#process, 'exit')
  }

  async run(line: string): Promise<Seen> {
    this.#process.send(line)
    const [seen] = (await once(this.#process, 'message', { signal: AbortSignal.timeout(PATIENCE) })) as [Seen]
    return seen
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    await this.#ended
  }
}

const WIDTH = 76

/** What was typed and seen on the left, what Redis received on the right. */
function show(left: readonly string[], right: readonly string[]): void {
  for (let row = 0; row < Math.max(left.length, right.length); row++) {
    console.log(`${(left[row] ?? '').padEnd(WIDTH)}${right[row] ?? ''}`.trimEnd())
  }
}

/** Runs one step and shows it; whether it gave what it should. */
async function play(step: Step, computers: Readonly<Record<Name, Computer>>, monitor: Monitor): Promise<boolean> {
  const seen = await Promise.all(step.on.map(name => computers[name].run(step.line)))
  if (step.waits) await sleep(UNTIL_IN_LINE)
  const wrong = seen.find(({ text, failed }) => text !== step.see || failed !== step.fails)
  const output = (wrong ?? seen[0])?.text.trimEnd() ?? ''
  const lines = output === '' ? [] : output.split('\n').map(line => `      ${line}`)
  show([`${step.on.join('+').padEnd(3)} > ${step.line}`, ...lines], await monitor.take())
  if (wrong) console.log(`      ^^^ expected: ${step.see || 'nothing'}`)
  return !wrong
}

async function main(): Promise<boolean> {
  const server = await RedisMemoryServer.create({ instance: { args: ['--save', ''] } })
  const url = `redis://${await server.getHost()}:${await server.getPort()}`
  const computers = { A: new Computer(url), B: new Computer(url) }
  const monitor = await Monitor.start(url)
  try {
    show(['      computers A and B, two processes'], ['Redis receives'])
    for (const step of session) {
      if (typeof step === 'string') console.log(`\n${step}`)
      else if (!(await play(step, computers, monitor))) return false
    }
    console.log(
      '\nScripts are named by their file in src/types: each runs as one step. Redis does not know a script at its first'
    )
    console.log('EVALSHA, so it is sent once more, whole (EVAL). What sets up a connection is left out, and so are the')
    console.log(
      'auxiliary keys of a queue or a lock ({jobs}:hot-redis:getters and so on), which are passed to each script.'
    )
    return true
  } finally {
    await Promise.all([monitor.stop(), computers.A.stop(), computers.B.stop()])
    await server.stop()
  }
}

const worked = await main()
console.log(worked ? '\nEverything was as expected.' : '\nThe demo stopped: this was not as expected.')
process.exitCode = worked ? 0 : 1
