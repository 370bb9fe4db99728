/**
 * Timers and clocks as they were when this module was loaded: fake timers of a test framework, installed later, must not
 * stop the library.
 */
export const setTimer = globalThis.setTimeout
export const clearTimer = globalThis.clearTimeout
export const setRepeatingTimer = globalThis.setInterval
export const clearRepeatingTimer = globalThis.clearInterval
export const setImmediateTask = globalThis.setImmediate
export const nextTick = process.nextTick.bind(process)
export const runMicrotask = globalThis.queueMicrotask
export const now = performance.now.bind(performance)

/** No timer of JavaScript's goes further than these milliseconds, 24.8 days. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Resolves after some milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => void setTimer(resolve, milliseconds))
}
