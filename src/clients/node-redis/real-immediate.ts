import { runMicrotask, setImmediateTask } from '../../core/clock.js'

/**
 * Runs `fn` with the setImmediate of Node.js. node-redis takes it from the global object each time it writes; under the fake
 * timers of a test framework it would never write.
 */
export function withRealImmediate<R>(fn: () => R): R {
  const current = globalThis.setImmediate
  if (current === setImmediateTask) return fn()
  globalThis.setImmediate = setImmediateTask
  try {
    return fn()
  } finally {
    globalThis.setImmediate = current
  }
}

/** The same until the queued microtasks have run: for events after which node-redis writes. */
export function useRealImmediate(): void {
  const current = globalThis.setImmediate
  if (current === setImmediateTask) return
  globalThis.setImmediate = setImmediateTask
  runMicrotask(() => (globalThis.setImmediate = current))
}
