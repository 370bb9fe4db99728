/* eslint-disable @typescript-eslint/no-meaningless-void-operator, @typescript-eslint/no-unused-vars, @typescript-eslint/await-thenable -- expressions stand alone here, and some must not compile */
import {
  createHot,
  hot,
  type AcquireOptions,
  type HotBoundedSemaphore,
  type HotLock,
  type HotRLock,
  type HotSemaphore,
  type LeaseOptions,
  type Pending,
  type Permit
} from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const slots: HotBoundedSemaphore
declare const ready: HotSemaphore
declare const lock: HotLock
declare const again: HotRLock
declare const controller: AbortController
declare const fetchTime: () => Promise<number>

export function semaphoresAreMade() {
  expectType<HotBoundedSemaphore>()(hot.boundedSemaphore('api', { value: 5 }))
  expectType<HotBoundedSemaphore>()(hot.boundedSemaphore())
  expectType<HotSemaphore>()(hot.semaphore('ready', { value: 5 }))
  expectType<HotSemaphore>()(createHot().semaphore(undefined, { value: 5 }))
  expectType<HotLock>()(hot.lock('invoices'))
  expectType<HotLock>()(hot.lock())
  expectType<HotRLock>()(hot.rlock('account:1'))
}

export function semaphoresAreMadeOnlySo() {
  // @ts-expect-error a number is wanted
  hot.boundedSemaphore('api', { value: '5' })
  // @ts-expect-error the number of permits has a name
  hot.semaphore('api', 5)
  // @ts-expect-error there is no initial value
  hot.semaphore('api', { initial: 5 })
  // @ts-expect-error there are no values to encode
  hot.boundedSemaphore('api', { codec: { encode: String, decode: String } })
  // @ts-expect-error a lock has one permit
  hot.lock('invoices', { value: 1 })
  // @ts-expect-error a key is text
  hot.lock(5)
}

export async function aPermitIsAcquired() {
  expectType<Permit>()(await slots.acquire())
  expectType<Permit>()(await ready.acquire({ timeout: 5_000, lease: 10_000, signal: controller.signal }))
  expectType<Permit | undefined>()(await lock.tryAcquire())
  expectType<Permit | undefined>()(await again.tryAcquire({ lease: 10_000 }))
  const how: AcquireOptions = { timeout: 5_000, lease: 10_000, signal: controller.signal }
  const lease: LeaseOptions = { lease: 10_000 }
  expectType<Permit>()(await again.acquire(how))
  expectType<Permit>()(await lock.acquire(lease))
}

export function aPermitIsAcquiredOnlySo() {
  // @ts-expect-error milliseconds are wanted
  void lock.acquire({ timeout: '5s' })
  // @ts-expect-error milliseconds are wanted
  void lock.acquire({ lease: fetchTime() })
  // @ts-expect-error the options have names
  void lock.acquire(5_000)
  // @ts-expect-error the controller is not the signal
  void lock.acquire({ signal: controller })
  // @ts-expect-error it does not wait
  void lock.tryAcquire({ timeout: 5_000 })
  // @ts-expect-error the function comes first
  void lock.run({ timeout: 5_000 }, () => 'ran')
  // @ts-expect-error a function is wanted, not what it makes
  void lock.run(fetchTime())
}

export async function aPermitHasTypes() {
  await using permit = await lock.acquire()
  expectType<number>()(permit.token)
  expectType<AbortSignal>()(permit.signal)
  expectType<Promise<void>>()(permit.release())
  const tried = await lock.tryAcquire()
  // @ts-expect-error it may not have been free
  void tried.release()
  // @ts-expect-error the token can only be read
  permit.token = 5
  // @ts-expect-error the signal can only be read
  permit.signal = controller.signal
  // @ts-expect-error it is released asynchronously
  using late = await lock.acquire()
  // @ts-expect-error a forgotten await
  await using early = lock.acquire()
}

export async function aPermitThatMayNotBeThereCanBeUsed() {
  await using permit = await lock.tryAcquire()
  expectType<number | undefined>()(permit?.token)
}

export async function runGivesWhatTheFunctionGives() {
  expectType<number>()(await lock.run(permit => permit.token))
  expectType<number>()(await slots.run(({ signal }) => (signal.aborted ? 0 : fetchTime())))
  expectType<Promise<undefined>>()(ready.run(() => undefined))
  expectType<'a' | 5>()(await again.run((): 'a' | Promise<5> => 'a', { timeout: 5_000, lease: 10_000 }))
  expectType<number>()(await lock.run(() => lock.available()))
  // @ts-expect-error the permit is all it gets
  void lock.run((permit: Permit, more: string) => more)
}

export async function theOtherMembersHaveTypes() {
  expectType<Pending<number>>()(slots.available())
  expectType<Pending<number>>()(lock.toJS())
  expectType<boolean>()(await lock.locked())
  expectType<boolean>()(await again.locked())
  expectType<Promise<void>>()(ready.release())
  expectType<Pending<void>>()(slots.clear())
  expectType<Pending<boolean>>()(lock.equals(slots))
  expectType<Pending<boolean>>()(ready.exists())
  expectType<Pending<number | undefined>>()(ready.ttl())
  expectType<string>()(lock.key)
  // @ts-expect-error not awaited: a promise never equals a number
  void (slots.available() === 0)
  // @ts-expect-error only locks are locked or not
  void slots.locked
  // @ts-expect-error it can't be replaced
  void slots.replace(3)
  // @ts-expect-error it is no list
  void slots[0]
  // @ts-expect-error the number of permits is given when the handle is made
  slots.value = 3
  // @ts-expect-error the key can only be read
  lock.key = 'other'
}
