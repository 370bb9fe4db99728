/**
 * The timers and clocks at the time this module was loaded: fake timers that a test framework installs later must not stop
 * the library.
 */
export const setTimer = globalThis.setTimeout
export const clearTimer = globalThis.clearTimeout
export const setRepeatingTimer = globalThis.setInterval
export const clearRepeatingTimer = globalThis.clearInterval
export const setImmediateTask = globalThis.setImmediate
export const nextTick = process.nextTick.bind(process)
export const runMicrotask = globalThis.queueMicrotask
export const now = performance.now.bind(performance)

/** The maximum delay of a JavaScript timer: 24.8 days. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Resolves after some milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => void setTimer(resolve, milliseconds))
}
