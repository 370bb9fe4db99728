interface Listeners {
  readonly all: Set<() => void>
  readonly notify: () => void
}

/** Adds one listener to each AbortSignal, however many waits it cancels: Node.js warns about more than ten. */
export class Aborts {
  readonly #bySignal = new Map<AbortSignal, Listeners>()

  listen(signal: AbortSignal, listener: () => void): void {
    const known = this.#bySignal.get(signal)
    if (known) {
      known.all.add(listener)
      return
    }
    const all = new Set([listener])
    const notify = (): void => {
      for (const each of [...all]) each()
    }
    this.#bySignal.set(signal, { all, notify })
    signal.addEventListener('abort', notify)
  }

  unlisten(signal: AbortSignal, listener: () => void): void {
    const known = this.#bySignal.get(signal)
    known?.all.delete(listener)
    if (!known || known.all.size > 0) return
    this.#bySignal.delete(signal)
    signal.removeEventListener('abort', known.notify)
  }
}
