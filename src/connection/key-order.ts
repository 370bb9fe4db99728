import type { Command, Step } from '../command.js'
import type { Call, Lane } from './call.js'

/** Calls on one key in their order; `first` is the place of the oldest that is not done. */
interface KeyQueue {
  readonly calls: Call[]
  first: number
}

/**
 * Keeps commands of several steps (read, compute here, write) in the order of calls: until such a command is done, later
 * calls on its keys wait, and so do later calls on the keys of those that wait. All others pass.
 */
export class KeyOrder implements Lane {
  /** For the keys of all calls that are working or waiting. */
  readonly #queues = new Map<string, KeyQueue>()
  readonly #working = new Set<Call>()

  constructor(private readonly lane: Lane) {}

  submit(call: Call): void {
    const { keys } = call.command
    if (!call.command.next && (this.#queues.size === 0 || !keys.some(key => this.#queues.has(key)))) {
      this.lane.submit(call)
      return
    }
    for (const key of new Set(keys)) {
      const queue = this.#queues.get(key)
      if (queue) queue.calls.push(call)
      else this.#queues.set(key, { calls: [call], first: 0 })
    }
    this.#startIfFirst(call)
  }

  /** A call goes when it is the oldest on each of its keys; one of a single step is done with being sent. */
  #startIfFirst(call: Call): boolean {
    if (this.#working.has(call) || !call.command.keys.every(key => this.#oldest(key) === call)) return false
    if (call.command.next) {
      this.#working.add(call)
      this.#step(call, call.command)
      return false
    }
    this.#leave(call)
    this.lane.submit(call)
    return true
  }

  #oldest(key: string): Call | undefined {
    const queue = this.#queues.get(key)
    return queue?.calls[queue.first]
  }

  #leave(call: Call): void {
    for (const key of new Set(call.command.keys)) {
      const queue = this.#queues.get(key)
      if (queue && ++queue.first === queue.calls.length) this.#queues.delete(key)
    }
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
        if ('command' in step) {
          this.#step(call, step.command)
          return
        }
        const { result } = step
        this.#done(call, () => call.resolve(result))
      },
      reject: error => this.#done(call, () => call.reject(error))
    })
  }

  #done(call: Call, tell: () => void): void {
    tell()
    this.#working.delete(call)
    this.#leave(call)
    // Whoever is sent makes the next on its keys the oldest.
    const keys = [...call.command.keys]
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const oldest = this.#oldest(key)
      if (oldest && this.#startIfFirst(oldest)) keys.push(...oldest.command.keys)
    }
  }
}
