import { ConnectionError, type Hot } from '../../src/index.js'
import type { Random } from './random.js'

/** Where connections fail: as a seed has it, or by what is done to their servers. */
export interface FaultyEnvironment {
  readonly random: Random
  /** A new Hot whose connections may fail. */
  createHot(onError?: (error: unknown) => void): Hot
  /** A key that nobody else uses. */
  newKey(name: string): string
  /** Passes the time between calls. */
  pause(): Promise<void>
}

/** Calls that are made while connections fail, and judged when they no longer do. */
export interface FaultyProgram {
  /** Makes the calls. */
  run(): Promise<void>
  /** Compares what they came to with what is stored, and closes its Hots. */
  check(): Promise<void>
}

export type MakeProgram = (environment: FaultyEnvironment, seed: number) => FaultyProgram

/** No call takes longer, whatever goes wrong. */
const LIMIT = 20_000

/** Fails when something takes longer than any call may. */
export async function inTime<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hung for more than ${LIMIT} ms`)), LIMIT)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Closes Hots that nothing fails for any more. */
export async function closeAll(hots: readonly Hot[]): Promise<void> {
  await inTime('close()', Promise.all(hots.map(hot => hot.close())))
}

/** Whether a call failed in a way that a connection that fails allows for. */
function isFault(error: unknown): boolean {
  return error instanceof ConnectionError || /\b(?:OOM|READONLY|LOADING|BUSY|EXECABORT)\b/.test(String(error))
}

export function ignoreFault(error: unknown): undefined {
  if (!isFault(error)) throw error
}

/** Whether a call failed that may have taken effect. */
export function isUnknown(error: unknown): boolean {
  return error instanceof ConnectionError && error.outcome === 'unknown'
}

/** What a read gives, asked again once: what went wrong before the end may cost the first its connection. */
export async function readAfterFaults<T>(what: string, read: () => PromiseLike<T>): Promise<T> {
  try {
    return await inTime(what, read())
  } catch {
    return inTime(`${what} again`, read())
  }
}
