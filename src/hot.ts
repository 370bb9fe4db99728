import { nanoid } from 'nanoid'
import { callable, options as optionsOf, positive, text } from './arguments.js'
import { Assignments } from './assignments.js'
import type { Codec } from './codec.js'
import type { TransactionOptions } from './transaction/perform.js'
import type { Results } from './transaction/results.js'
import { Connection } from './connection/connection.js'
import { Dispatcher } from './dispatcher.js'
import type {
  FieldInputs,
  FieldOutputs,
  FieldSchemas,
  HandleOptions,
  HotBoundedSemaphore,
  HotDefaultDict,
  HotDict,
  HotFloat,
  HotImmutableString,
  HotInt,
  HotLifoQueue,
  HotLifoSetQueue,
  HotList,
  HotLock,
  HotMultiSet,
  HotQueue,
  HotRLock,
  HotSemaphore,
  HotSetQueue,
  HotString,
  InitialFields,
  JsonValue,
  SchemaOf,
  SchemaOptions
} from './handles.js'
import { settingsOf, type HotOptions, type Settings } from './options.js'
import { proxied } from './proxy.js'
import { isSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from './schema.js'
import { DefaultDict, type DefaultFactory } from './types/default-dict.js'
import { Dict } from './types/dict.js'
import { Handle } from './types/handle.js'
import { Issuer, type Home, type TypeShape } from './types/issuer.js'
import { Float } from './types/float.js'
import { ImmutableString } from './types/immutable-string.js'
import { Int } from './types/int.js'
import { List } from './types/list.js'
import { MultiSet, type Counts } from './types/multi-set.js'
import { LifoQueue, LifoSetQueue, Queue, SetQueue } from './types/queue.js'
import { RLock } from './types/rlock.js'
import { BoundedSemaphore, Lock, Semaphore } from './types/semaphore.js'
import { HotSet } from './types/set.js'
import { MutableString } from './types/string.js'
import type { ValueSchema } from './values.js'

/** A class of handles, and how to make one. */
interface HandleType<H> {
  readonly shape: TypeShape
  readonly make: (issue: Issuer) => H
  /** The options of its factory, where they are not those of any type whose values have a codec. */
  readonly takes?: readonly string[]
}

const valueOptions = ['initial', 'codec', 'schema']
const plainOptions = ['initial']

/** A class of queues. */
interface QueueType {
  readonly shape: TypeShape
  new (issue: Issuer, maxsize: number | undefined): unknown
}

/** A class of semaphores. */
interface SemaphoreType {
  readonly shape: TypeShape
  new (issue: Issuer, value: number): unknown
}

interface AnyOptions {
  readonly initial?: unknown
  readonly codec?: Codec
  readonly schema?: unknown
}

/** Options of the types that hold plain text and numbers. */
interface InitialOnly<Initial> {
  /** Replaces what is stored, in one step, when the handle is made. The time to live stays. */
  readonly initial?: Initial
}

/** Options of the queues. */
interface Bounded {
  /** How many items the queue holds at most: `put` waits for space. The same for all handles of a key that give one. */
  readonly maxsize?: number
}

/** Options of the semaphores. */
interface Permits {
  /** How many permits there are; 1 unless given. The same for all handles of a key. */
  readonly value?: number
}

/** The parts of a Hot, made when it is first used. */
interface Parts {
  readonly settings: Settings
  readonly dispatcher: Dispatcher
  readonly assignments: Assignments
}

/**
 * The way into Redis: makes handles. Calls made through one Hot take effect in the order they were made, awaited or not
 * (on a cluster: in order for each key). Made by createHot(); `hot` is a ready-made one.
 *
 * @example
 * const hot = createHot({ url: 'redis://myremotehost:6380', prefix: 'app:' })
 * const todo = hot.list<string>('todo')
 */
export class Hot {
  #settings: () => Settings
  #parts: Parts | undefined

  /** @internal */
  constructor(settings: () => Settings) {
    this.#settings = settings
  }

  /**
   * A list: like an Array. See {@link HotList}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const todo = hot.list<string>('todo', { initial: ['a', 'b'] })
   */
  list<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>>
  ): HotList<SchemaOutput<S>, SchemaInput<S>>
  list<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & { schema?: StandardSchema<NoInfer<T>> }
  ): HotList<T>
  list(key?: string, options?: AnyOptions): unknown {
    return this.#handle({ shape: List.shape, make: issue => new List(issue) }, key, options)
  }

  /**
   * A dict: like an object with fields. See {@link HotDict}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const user = hot.dict<{ name: string; visits: number }>('user:1')
   * @example const user = hot.dict('user:1', { schema: { name: z.string(), visits: z.number() } })
   */
  dict<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, InitialFields<Record<string, SchemaInput<S>>>>
  ): HotDict<Record<string, SchemaOutput<S>>, Record<string, SchemaInput<S>>>
  dict<S extends FieldSchemas>(
    key: string | undefined,
    options: SchemaOptions<S, InitialFields<FieldInputs<S>>>
  ): HotDict<FieldOutputs<S>, FieldInputs<S>>
  dict<T extends object = Record<string, JsonValue>>(
    key?: string,
    options?: HandleOptions<InitialFields<T>> & { schema?: SchemaOf<NoInfer<T>> }
  ): HotDict<T>
  dict(key?: string, options?: AnyOptions): unknown {
    return this.#handle({ shape: Dict.shape, make: issue => new Dict(issue) }, key, options)
  }

  /**
   * A dict whose missing fields are made by `factory` when they are read. See {@link HotDefaultDict}.
   *
   * @throws TypeError when the factory is not a function, the key is empty or not a string, or an option can't be right
   * @example const counts = hot.defaultDict<Record<string, number>>(() => 0, 'counts')
   */
  defaultDict<T extends object = Record<string, JsonValue>>(
    factory: DefaultFactory<T>,
    key?: string,
    options?: HandleOptions<InitialFields<T>> & { schema?: SchemaOf<NoInfer<T>> }
  ): HotDefaultDict<T> {
    callable('defaultDict', 'the factory', factory)
    const make = (issue: Issuer): DefaultDict<T> => new DefaultDict<T>(issue, factory)
    return this.#handle({ shape: DefaultDict.shape, make }, key, options) as HotDefaultDict<T>
  }

  /**
   * A set: like a Set with ES2025's methods, members told apart by value. See {@link HotSet}.
   *
   * @throws TypeError when the key is empty or not a string, or an option can't be right
   * @example const tags = hot.set<string>('tags', { initial: ['red'] })
   */
  set<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>>
  ): HotSet<SchemaOutput<S>, SchemaInput<S>>
  set<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & { schema?: StandardSchema<NoInfer<T>> }
  ): HotSet<T>
  set(key?: string, options?: AnyOptions): unknown {
    return this.#handle({ shape: HotSet.shape, make: issue => new HotSet(issue) }, key, options)
  }

  /**
   * A multiset: whole counts by item. See {@link HotMultiSet}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const words = hot.multiSet('words', { initial: ['apple', 'pear', 'apple'] })
   */
  multiSet(key?: string, options?: InitialOnly<Counts>): HotMultiSet {
    return this.#plain({ shape: MultiSet.shape, make: issue => new MultiSet(issue) }, key, options) as HotMultiSet
  }

  /**
   * A mutable string. See {@link HotString}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const title = hot.string('title', { initial: 'HOT' })
   */
  string(key?: string, options?: InitialOnly<string>): HotString {
    return this.#plain(
      { shape: MutableString.shape, make: issue => new MutableString(issue) },
      key,
      options
    ) as HotString
  }

  /**
   * A string that never changes. See {@link HotImmutableString}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const hello = hot.immutableString('hello', { initial: 'Hello' })
   */
  immutableString(key?: string, options?: InitialOnly<string>): HotImmutableString {
    const make = (issue: Issuer): ImmutableString => new ImmutableString(issue)
    return this.#plain({ shape: ImmutableString.shape, make }, key, options) as HotImmutableString
  }

  /**
   * A whole number. See {@link HotInt}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const visits = hot.int('visits', { initial: 0 })
   */
  int(key?: string, options?: InitialOnly<number>): HotInt {
    return this.#plain({ shape: Int.shape, make: issue => new Int(issue) }, key, options) as HotInt
  }

  /**
   * A double. See {@link HotFloat}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const price = hot.float('price', { initial: 9.5 })
   */
  float(key?: string, options?: InitialOnly<number>): HotFloat {
    return this.#plain({ shape: Float.shape, make: issue => new Float(issue) }, key, options) as HotFloat
  }

  /**
   * A queue: first in, first out. See {@link HotQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const jobs = hot.queue<string>('jobs', { maxsize: 100 })
   */
  queue<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotQueue<SchemaOutput<S>, SchemaInput<S>>
  queue<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & Bounded & { schema?: StandardSchema<NoInfer<T>> }
  ): HotQueue<T>
  queue(key?: string, options?: AnyOptions & Bounded): unknown {
    return this.#queue(Queue, key, options)
  }

  /**
   * A queue: last in, first out. See {@link HotLifoQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const undo = hot.lifoQueue<string>('undo')
   */
  lifoQueue<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotLifoQueue<SchemaOutput<S>, SchemaInput<S>>
  lifoQueue<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & Bounded & { schema?: StandardSchema<NoInfer<T>> }
  ): HotLifoQueue<T>
  lifoQueue(key?: string, options?: AnyOptions & Bounded): unknown {
    return this.#queue(LifoQueue, key, options)
  }

  /**
   * A queue whose items are unique: first in, first out. See {@link HotSetQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const pages = hot.setQueue<string>('pages to crawl')
   */
  setQueue<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotSetQueue<SchemaOutput<S>, SchemaInput<S>>
  setQueue<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & Bounded & { schema?: StandardSchema<NoInfer<T>> }
  ): HotSetQueue<T>
  setQueue(key?: string, options?: AnyOptions & Bounded): unknown {
    return this.#queue(SetQueue, key, options)
  }

  /**
   * A queue whose items are unique: last in, first out. See {@link HotLifoSetQueue}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or an option can't be right
   * @example const recent = hot.lifoSetQueue<string>('recent')
   */
  lifoSetQueue<S extends StandardSchema>(
    key: string | undefined,
    options: SchemaOptions<S, Iterable<SchemaInput<S>>> & Bounded
  ): HotLifoSetQueue<SchemaOutput<S>, SchemaInput<S>>
  lifoSetQueue<T = JsonValue>(
    key?: string,
    options?: HandleOptions<Iterable<T>> & Bounded & { schema?: StandardSchema<NoInfer<T>> }
  ): HotLifoSetQueue<T>
  lifoSetQueue(key?: string, options?: AnyOptions & Bounded): unknown {
    return this.#queue(LifoSetQueue, key, options)
  }

  /**
   * A semaphore: so many permits, held by one each. See {@link HotBoundedSemaphore}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or the value is not a whole number of at least 1
   * @example const slots = hot.boundedSemaphore('api', { value: 5 })
   */
  boundedSemaphore(key?: string, options?: Permits): HotBoundedSemaphore {
    return this.#semaphore(BoundedSemaphore, key, options) as HotBoundedSemaphore
  }

  /**
   * A semaphore to which releases may add permits. See {@link HotSemaphore}.
   *
   * @throws TypeError, RangeError when the key is empty or not a string, or the value is not a whole number of at least 1
   * @example const ready = hot.semaphore('ready', { value: 1 })
   */
  semaphore(key?: string, options?: Permits): HotSemaphore {
    return this.#semaphore(Semaphore, key, options) as HotSemaphore
  }

  /**
   * A lock: one holder at a time, of all processes. See {@link HotLock}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example await hot.lock('invoices').run(() => writeInvoices())
   */
  lock(key?: string): HotLock {
    return this.#handle({ shape: Lock.shape, make: issue => new Lock(issue), takes: [] }, key) as HotLock
  }

  /**
   * A lock that its holder can enter again. See {@link HotRLock}.
   *
   * @throws TypeError when the key is empty or not a string
   * @example const lock = hot.rlock('account:1')
   */
  rlock(key?: string): HotRLock {
    return this.#handle({ shape: RLock.shape, make: issue => new RLock(issue), takes: [] }, key) as HotRLock
  }

  /**
   * Runs `fn` as one atomic step. Reads in it are answered at once and watched; writes are queued, and sent as one
   * MULTI/EXEC when it has ended. If anything it read has changed by then, it is run again. Every handle of this Hot that
   * is used in it takes part, however deep; nothing is sent if it throws. One round trip if it only writes.
   *
   * A write has its result after the commit: return it, alone, in an array or in an object, and it is filled in.
   *
   * @throws TransactionConflictError when it had to be run again more than `retries` times; TransactionError when it was
   *   used in a way that can't work, took longer than `timeout`, or commands failed in it; whatever `fn` throws
   * @example
   * await hot.transaction(async () => {
   *   if (((await user.visits) ?? 0) > 10) todo.push('send a thank-you')
   * })
   * @example const [length, name] = await hot.transaction(() => [todo.push('x'), user.name])
   */
  transaction<R extends readonly unknown[] | []>(
    fn: () => R | Promise<R>,
    options?: TransactionOptions
  ): Promise<Results<R>>
  transaction<R>(fn: () => R, options?: TransactionOptions): Promise<Results<R>>
  async transaction(fn: () => unknown, options: TransactionOptions = {}): Promise<unknown> {
    return this.#use().dispatcher.transaction(fn, options)
  }

  /**
   * Runs `fn` outside of the transaction it is called in, on purpose: its calls are sent at once, and stay whatever the
   * transaction comes to.
   *
   * @example hot.detached(() => log.push('tried'))
   */
  detached<R>(fn: () => R): R {
    callable('detached', 'the argument', fn)
    return this.#use().dispatcher.detached(fn)
  }

  /**
   * Waits for every assignment and `delete` made so far, and throws what failed since the last time: one error itself,
   * several as an AggregateError.
   *
   * @example
   * user.name = 'Ada'
   * await hot.flush()
   */
  async flush(): Promise<void> {
    await this.#parts?.assignments.flush()
  }

  /**
   * Waits for everything under way, lets go of the connection, and throws what assignments failed. Later calls fail. A
   * client you gave stays open.
   *
   * @example await hot.close()
   */
  async close(): Promise<void> {
    const { dispatcher, assignments } = this.#use()
    await dispatcher.close()
    await assignments.flush()
  }

  /** The same as close(): `await using hot = createHot()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal Takes the options as they are; a client that was given gets its error listener. Sends nothing. */
  prepare(): void {
    this.#use()
  }

  /** Settles the options; configure() has to come before. */
  #use(): Parts {
    if (this.#parts) return this.#parts
    const settings = this.#settings()
    const connection = new Connection(settings)
    const assignments = new Assignments(settings.onError)
    const dispatcher = new Dispatcher(connection, assignments)
    return (this.#parts = { settings, dispatcher, assignments })
  }

  /** @internal Other options, as long as nothing has used the present ones. */
  configure(settings: () => Settings): boolean {
    if (this.#parts) return false
    this.#settings = settings
    return true
  }

  #queue(Type: QueueType, key: string | undefined, options: (AnyOptions & Bounded) | undefined = {}): unknown {
    const { shape } = Type
    const takes = [...valueOptions, 'maxsize']
    const type = { shape, make: (issue: Issuer): unknown => new Type(issue, maxsize), takes }
    const operation = `hot.${factoryOf(type)}`
    checkOptions(operation, options, takes)
    const maxsize = options.maxsize === undefined ? undefined : positive(operation, 'maxsize', options.maxsize)
    return this.#handle(type, key, options)
  }

  #semaphore(Type: SemaphoreType, key: string | undefined, options: Permits | undefined = {}): unknown {
    const { shape } = Type
    const operation = `hot.${factoryOf({ shape })}`
    const takes = ['value']
    checkOptions(operation, options, takes)
    const { value = 1 } = options
    const permits = positive(operation, 'value', value)
    return this.#handle({ shape, make: (issue: Issuer): unknown => new Type(issue, permits), takes }, key, options)
  }

  /** A handle of plain text and numbers, which no codec or schema applies to. */
  #plain(type: HandleType<unknown>, key: string | undefined, options: AnyOptions = {}): unknown {
    const operation = `hot.${factoryOf(type)}`
    checkOptions(operation, options, valueOptions)
    const { codec, schema } = options
    if (codec === undefined && schema === undefined) {
      return this.#handle({ ...type, takes: plainOptions }, key, options)
    }
    throw new TypeError(
      `${operation}: ${type.shape.name} holds text or numbers as they are, to which neither codec nor schema applies`
    )
  }

  #handle(type: HandleType<unknown>, key: string | undefined, options: AnyOptions = {}): unknown {
    const { dispatcher, settings } = this.#use()
    const operation = `hot.${factoryOf(type)}`
    checkOptions(operation, options, type.takes ?? valueOptions)
    const { initial, codec, schema } = options
    const name = key === undefined ? nanoid() : keyOf(operation, key)
    const home: Home = {
      dispatcher,
      fullKey: (operation, key) => settings.prefix + keyOf(operation, key),
      sibling: key => this.#handle({ ...type, takes: valueOptions }, key, { codec, schema })
    }
    const values = { codec, schema: schema as ValueSchema | undefined }
    const issue = new Issuer(name, settings.prefix + name, type.shape, home, values)
    const handle = type.make(issue) as Handle<never, never>
    if (initial !== undefined) issue.assign(initialized(operation, handle, initial))
    return proxied(handle)
  }
}

/** Puts the initial value in; what is wrong with it is said of the factory that was given it. */
function initialized(operation: string, handle: Handle<never, never>, initial: unknown): Promise<void> {
  try {
    return Handle.prototype.replace.call(handle, initial as never)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    const Problem = error.constructor as new (message: string, options: ErrorOptions) => Error
    throw new Problem(`${operation}: initial can't be stored: ${error.message}`, { cause: error })
  }
}

function factoryOf({ shape: { name } }: Pick<HandleType<unknown>, 'shape'>): string {
  return name.replace(/^[A-Z]+/, capitals => capitals.toLowerCase())
}

function keyOf(operation: string, key: unknown): string {
  if (text(operation, 'the key', key) === '') {
    throw new TypeError(`${operation}: the key must not be empty; leave it out to have one generated`)
  }
  return key as string
}

function checkOptions(operation: string, options: unknown, takes: readonly string[]): asserts options is AnyOptions {
  const { codec, schema } = optionsOf(operation, options as AnyOptions, takes as readonly (keyof AnyOptions)[])
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')) {
    throw new TypeError(`${operation}: a codec must have the functions encode(value) and decode(text)`)
  }
  if (schema === undefined || isSchema(schema)) return
  if (typeof schema !== 'object' || schema === null || !Object.values(schema).every(isSchema)) {
    throw new TypeError(
      `${operation}: a schema must be a Standard Schema (zod, valibot, arktype), or for a dict an object of them`
    )
  }
}

/**
 * Makes a Hot of your own. Nothing is sent, and no connection opened, before the first call.
 *
 * @throws TypeError when an option can't be right
 * @example const hot = createHot() // REDIS_URL, or redis://127.0.0.1:6379
 * @example const hot = createHot({ url: 'redis://myremotehost:6380', prefix: 'app:' })
 * @example await using hot = createHot({ client })
 */
export function createHot(options?: HotOptions): Hot {
  const settings = settingsOf('createHot', options)
  const made = new Hot(() => settings)
  made.prepare()
  return made
}

/** The shared default: options by configure(), or REDIS_URL, or redis://127.0.0.1:6379. */
export const hot = new Hot(() => settingsOf('hot'))

/**
 * Sets the options of the shared default `hot`, before its first use.
 *
 * @throws TypeError when an option can't be right; Error when `hot` has been used already
 * @example configure({ url: 'redis://myremotehost:6380' })
 */
export function configure(options: HotOptions): void {
  const settings = settingsOf('configure', options)
  if (!hot.configure(() => settings)) {
    throw new Error(
      'configure: the default hot has been used already: call configure() first, or make another with createHot()'
    )
  }
}
