import type { Command, Step } from '../command.js'
import type { Call, Lane } from './call.js'

/**
 * Keeps commands of two steps (read, compute here, write) in the order of calls: until such a command is done, later
 * calls on its keys wait, and so do later calls on the keys of those that wait. All others pass.
 */
export class KeyOrder implements Lane {
  #working = new Set<Call>()
  #waiting: Call[] = []
  /** The keys of all that is working or waiting. */
  #taken = new Set<string>()

  constructor(private readonly lane: Lane) {}

  submit(call: Call): void {
    if (this.#taken.size > 0 && call.command.keys.some(key => this.#taken.has(key))) {
      this.#waiting.push(call)
      this.#take(call)
    } else if (call.command.next) {
      this.#working.add(call)
      this.#take(call)
      this.#step(call, call.command)
    } else {
      this.lane.submit(call)
    }
  }

  #take(call: Call): void {
    for (const key of call.command.keys) this.#taken.add(key)
  }

  #step(call: Call, command: Command<unknown>): void {
    this.lane.submit({
      command,
      resolve: decoded => {
        let step: Step<unknown>
        try {
          step = command.next?.(decoded) ?? { result: decoded }
        } catch (error) {
          this.#done(call, () => call.reject(error))
          return
        }
        if ('command' in step) this.#step(call, step.command)
        else {
          const { result } = step
          this.#done(call, () => call.resolve(result))
        }
      },
      reject: error => this.#done(call, () => call.reject(error))
    })
  }

  #done(call: Call, tell: () => void): void {
    tell()
    const waiting = this.#waiting
    this.#working.delete(call)
    this.#waiting = []
    this.#taken = new Set()
    for (const other of this.#working) this.#take(other)
    for (const next of waiting) this.submit(next)
  }
}
