interface Listeners {
  readonly all: Set<() => void>
  readonly tell: () => void
}

/** One listener for each AbortSignal, however many waits it ends: more than ten draw a warning. */
export class Aborts {
  readonly #bySignal = new Map<AbortSignal, Listeners>()

  listen(signal: AbortSignal, listener: () => void): void {
    const known = this.#bySignal.get(signal)
    if (known) {
      known.all.add(listener)
      return
    }
    const all = new Set([listener])
    const tell = (): void => {
      for (const each of [...all]) each()
    }
    this.#bySignal.set(signal, { all, tell })
    signal.addEventListener('abort', tell)
  }

  unlisten(signal: AbortSignal, listener: () => void): void {
    const known = this.#bySignal.get(signal)
    known?.all.delete(listener)
    if (!known || known.all.size > 0) return
    this.#bySignal.delete(signal)
    signal.removeEventListener('abort', known.tell)
  }
}
