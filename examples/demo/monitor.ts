import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createClient } from 'redis'
import * as scripts from '../../src/scripts.generated.js'

/** `1700000000.123456 [0 127.0.0.1:40000] "LRANGE" "foo" "0" "-1"`; what a script does itself comes from `lua`. */
const received = /^\+[\d.]+ \[\d+ (?!lua\])[^\]]*\] (.*)$/

/** What clients send on a new connection, before the first command. */
const setUp = new Set(['CLIENT', 'HELLO', 'PING'])

/** The key of the commands that ask what the user may send. */
const PROBED = 'hot-redis'

/** Tells what Redis receives, in its own words. */
export class Monitor {
  #commands: string[][] = []
  #taken = 0

  private constructor(
    private readonly socket: Socket,
    private readonly client: ReturnType<typeof createClient>
  ) {
    createInterface(socket).on('line', line => {
      const words = received.exec(line)?.[1]?.match(/"(?:[^"\\]|\\.)*"/g)
      if (words) this.#commands.push(words.map(plain))
    })
  }

  static async start(url: string): Promise<Monitor> {
    const socket = connect(Number(new URL(url).port))
    const client = createClient({ url })
    await Promise.all([once(socket, 'connect'), client.connect()])
    const monitor = new Monitor(socket, client)
    socket.write('MONITOR\r\n')
    await once(socket, 'data')
    return monitor
  }

  /** The commands received since the last time, as short lines; equal ones that follow each other as one. */
  async take(): Promise<string[]> {
    // What Redis received before our PING, it tells before it tells of our PING.
    const end = `end ${++this.#taken}`
    await this.client.ping(end)
    while (!this.#commands.some(words => words[1] === end)) await once(this.socket, 'data')
    const commands = this.#commands
    this.#commands = []
    return counted(
      commands
        .filter(([name = '', ...args]) => !setUp.has(name.toUpperCase()) && !args.slice(0, 3).includes(PROBED))
        .map(shown)
    )
  }

  async stop(): Promise<void> {
    this.socket.destroy()
    await this.client.disconnect()
  }
}

function plain(quoted: string): string {
  return JSON.parse(quoted.replace(/\\x(..)/g, '\\u00$1').replaceAll('\\a', '\\u0007')) as string
}

/** Scripts by the name of their file, and of their keys the first: the others are auxiliary keys. */
function shown([name = '', ...args]: readonly string[]): string {
  const script = Object.values(scripts).find(
    made => 'sha1' in made && (args[0] === made.sha1 || args[0] === made.source)
  )
  const [key = '', ...rest] = args.slice(2)
  const words = script && 'name' in script ? [`${script.name}.lua`, key, ...rest.slice(Number(args[1]) - 1)] : args
  return [name.toUpperCase(), ...words.map(word => word.replace(/^(hot-redis:.{3}).*?(\/\d+)?$/, '$1…$2'))].join(' ')
}

function counted(lines: readonly string[]): string[] {
  const runs: { line: string; times: number }[] = []
  for (const line of lines) {
    const last = runs.at(-1)
    if (last?.line === line) last.times++
    else runs.push({ line, times: 1 })
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${line}  (${times} times)`))
}
