import fc from 'fast-check'
import type { JsonValue } from '../../../src/index.js'
import { throughJson } from '../../support/arbitraries.js'
import { kinds, type AnyQueue, type QueueKind } from '../../support/queues.js'
import { commandsOf, Refused, same, someJson, type OracleType } from '../../support/oracle.js'

/** An Array in the order of putting, and what a queue makes of it. */
class NativeQueue {
  items: JsonValue[] = []
  /** What came back since it was done or taken for good, each time it did. */
  #returned: JsonValue[] = []

  constructor(
    private readonly kind: QueueKind,
    readonly maxsize: number
  ) {}

  get full(): boolean {
    return this.items.length >= this.maxsize
  }

  has(item: JsonValue): boolean {
    return this.items.some(other => same(other, item))
  }

  put(item: JsonValue): boolean | undefined {
    const isNew = !this.kind.unique || !this.has(item)
    if (isNew && this.full) throw new Refused('QueueFullError')
    if (isNew) this.items.push(throughJson(item))
    return this.kind.unique ? isNew : undefined
  }

  peek(): JsonValue | undefined {
    return this.items.at(this.kind.lifo ? -1 : 0)
  }

  lease(): JsonValue {
    const item = this.kind.lifo ? this.items.pop() : this.items.shift()
    if (item === undefined) throw new Refused('QueueEmptyError')
    return item
  }

  done(item: JsonValue): void {
    this.#returned = this.#returned.filter(other => !same(other, item))
  }

  take(): JsonValue {
    const item = this.lease()
    this.done(item)
    return item
  }

  /** It comes back in front, from the third time on behind the others, unless it has been put again meanwhile. */
  takeBack(item: JsonValue): void {
    this.#returned.push(item)
    if (this.kind.unique && this.has(item)) return
    const inFront = this.#returned.filter(other => same(other, item)).length < 3
    if (this.kind.lifo === inFront) this.items.push(item)
    else this.items.unshift(item)
  }

  replace(items: readonly JsonValue[]): void {
    const kept = this.kind.unique ? uniqueOf(items) : items
    if (kept.length > this.maxsize) throw new Refused('RangeError')
    this.items = kept.map(throughJson)
    this.#returned = []
  }
}

/** A queue as the oracle sees any: its own `for await` would wait for more without end. */
interface QueueToSee extends AsyncIterable<unknown> {
  readonly queue: AnyQueue<JsonValue>
  toJS(): PromiseLike<JsonValue[]>
}

const { call, stream } = commandsOf<QueueToSee, NativeQueue>()

/** Takes one item with consume(), does something while it is leased, and is done with it, or leaves it. */
async function* consumeOne(
  queue: AnyQueue<JsonValue>,
  end: 'done' | 'back',
  meanwhile: () => unknown = () => undefined
): AsyncGenerator<JsonValue> {
  const stop = new AbortController()
  for await (const item of queue.consume({ signal: stop.signal })) {
    yield item
    await meanwhile()
    if (end === 'back') return
    stop.abort()
  }
}

/** A call that is not left behind, since it asks more than once: its result is the one item. */
async function* settled(answer: PromiseLike<unknown>): AsyncGenerator {
  yield await answer
}

const hasItems = ({ items }: NativeQueue) => items.length > 0

function queueOf(kind: QueueKind, maxsize?: number): OracleType<QueueToSee, NativeQueue> {
  const item = someJson
  const items = fc.array(item, { maxLength: 6 })
  const loop = (end: 'done' | 'back') =>
    stream(
      [],
      ({ queue }) => consumeOne(queue, end),
      native => {
        const held = native.lease()
        if (end === 'back') native.takeBack(held)
        else native.done(held)
        return [held]
      },
      hasItems
    )
  /** While one is leased another comes, or the same again; then there may be one more than the maxsize. */
  const loopMeanwhile = (end: 'done' | 'back') =>
    stream(
      [item],
      ({ queue }, [item]) => consumeOne(queue, end, () => queue.put(item)),
      (native, [item]) => {
        const held = native.lease()
        native.put(item)
        if (end === 'back') native.takeBack(held)
        else native.done(held)
        return [held]
      },
      native => hasItems(native) && native.items.length <= native.maxsize
    )

  return {
    name: `${kind.name} ${maxsize === undefined ? 'without a maxsize' : `of at most ${maxsize}`}`,
    handle: (hot, key) => {
      const queue = kind.make<JsonValue>(hot, key, maxsize === undefined ? {} : { maxsize })
      return {
        queue,
        toJS: () => queue.toJS(),
        async *[Symbol.asyncIterator]() {
          yield* await queue.toJS()
        }
      }
    },
    native: () => new NativeQueue(kind, maxsize ?? Infinity),
    items: ({ items }) => items,
    comparable: items => items,
    fromJS: js => js,
    commands: {
      putNowait: call(
        [item],
        ({ queue }, [item]) => queue.putNowait(item),
        (native, [item]) => native.put(item)
      ),
      put: call(
        [item],
        ({ queue }, [item]) => queue.put(item),
        (native, [item]) => native.put(item),
        native => !native.full
      ),
      ...(maxsize !== undefined && {
        'put in vain': stream(
          [item],
          ({ queue }, [item]) => settled(queue.put(item, { timeout: 0 })),
          (native, [item]) => [native.put(item)],
          native => native.full
        )
      }),
      getNowait: call(
        [],
        ({ queue }) => queue.getNowait(),
        native => native.take()
      ),
      get: call(
        [],
        ({ queue }) => queue.get(),
        native => native.take(),
        hasItems
      ),
      'get in vain': stream(
        [],
        ({ queue }) => settled(queue.get({ timeout: 0 })),
        native => [native.take()],
        native => !hasItems(native)
      ),
      peek: call(
        [],
        ({ queue }) => queue.peek(),
        native => native.peek()
      ),
      size: call(
        [],
        ({ queue }) => queue.size,
        native => native.items.length
      ),
      empty: call(
        [],
        ({ queue }) => queue.empty(),
        native => !hasItems(native)
      ),
      full: call(
        [],
        ({ queue }) => queue.full(),
        native => native.full
      ),
      toJS: call(
        [],
        ({ queue }) => queue.toJS(),
        native => [...native.items]
      ),
      equals: call(
        [items, fc.boolean()],
        ({ queue }, [items, itself], { before }) => queue.equals(itself ? [...before.items] : items),
        (native, [items, itself]) => itself || same(native.items, kind.unique ? uniqueOf(items) : items)
      ),
      exists: call([], ({ queue }) => queue.exists(), hasItems),
      replace: call(
        [items],
        ({ queue }, [items]) => queue.replace(items),
        (native, [items]) => native.replace(items)
      ),
      clear: call(
        [],
        ({ queue }) => queue.clear(),
        native => native.replace([])
      ),
      'join when empty': call(
        [],
        ({ queue }) => queue.join(),
        () => undefined,
        native => !hasItems(native)
      ),
      'consume one, done': loop('done'),
      'consume one, break': loop('back'),
      'consume one and put, done': loopMeanwhile('done'),
      'consume one and put, break': loopMeanwhile('back')
    }
  }
}

const uniqueOf = (items: readonly JsonValue[]): JsonValue[] =>
  items.filter((item, at) => items.findIndex(one => same(one, item)) === at)

/** Each kind, without a limit and with one that is soon reached. */
export const queues = kinds.flatMap(kind => [queueOf(kind), queueOf(kind, 3)])
