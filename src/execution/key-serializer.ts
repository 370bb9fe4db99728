import { keysOfAll, type Request, type Update } from '../core/command.js'
import type { Call, CommandSink } from './call.js'

/** What an order scope (a server, or on a cluster a key) has under way and waiting. */
interface Scope {
  /** Updates that have started and not ended. */
  running: number
  /** Whether they let others of their kind start. */
  shared: boolean
  /** In the order of calls; those before `first` have started. */
  waiting: Entry[]
  first: number
}

interface Entry {
  readonly scopes: readonly string[]
  /** Undefined for a call: it is done with being sent. */
  readonly update: { readonly shared: boolean } | undefined
  readonly start: () => void
}

/** How many started entries a queue keeps before it is cut. */
const KEPT_ENTRIES = 64

/**
 * Keeps calls in the order in which they were made while Updates (read, compute here, write) are under way: until an Update
 * is done, later calls of its scope wait. On one server everything is one scope; on a cluster each key is.
 */
export class KeySerializer implements CommandSink {
  readonly #scopes = new Map<string, Scope>()

  constructor(
    private readonly sink: CommandSink,
    private readonly perKey: boolean
  ) {}

  /** Bound, so that it is one step on the way of every call. */
  readonly submit = (call: Call): void => {
    if (this.#scopes.size === 0) this.sink.submit(call)
    else this.#enter({ scopes: this.#scopesOf(call.requests), update: undefined, start: () => this.sink.submit(call) })
  }

  /** Starts an Update when its turn has come; `start` is given what to call when it is done. */
  run({ read, insertsDefault: shared }: Update<unknown>, start: (done: () => void) => void): void {
    const scopes = this.#scopesOf([read])
    const entry: Entry = { scopes, update: { shared }, start: () => start(() => this.#leave(entry)) }
    this.#enter(entry)
  }

  #scopesOf(requests: readonly Request[]): readonly string[] {
    return this.perKey ? keysOfAll(requests) : ['']
  }

  #enter(entry: Entry): void {
    // A call that shares no scope with an Update goes at once.
    if (!entry.update && !entry.scopes.some(name => this.#scopes.has(name))) return entry.start()
    for (const name of entry.scopes) {
      const scope = this.#scopes.get(name)
      if (scope) scope.waiting.push(entry)
      else this.#scopes.set(name, { running: 0, shared: true, waiting: [entry], first: 0 })
    }
    this.#startIfNext(entry)
  }

  /** Starts an entry that is the next in each of its scopes. */
  #startIfNext(entry: Entry): boolean {
    for (const name of entry.scopes) {
      const scope = this.#scopes.get(name)
      if (!scope || scope.waiting[scope.first] !== entry) return false
      if (scope.running > 0 && !(scope.shared && entry.update?.shared)) return false
    }
    for (const name of entry.scopes) this.#begin(name, entry)
    entry.start()
    return true
  }

  #begin(name: string, entry: Entry): void {
    const scope = this.#scopes.get(name) as Scope
    if (++scope.first > KEPT_ENTRIES) {
      scope.waiting.splice(0, scope.first)
      scope.first = 0
    }
    if (entry.update) {
      scope.running++
      scope.shared = entry.update.shared
    }
    this.#forgetIfIdle(name, scope)
  }

  #leave(entry: Entry): void {
    for (const name of entry.scopes) {
      const scope = this.#scopes.get(name) as Scope
      scope.running--
      this.#forgetIfIdle(name, scope)
    }
    // Whatever starts makes the next of its scopes the first.
    const names = [...entry.scopes]
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const scope = this.#scopes.get(name)
      const next = scope?.waiting[scope.first]
      if (next && this.#startIfNext(next)) names.push(...next.scopes)
    }
  }

  #forgetIfIdle(name: string, scope: Scope): void {
    if (scope.running === 0 && scope.first === scope.waiting.length) this.#scopes.delete(name)
  }
}
