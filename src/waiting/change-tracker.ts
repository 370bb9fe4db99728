import { setTimer } from '../core/clock.js'
import type { Subscriber } from './subscriber.js'

/** Milliseconds until a key counts as changed that could not be tracked: its slot is moving. */
const UNTRACKED = 20

/** The next change of some keys. */
export interface Change {
  readonly happened: Promise<void>
  /** Nobody waits for it any more. */
  cancel(): void
}

/** Tells when keys change, by CLIENT TRACKING; without the right to that, all keys count as changed once a second. */
export class ChangeTracker {
  readonly #listeners = new Map<string, Set<() => void>>()

  /** Whether anybody waits. */
  get busy(): boolean {
    return this.#listeners.size > 0
  }

  /** Resolves when every change from then on will be told. */
  async track(keys: readonly string[], subscriber: Subscriber): Promise<Change> {
    let notify = (): void => {}
    const happened = new Promise<void>(resolve => (notify = resolve))
    // Before Redis is asked: its message may arrive before its reply.
    for (const key of keys) this.#add(key, notify)
    const tracked = await Promise.all(keys.map(key => subscriber.track(key)))
    if (tracked.includes(false)) setTimer(notify, UNTRACKED)
    return { happened, cancel: () => keys.forEach(key => this.#remove(key, notify)) }
  }

  /** No names stand for all keys. */
  changed(names?: readonly string[]): void {
    for (const name of names ?? [...this.#listeners.keys()]) {
      for (const notify of this.#listeners.get(name) ?? []) notify()
    }
  }

  #add(key: string, notify: () => void): void {
    const known = this.#listeners.get(key)
    if (known) known.add(notify)
    else this.#listeners.set(key, new Set([notify]))
  }

  #remove(key: string, notify: () => void): void {
    const listeners = this.#listeners.get(key)
    listeners?.delete(notify)
    if (listeners?.size === 0) this.#listeners.delete(key)
  }
}
