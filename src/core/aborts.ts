interface Listeners {
  readonly all: Set<() => void>
  readonly notify: () => void
}

const bySignal = new Map<AbortSignal, Listeners>()

/**
 * Calls `listener` when the signal aborts. Each signal gets one listener of ours, however many calls it ends: Node.js warns
 * about more than ten, and adding one takes time in proportion to those that are there.
 */
export function onAbort(signal: AbortSignal, listener: () => void): void {
  const known = bySignal.get(signal)
  if (known) {
    known.all.add(listener)
    return
  }
  const all = new Set([listener])
  const notify = (): void => {
    for (const each of [...all]) each()
  }
  bySignal.set(signal, { all, notify })
  signal.addEventListener('abort', notify)
}

/** Calls it no more. */
export function offAbort(signal: AbortSignal, listener: () => void): void {
  const known = bySignal.get(signal)
  known?.all.delete(listener)
  if (!known || known.all.size > 0) return
  bySignal.delete(signal)
  signal.removeEventListener('abort', known.notify)
}
