/* eslint-disable @typescript-eslint/no-meaningless-void-operator -- expressions stand alone here, and some must not compile */
import {
  hot,
  type ConsumeOptions,
  type HotLifoQueue,
  type HotLifoSetQueue,
  type HotQueue,
  type HotSetQueue,
  type JsonValue,
  type Pending,
  type WaitOptions
} from 'hot-redis'
import { z } from 'zod'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

interface Job {
  readonly resize: string
}

declare const jobs: HotQueue<Job>
declare const names: HotQueue<string>
declare const pages: HotSetQueue<string>
declare const undo: HotLifoQueue<string>
declare const recent: HotLifoSetQueue<string>
declare const fetchName: () => Promise<string>
declare const signal: AbortSignal

export async function aQueueHasTypes() {
  expectType<Job>()(await jobs.get())
  expectType<Job>()(await jobs.get({ timeout: 5_000, signal }))
  expectType<Job>()(await jobs.getNowait())
  expectType<Job | undefined>()(await jobs.peek())
  expectType<Pending<number>>()(jobs.size)
  expectType<boolean>()(await jobs.empty())
  expectType<boolean>()(await jobs.full())
  expectType<number | undefined>()(jobs.maxsize)
  expectType<Pending<void>>()(jobs.join())
  expectType<Pending<void>>()(jobs.join({ timeout: 5_000, signal }))
  expectType<Job[]>()(await jobs.toJS())
  expectType<boolean>()(await jobs.equals([{ resize: 'cat.png' }]))
  expectType<boolean>()(await jobs.equals(jobs))
  for await (const job of jobs) expectType<Job>()(job)
  for await (const job of jobs.consume()) expectType<Job>()(job)
  for await (const job of jobs.consume({ lease: 30_000, signal })) expectType<Job>()(job)
}

export function putTellsWhetherAnItemWasNewWhereItemsAreUnique() {
  expectType<Pending<void>>()(names.put('a'))
  expectType<Pending<void>>()(names.putNowait('a'))
  expectType<Pending<void>>()(undo.put('a', { timeout: 5_000 }))
  expectType<Pending<void>>()(undo.putNowait('a'))
  expectType<Pending<boolean>>()(pages.put('a', { signal }))
  expectType<Pending<boolean>>()(pages.putNowait('a'))
  expectType<Pending<boolean>>()(recent.put('a'))
  expectType<Pending<boolean>>()(recent.putNowait('a'))
}

export function aQueueTakesOnlyItsType() {
  // @ts-expect-error a job is wanted
  void jobs.put('cat.png')
  // @ts-expect-error a job has no such field
  void jobs.put({ resize: 'cat.png', crop: true })
  // @ts-expect-error a string is wanted
  void names.putNowait(1)
  // @ts-expect-error a forgotten await
  void names.put(fetchName())
  // @ts-expect-error undefined can't be stored
  void names.put(undefined)
  // @ts-expect-error an item is wanted
  void names.put()
  // @ts-expect-error strings are wanted
  void names.replace([1])
  // @ts-expect-error a timeout is a number
  void names.get({ timeout: '5s' })
  // @ts-expect-error it is called timeout
  void names.get({ timeOut: 5_000 })
  // @ts-expect-error a controller is not its signal
  void names.put('a', { signal: new AbortController() })
  // @ts-expect-error getNowait() does not wait
  void names.getNowait({ timeout: 5_000 })
  // @ts-expect-error putNowait() does not wait
  void names.putNowait('a', { timeout: 5_000 })
  // @ts-expect-error a lease is a number
  names.consume({ lease: '30s' })
  // @ts-expect-error consume() has no timeout
  names.consume({ timeout: 5_000 })
}

export function aQueueIsNoListAndNoSet() {
  // @ts-expect-error it is not iterable at once: toJS() gives an array
  void [...names]
  // @ts-expect-error a queue has no positions
  void names[0]
  // @ts-expect-error it is called put
  void names.push
  // @ts-expect-error it is called size
  void names.length
  // @ts-expect-error size can only be read
  names.size = 0
  // @ts-expect-error maxsize is given when the handle is made
  names.maxsize = 5
  // @ts-expect-error not awaited: a promise never equals a number
  void (names.size === 3)
  // @ts-expect-error a queue is no list
  expectType<boolean>()(hot.list<string>('x') satisfies HotQueue<string>)
  // @ts-expect-error put() resolves with something else
  void (names satisfies HotSetQueue<string>)
}

export async function aQueueIsMadeWithTypes() {
  expectType<HotQueue<string>>()(hot.queue('x', { initial: ['a'] }))
  expectType<HotQueue<JsonValue>>()(hot.queue('x'))
  expectType<HotQueue<Job>>()(hot.queue<Job>('x', { maxsize: 5 }))
  expectType<HotLifoQueue<Job>>()(hot.lifoQueue<Job>('x', { initial: new Set<Job>(), maxsize: 5 }))
  expectType<HotSetQueue<Job>>()(hot.setQueue<Job>())
  expectType<HotLifoSetQueue<Job>>()(hot.lifoSetQueue<Job>(undefined, { maxsize: 5 }))
  // @ts-expect-error numbers are wanted
  hot.queue<number>('x', { initial: ['a'] })
  // @ts-expect-error a number is wanted
  hot.queue('x', { maxsize: '5' })
  // @ts-expect-error it is called maxsize
  hot.setQueue('x', { maxSize: 5 })
  const numbers = hot.queue('numbers', { schema: z.string().transform(Number), initial: ['1'], maxsize: 5 })
  expectType<HotQueue<number, string>>()(numbers)
  expectType<number>()(await numbers.get())
  void numbers.put('1')
  // @ts-expect-error the input is wanted, text
  void numbers.put(1)
  expectType<HotLifoSetQueue<number, string>>()(hot.lifoSetQueue('x', { schema: z.string().transform(Number) }))
  // @ts-expect-error a schema must give what the queue holds
  hot.queue<number>('x', { schema: z.string() })
}

export async function aTransactionFillsInWhatAQueueGives() {
  const [item, isNew, nothing] = await hot.transaction(() => [names.getNowait(), pages.putNowait('a'), names.put('b')])
  expectType<string>()(item)
  expectType<boolean>()(isNew)
  expectType<Awaited<Pending<void>>>()(nothing)
}

export function theOptionsHaveNames() {
  const limits: WaitOptions = { timeout: 5_000, signal }
  const how: ConsumeOptions = { lease: 30_000, signal }
  void names.get(limits)
  void names.put('a', limits)
  names.consume(how)
  // @ts-expect-error options can only be read
  limits.timeout = 1
}
