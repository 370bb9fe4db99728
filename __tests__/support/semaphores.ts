import { expect } from '@jest/globals'
import type {
  AcquireOptions,
  Hot,
  HotBoundedSemaphore,
  HotLock,
  HotRLock,
  HotSemaphore,
  LeaseOptions,
  Permit
} from '../../src/index.js'
import { auxKeyName } from './keys.js'
import { freshKey } from './fresh-key.js'
import { failureOf, until } from './promises.js'
import type { AnyHandle } from './type-under-test.js'

/** What all semaphores and locks do. */
export interface AnySemaphore extends Omit<AnyHandle, 'replace' | 'toJS'> {
  acquire(how?: AcquireOptions): Promise<Permit>
  tryAcquire(how?: LeaseOptions): Promise<Permit | undefined>
  run<R>(fn: (permit: Permit) => R, how?: AcquireOptions): Promise<Awaited<R>>
  release(): Promise<void>
  available(): Promise<number>
  toJS(): Promise<number>
}

/**
 * A type whose handles are acquired and released. It has no value that could be replaced or be there at first, which the
 * tests of the other types' common members start from; so it has a row, and tests, of its own.
 */
export interface SemaphoreUnderTest {
  readonly name: string
  readonly variable: string
  /** With one permit, which every type can have. */
  readonly make: (hot: Hot, key?: string) => AnySemaphore
  /** A call of each member that asks what is at the key. */
  readonly calls: Readonly<Record<string, (handle: AnySemaphore) => Promise<unknown>>>
}

/** Members that work on a key of any type, or ask nothing. */
type Untyped = 'key' | 'then' | 'clear' | 'exists' | 'expire' | 'expireAt' | 'ttl' | 'persist' | 'replace'

/** Every member but those: a type that grows a method must say here how it is called. */
type Calls<H> = { [Member in Exclude<Extract<keyof H, string>, Untyped>]: (handle: H) => Promise<unknown> }

const calls = {
  toJS: (lock: AnySemaphore) => lock.toJS(),
  equals: (lock: AnySemaphore) => lock.equals(lock),
  available: (lock: AnySemaphore) => lock.available(),
  acquire: (lock: AnySemaphore) => lock.acquire({ timeout: 10_000 }),
  tryAcquire: (lock: AnySemaphore) => lock.tryAcquire(),
  run: (lock: AnySemaphore) => lock.run(() => 'ran', { timeout: 10_000 })
}

// release() asks nothing where nothing is held, except that of a Semaphore.
const boundedCalls: Omit<Calls<HotBoundedSemaphore>, 'release'> = calls
const semaphoreCalls: Calls<HotSemaphore> = { ...calls, release: semaphore => semaphore.release() }
const lockCalls: Omit<Calls<HotLock>, 'release'> = { ...calls, locked: lock => lock.locked() }
const rlockCalls: Omit<Calls<HotRLock>, 'release'> = lockCalls

/** Every type of semaphores and locks. */
export const semaphores: readonly SemaphoreUnderTest[] = [
  {
    name: 'BoundedSemaphore',
    variable: 'boundedSemaphore',
    make: (hot, key) => hot.boundedSemaphore(key),
    calls: boundedCalls as unknown as SemaphoreUnderTest['calls']
  },
  {
    name: 'Semaphore',
    variable: 'semaphore',
    make: (hot, key) => hot.semaphore(key),
    calls: semaphoreCalls as unknown as SemaphoreUnderTest['calls']
  },
  {
    name: 'Lock',
    variable: 'lock',
    make: (hot, key) => hot.lock(key),
    calls: lockCalls as unknown as SemaphoreUnderTest['calls']
  },
  {
    name: 'RLock',
    variable: 'rlock',
    make: (hot, key) => hot.rlock(key),
    calls: rlockCalls as unknown as SemaphoreUnderTest['calls']
  }
]

/** A new lock of `hot`, and whether another Hot could take it. */
export function newRLock(hot: Hot, rival: Hot): { readonly lock: HotRLock; readonly isFree: () => Promise<boolean> } {
  const lock = hot.rlock(freshKey())
  const isFree = async () => {
    const permit = await rival.rlock(lock.key).tryAcquire()
    await permit?.release()
    return permit !== undefined
  }
  return { lock, isFree }
}

type Raw = (key: string, ...args: string[]) => Promise<unknown>

/** Waits until so many wait for what is at `key`, in whatever process. */
export async function untilWaiting(raw: Raw, key: string, waiting: number): Promise<void> {
  const line = auxKeyName(key, 'waiters')
  await until(`${waiting} wait at ${key}`, async () => (await raw(line, 'ZCARD', line)) === waiting)
}

/** Waits until the signal of a permit has aborted; gives its reason. */
export async function lossOf({ signal }: Permit): Promise<unknown> {
  await until('the lease is lost', () => signal.aborted, 20_000)
  return signal.reason as unknown
}

/** Fails unless all of the permits are free, nobody waits, and a permit can be had. */
export async function expectAllFree(handle: AnySemaphore, permits = 1): Promise<void> {
  await until(`${permits} permits are free at ${handle.key}`, async () => (await handle.available()) === permits)
  const all = await Promise.all(Array.from({ length: permits }, () => handle.tryAcquire()))
  expect(all.filter(permit => permit === undefined)).toEqual([])
  for (const permit of all) await permit!.release()
  expect(await handle.available()).toBe(permits)
}

/** Fails unless the call is refused with such an error, which names its key. */
export async function expectFailure(call: PromiseLike<unknown>, code: string, key: string): Promise<Error> {
  const error = (await failureOf(call)) as Error
  expect(error).toMatchObject({ code, key })
  expect(error.message).toContain(key)
  return error
}

/** A door that somebody opens, to hold a call chain where it is. */
export function door() {
  let open!: () => void
  const opened = new Promise<void>(resolve => (open = resolve))
  return { open, opened }
}

/** Starts a chain that holds the lock in run(); resolves when it is inside. */
export async function insideOf(lock: Pick<AnySemaphore, 'run'>, how: AcquireOptions = {}) {
  const leave = door()
  let ended: Promise<unknown> = Promise.resolve()
  const permit = await new Promise<Permit>((resolve, reject) => {
    ended = lock.run(async held => {
      resolve(held)
      await leave.opened
    }, how)
    ended.catch(reject)
  })
  return { permit, leave: () => (leave.open(), ended) }
}
