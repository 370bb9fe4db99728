import { callable, text, waitOptions, type WaitOptions } from './core/arguments.js'
import { clearTimer, setTimer } from './core/clock.js'
import { Cluster } from './connection/cluster.js'
import { Keyspace } from './connection/keyspace.js'
import { ConnectionPools } from './connection/pool.js'
import { SharedRunner } from './connection/shared-runner.js'
import { SingleServer } from './connection/single-server.js'
import type { Topology } from './connection/topology.js'
import { Pending } from './core/pending.js'
import { Dispatcher, LimitedDispatcher, tighter } from './dispatcher.js'
import { Assignments } from './execution/assignments.js'
import { contextAt } from './handles/define-type.js'
import type { HandleHost } from './handles/operation.js'
import { rawCommand, type CommandReply, type CommandWord } from './handles/raw-command.js'
import { settingsOf, type HotOptions, type Settings } from './options.js'
import { types, type Factories } from './registry.js'
import type { Results } from './transactions/results.js'
import type { TransactionOptions } from './transactions/run-transaction.js'
import { Lock } from './types/coordination/semaphore/semaphore.js'
import type { Change } from './waiting/change-tracker.js'
import { Leases } from './waiting/lease.js'
import { WaitRegistry } from './waiting/wait-registry.js'

/** What a Hot is composed of, made at its first use. */
interface Parts {
  readonly settings: Settings
  readonly topology: Topology
  readonly runner: SharedRunner
  readonly pools: ConnectionPools
  readonly waits: WaitRegistry
  readonly leases: Leases
  readonly assignments: Assignments
  readonly dispatcher: Dispatcher
  readonly keyspace: Keyspace
}

/** Milliseconds after which the turn of a process that died goes to the next transaction. */
const TURN_LEASE = 1_000

function compose(settings: Settings): Parts {
  const { provider, connectTimeout, responseTimeout, fusion } = settings
  const timeouts = { connectTimeout, responseTimeout, fusion }
  const topology = provider.kind === 'cluster' ? new Cluster(provider, timeouts) : new SingleServer(provider, timeouts)
  const runner = new SharedRunner(topology)
  const pools = new ConnectionPools(topology, timeouts)
  const waits = new WaitRegistry(
    (command, resolve, reject) => runner.submit(command, resolve, reject),
    topology,
    timeouts
  )
  const leases = new Leases(runner, (key, words) => topology.sendOutOfBand(key, words))
  const assignments = new Assignments(settings.onError)
  const nextChange = (keys: readonly string[]): Promise<Change> => waits.nextChange(keys)
  const takeTurn = (key: string, limits: WaitOptions): Promise<{ release(): Promise<void> }> => {
    const internal = { prefix: '', dispatcher, owner: dispatcher }
    return new Lock(contextAt(internal, key, Lock.descriptor), TURN_LEASE).acquire(limits)
  }
  const host = { runner, pools, topology, fusion, leases, nextChange, takeTurn }
  const dispatcher: Dispatcher = new Dispatcher(runner, host, waits, leases, assignments)
  const keyspace = new Keyspace(topology, settings.prefix)
  return { settings, topology, runner, pools, waits, leases, assignments, dispatcher, keyspace }
}

/** Waits for everything under way, for the connect timeout at most, and drops all connections. */
async function shutDown({ settings, dispatcher, waits, leases, runner, topology, pools }: Parts): Promise<void> {
  const drop = (): void => {
    dispatcher.abort()
    waits.drop()
    topology.close()
    pools.close()
  }
  // What is still under way fails by that.
  const timer = setTimer(drop, settings.connectTimeout)
  await dispatcher.close()
  await waits.close()
  await leases.close()
  await runner.close()
  clearTimer(timer)
  drop()
}

/** What a Hot has beside its factories. */
class HotCore {
  #settings: () => Settings
  #parts: Parts | undefined
  #closing: Promise<void> | undefined
  readonly #host: HandleHost
  readonly #view: View | undefined

  /** @internal */
  constructor(settings: () => Settings, view?: View) {
    this.#settings = settings
    this.#view = view
    const host = view ? hostOfView(view, view.base.#host) : hostOf(() => this.#use())
    this.#host = host
    for (const [name, type] of Object.entries(types)) {
      Object.defineProperty(this, name, { value: (...args: unknown[]) => type.make(host, name, args) })
    }
  }

  /**
   * What is put before every key.
   *
   * @example createHot({ prefix: 'app:' }).prefix // 'app:'
   */
  get prefix(): string {
    // Reading it does not settle the options: configure() may be called later.
    return this.#view ? this.#view.base.prefix : (this.#parts?.settings ?? this.#settings()).prefix
  }

  /**
   * Runs `fn` as one atomic step. Reads in it are answered at once and watched; writes are queued, and sent as one
   * MULTI/EXEC when it has ended. If anything it read has changed by then, it is run again. Every handle of this Hot that
   * is used in it takes part, however deep; nothing is sent if it throws. One round trip if it only writes.
   *
   * Ordinary code runs in it: reads see what was written before, and writes can be awaited, at the cost of one copy of their
   * key (O(n)). Results that are returned, alone, in an array or in an object, are filled in after the commit, without one.
   *
   * A nested transaction is a savepoint: if it throws, its writes are taken back, and the outer one may go on.
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
    const { dispatcher } = this.#use()
    if (!this.#view) return dispatcher.transaction(fn, options)
    return dispatcher.transaction(fn, { ...options, ...tighter(this.#view.limits, options) })
  }

  /**
   * Inside a transaction: ends this run, and runs the transaction again when something that it has read has changed. Nothing
   * polls: Redis tells by CLIENT TRACKING, and the connection of the transaction is free meanwhile. The options `timeout` and
   * `signal` of the transaction bound it.
   *
   * @throws TransactionError outside of a transaction; the transaction itself fails when it has read nothing
   * @example
   * const job = await hot.transaction(async () => (await urgent.shift()) ?? (await normal.shift()) ?? hot.retry())
   */
  retry(): never {
    return this.#use().dispatcher.retry()
  }

  /**
   * Inside a transaction: retry() unless the condition holds.
   *
   * @throws as retry() does
   * @example
   * await hot.transaction(async () => {
   *   hot.check((await stock.apples) > 0)
   *   await stock.increment('apples', -1)
   * })
   */
  check(condition: unknown): void {
    if (!condition) this.retry()
  }

  /**
   * Inside a transaction: the result of the first function that does not retry. What those before it have written is
   * dropped. If all of them retry, so does the transaction, until something changes that any of them has read. Outside of a
   * transaction it is one of its own.
   *
   * @throws TypeError without a function; whatever a function throws
   * @example
   * const job = await hot.orElse(
   *   () => urgent.get(),
   *   () => normal.get()
   * )
   */
  async orElse<B extends readonly (() => unknown)[]>(...branches: B): Promise<Awaited<ReturnType<B[number]>>> {
    if (branches.length === 0) throw new TypeError('hot.orElse: give at least one function')
    for (const branch of branches) callable('hot.orElse', 'each argument', branch)
    return this.#use().dispatcher.orElse(branches) as Promise<Awaited<ReturnType<B[number]>>>
  }

  /**
   * Resolves with what `condition` returns as soon as that is true, all that it reads being of one moment. A transaction that
   * retries: nothing polls.
   *
   * @throws TransactionError when that takes longer than `timeout` milliseconds (30,000 unless given); the signal's reason when
   *   it aborts; whatever `condition` throws
   * @example await hot.when(async () => (await jobs.size) === 0, { timeout: 60_000 })
   */
  async when<R>(condition: () => R, options: TransactionOptions = {}): Promise<Awaited<R>> {
    callable('hot.when', 'the argument', condition)
    const met: Promise<unknown> = this.transaction(async () => {
      const result = await condition()
      this.check(result)
      return result
    }, options)
    return met as Promise<Awaited<R>>
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
   * Sends any Redis command, in order with everything else, and returns what Redis replies, decoded by nothing. A handle
   * stands for its key, with the prefix; strings and numbers are sent as they are. In a transaction a command that is not
   * known to only read counts as a write; awaited there, it needs a handle for each of its keys.
   *
   * @throws TypeError for other words, for a handle of another Hot, and for a command that would change the connection
   *   (SUBSCRIBE, MULTI, SELECT, …) or make all calls wait (BLPOP, …); ReplyError when Redis refuses it
   * @example await hot.command('HSTRLEN', user, 'name') // 3
   * @example await hot.command<string[]>('LRANGE', todo, 0, -1)
   */
  command<R = CommandReply>(name: string, ...words: CommandWord[]): Pending<R> {
    try {
      return this.#host.dispatcher.run(rawCommand(this.#host, name, words)) as Pending<never>
    } catch (error) {
      return Pending.reject(error) as Pending<R>
    }
  }

  /**
   * The keys with this Hot's prefix, without it, read in pages as the loop goes on: any number, constant memory. Auxiliary
   * keys are left out. What is there during the whole loop comes once (repeats are recognised among the last 100,000 keys).
   * `SCAN` on every master, O(n) in all keys of the database.
   *
   * @param pattern - as KEYS takes it: `*`, `?`, `[abc]`; all keys unless given
   * @throws TransactionError inside a transaction
   * @example for await (const key of hot.keys('user:*')) console.log(key)
   */
  async *keys(pattern = '*'): AsyncGenerator<string, void, undefined> {
    const match = text('hot.keys', 'the pattern', pattern)
    const { dispatcher, keyspace } = this.#use()
    dispatcher.refuseInside('hot.keys', 'what it finds could not be watched')
    yield* keyspace.keys(this.#host.dispatcher, match)
  }

  /**
   * Deletes the keys with this Hot's prefix that match a pattern, with their auxiliary keys, and returns how many keys there
   * were. Each is deleted for itself: keys that are written meanwhile may stay. `SCAN` on every master and `UNLINK`, O(n) in
   * all keys of the database.
   *
   * @param pattern - as KEYS takes it; it has to be given where the Hot has no prefix
   * @throws TypeError when there is neither a prefix nor a pattern; TransactionError inside a transaction
   * @example await hot.clear('session:*') // 42
   */
  async clear(pattern?: string): Promise<number> {
    const { settings, dispatcher, keyspace } = this.#use()
    if (pattern === undefined && settings.prefix === '') {
      throw new TypeError("hot.clear: this Hot has no prefix, so all keys of the database are its own: give clear('*')")
    }
    const match = text('hot.clear', 'the pattern', pattern ?? '*')
    dispatcher.refuseInside('hot.clear', 'what it finds could not be watched')
    return keyspace.clear(this.#host.dispatcher, match)
  }

  /**
   * A view of this Hot, on the same connection and in the same order, whose calls end within `timeout` milliseconds, or when
   * `signal` aborts, whatever Redis does. A call that has not been sent by then never is. Waits end with their own error, as
   * if the limits were given to each; a transaction ends before its commit, or not any more; loops over keys have the limits
   * for each page. The limits hold for permits and items until they are there, not for how long they are held.
   *
   * @throws TypeError when a limit can't be right. Calls: ConnectionError when they do not end in time, with the outcome
   *   `unknown` for a write that was sent, and `not-sent` for all others
   * @example const quick = hot.withLimits({ timeout: 200, signal: request.signal })
   * await quick.dict<User>('user:1').name
   */
  withLimits(limits: WaitOptions): Hot {
    const checked = waitOptions('hot.withLimits', limits)
    const { base, limits: outer = {} } = this.#view ?? { base: this }
    return new HotCore(this.#settings, { base, limits: tighter(outer, checked) }) as Hot
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
    if (this.#view) await this.#view.base.flush()
    else await this.#parts?.assignments.flush()
  }

  /**
   * Waits for everything under way, drops its connections, and throws what assignments failed. Later calls fail. A client
   * you gave stays open. It ends within `connectTimeout`: what Redis has not answered by then fails with a
   * ConnectionError, a transaction that has not ended, too.
   *
   * @throws TransactionError inside a transaction, for whose end it would wait
   * @example await hot.close()
   */
  async close(): Promise<void> {
    if (this.#view) return this.#view.base.close()
    const parts = this.#use()
    parts.dispatcher.refuseInside('hot.close', 'it would wait for the transaction, and so for itself')
    await (this.#closing ??= shutDown(parts))
    await parts.assignments.flush()
  }

  /** The same as close(): `await using hot = createHot()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal Settles the options; sends nothing. */
  prepare(): void {
    this.#use()
  }

  /** @internal Other options, as long as nothing has used the present ones. */
  configure(settings: () => Settings): boolean {
    if (this.#parts) return false
    this.#settings = settings
    return true
  }

  #use(): Parts {
    return this.#view ? this.#view.base.#use() : (this.#parts ??= compose(this.#settings()))
  }
}

/** What makes a Hot a view of another. */
interface View {
  readonly base: HotCore
  readonly limits: WaitOptions
}

/** What handles know of a view. */
function hostOfView({ limits }: View, base: HandleHost): HandleHost {
  let dispatcher: LimitedDispatcher | undefined
  return {
    get prefix() {
      return base.prefix
    },
    get dispatcher() {
      return (dispatcher ??= new LimitedDispatcher(base.dispatcher as Dispatcher, limits))
    },
    owner: base.owner
  }
}

/** What handles know of their Hot: its options are settled at their first use. */
function hostOf(use: () => Parts): HandleHost {
  return {
    get prefix() {
      return use().settings.prefix
    },
    get dispatcher() {
      return use().dispatcher
    },
    owner: use
  }
}

/**
 * The way into Redis: makes handles. Calls made through one Hot take effect in the order they were made, awaited or not
 * (on a cluster: in order for each key). Made by createHot(); `hot` is a ready-made one.
 *
 * @example
 * const hot = createHot({ url: 'redis://myremotehost:6380', prefix: 'app:' })
 * const todo = hot.list<string>('todo')
 */
export interface Hot extends HotCore, Factories {}

/**
 * Makes a Hot of your own. Nothing is sent, and no connection opened, before the first call.
 *
 * @throws TypeError when an option can't be right
 * @example const hot = createHot() // REDIS_URL, or redis://127.0.0.1:6379
 * @example const hot = createHot({ url: 'redis://myremotehost:6380', prefix: 'app:' })
 * @example await using hot = createHot({ client })
 */
export function createHot(options?: HotOptions): Hot {
  return hotWith(settingsOf('createHot', options))
}

/** @internal A Hot with a provider of connections that no option gives. */
export function hotWith(settings: Settings): Hot {
  const made = new HotCore(() => settings)
  made.prepare()
  return made as Hot
}

const defaultHot = new HotCore(() => settingsOf('hot'))

/** The shared default: options by configure(), or REDIS_URL, or redis://127.0.0.1:6379. */
export const hot: Hot = defaultHot as Hot

/**
 * Sets the options of the shared default `hot`, before its first use.
 *
 * @throws TypeError when an option can't be right; Error when `hot` has been used already
 * @example configure({ url: 'redis://myremotehost:6380' })
 */
export function configure(options: HotOptions): void {
  const settings = settingsOf('configure', options)
  if (!defaultHot.configure(() => settings)) {
    throw new Error(
      'configure: the default hot has been used already: call configure() first, or make another with createHot()'
    )
  }
}
