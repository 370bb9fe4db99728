import { auxKeyName } from './keys.js'
import type { ConsumeOptions, Hot, HotQueue, HotSetQueue } from '../../src/index.js'
import type { Backend } from './backends.js'
import { until } from './promises.js'
import type { Calls, TypeUnderTest } from './type-under-test.js'

/** A queue of any kind. */
export type AnyQueue<T = string> = HotQueue<T> | HotSetQueue<T>

interface QueueOptions<T = string> {
  readonly initial?: Iterable<T>
  readonly maxsize?: number
}

/** The four queues, as the tests of what they share see them. */
export interface QueueKind {
  readonly name: 'Queue' | 'LifoQueue' | 'SetQueue' | 'LifoSetQueue'
  readonly factory: 'queue' | 'lifoQueue' | 'setQueue' | 'lifoSetQueue'
  /** Whether what was put last is taken first. */
  readonly lifo: boolean
  /** Whether each item is in it only once. */
  readonly unique: boolean
  readonly make: <T = string>(hot: Hot, key?: string, options?: QueueOptions<T>) => AnyQueue<T>
}

export const kinds: readonly QueueKind[] = [
  {
    name: 'Queue',
    factory: 'queue',
    lifo: false,
    unique: false,
    make: <T>(hot: Hot, key?: string, options?: QueueOptions<T>) => hot.queue<T>(key, options)
  },
  {
    name: 'LifoQueue',
    factory: 'lifoQueue',
    lifo: true,
    unique: false,
    make: <T>(hot: Hot, key?: string, options?: QueueOptions<T>) => hot.lifoQueue<T>(key, options)
  },
  {
    name: 'SetQueue',
    factory: 'setQueue',
    lifo: false,
    unique: true,
    make: <T>(hot: Hot, key?: string, options?: QueueOptions<T>) => hot.setQueue<T>(key, options)
  },
  {
    name: 'LifoSetQueue',
    factory: 'lifoSetQueue',
    lifo: true,
    unique: true,
    make: <T>(hot: Hot, key?: string, options?: QueueOptions<T>) => hot.lifoSetQueue<T>(key, options)
  }
]

/** Longer than a test may take: what a wait finds at its end must not stand in for what was to wake it. */
export const limit = { timeout: 60_000 }

/** The first item of a loop, which is left then. */
export async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}

/** Starts a consume() whose body ends when it is told to: it holds an item for as long as a test needs. */
export function consuming<T>(queue: AnyQueue<T>, options?: ConsumeOptions) {
  const items = queue.consume(options)
  return {
    /** The next item; the one before is done then. */
    next: async () => {
      const result = await items.next()
      if (result.done === true) throw new Error('consume() ended, which only a signal makes it do')
      return result.value
    },
    /** Whether the loop ends, as it does when its signal has aborted; the item before is done then. */
    ends: async () => (await items.next()).done === true,
    /** What `break` and an error in the body do. */
    leave: async () => {
      await items.return?.()
    }
  }
}

export type WaitQueue = 'getters' | 'putters' | 'joiners' | 'waiters'

/** Resolves when so many are enqueued at a key. */
export function enqueued(raw: Backend['raw'], key: string, line: WaitQueue, count: number): Promise<void> {
  const name = auxKeyName(key, line)
  return until(`${count} ${line} are enqueued`, async () => (await raw(name, 'ZCARD', name)) === count)
}

const calls = {
  toJS: jobs => jobs.toJS(),
  replace: jobs => jobs.replace(['x']),
  equals: jobs => jobs.equals(['x']),
  size: jobs => jobs.size,
  put: jobs => jobs.put('x'),
  putNowait: jobs => jobs.putNowait('x'),
  get: jobs => jobs.get(),
  getNowait: jobs => jobs.getNowait(),
  peek: jobs => jobs.peek(),
  empty: jobs => jobs.empty(),
  full: jobs => jobs.full(),
  join: jobs => jobs.join({ timeout: 5_000 }),
  items: jobs => first(jobs.items()),
  consume: jobs => first(jobs.consume()),
  'for await': jobs => first(jobs)
} satisfies Calls<HotSetQueue<string>, 'maxsize'>

const typeOf = ({ name, factory, unique, make }: QueueKind): TypeUnderTest => ({
  name,
  variable: factory,
  holds: 'list',
  make: (hot, key, options) => make(hot, key, options as QueueOptions),
  sample: unique ? new Set(['a', 'b', 'c']) : ['a', 'b', 'a'],
  plain: unique ? ['a', 'b', 'c'] : ['a', 'b', 'a'],
  different: ['b', 'a'],
  empty: [],
  filled: (size, text) => Array.from({ length: size }, (_, index) => (index === 0 ? text : `${text} #${index}`)),
  calls: calls as unknown as TypeUnderTest['calls'],
  // put() waits too where the handle has a maxsize, which these have not.
  waits: ['get', 'join', 'items', 'consume', 'for await']
})

export const queueTypes: readonly TypeUnderTest[] = kinds.map(typeOf)
