import type { Codec, Hot, HotDefaultDict, HotDict, HotList } from '../../src/index.js'

/** What every handle has, whatever it holds. */
export interface AnyHandle {
  readonly key: string
  clear(): Promise<void>
  exists(): Promise<boolean>
  expire(milliseconds: number): Promise<boolean>
  expireAt(date: Date): Promise<boolean>
  ttl(): Promise<number | undefined>
  persist(): Promise<boolean>
  toJS(): Promise<unknown>
  replace(value: unknown): Promise<void>
  equals(other: unknown): Promise<boolean>
}

interface AnyOptions {
  readonly initial?: unknown
  readonly codec?: Codec
}

/** A type of handles as the tests of the common members see it. */
export interface TypeUnderTest {
  readonly name: string
  /** What the handle is called in a message that shows what to write. */
  readonly variable: string
  /** What its key holds, as Redis' TYPE says it. */
  readonly holds: string
  readonly make: (hot: Hot, key?: string, options?: AnyOptions) => AnyHandle
  /** What replace() and initial take … */
  readonly sample: unknown
  /** … what toJS() makes of it … */
  readonly plain: unknown
  /** … and something that is not equal to it. */
  readonly different: unknown
  /** What toJS() gives when there is nothing. */
  readonly empty: unknown
  /** A value of `size` parts that all hold `text`. */
  readonly filled: (size: number, text: string) => unknown
  /** A call of each member that needs the key to hold the right type. */
  readonly calls: Readonly<Record<string, (handle: AnyHandle) => Promise<unknown>>>
}

/** Members that work on a key of any type, or ask nothing. */
type Untyped = 'key' | 'then' | 'clear' | 'exists' | 'expire' | 'expireAt' | 'ttl' | 'persist'

/** Every member but those: a type that grows a method must say here how it is called. */
type Calls<H, Fields extends string = never> = {
  [Member in Exclude<Extract<keyof H, string>, Untyped | Fields> | 'for await']: (handle: H) => Promise<unknown>
}

async function drained(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

function numbered(size: number, text: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: size }, (_, index) => [`field ${index}`, text]))
}

const list: TypeUnderTest = {
  name: 'List',
  variable: 'list',
  holds: 'list',
  make: (hot, key, options) => hot.list<string>(key, options as { initial?: string[] }),
  sample: new Set(['a', 'b', 'c']),
  plain: ['a', 'b', 'c'],
  different: ['a', 'c', 'b'],
  empty: [],
  filled: (size, text) => Array<string>(size).fill(text),
  calls: {
    toJS: todo => todo.toJS(),
    replace: todo => todo.replace(['x']),
    equals: todo => todo.equals(['x']),
    length: todo => todo.length,
    at: todo => todo.at(0),
    set: todo => todo.set(0, 'x'),
    push: todo => todo.push('x'),
    extend: todo => todo.extend(['x']),
    pop: todo => todo.pop(),
    shift: todo => todo.shift(),
    unshift: todo => todo.unshift('x'),
    insert: todo => todo.insert(0, 'x'),
    remove: todo => todo.remove('x'),
    slice: todo => todo.slice(0, 2),
    splice: todo => todo.splice(0, 1, 'x'),
    indexOf: todo => todo.indexOf('x'),
    lastIndexOf: todo => todo.lastIndexOf('x'),
    includes: todo => todo.includes('x'),
    count: todo => todo.count('x'),
    reverse: todo => todo.reverse(),
    sort: todo => todo.sort(),
    concat: todo => todo.concat('x'),
    repeat: todo => todo.repeat(2),
    truncate: todo => todo.truncate(1),
    entries: todo => drained(todo.entries()),
    'for await': todo => drained(todo)
  } satisfies Calls<HotList<string>> as unknown as TypeUnderTest['calls']
}

// A type alias, not an interface: a record of fields is what a dict's type argument is.
type User = { name: string; visits: number }

const dictCalls: Calls<HotDict<User>, keyof User> = {
  toJS: user => user.toJS(),
  replace: user => user.replace({ name: 'x' }),
  equals: user => user.equals({ name: 'x' }),
  size: user => user.size,
  get: user => user.get('name'),
  set: user => user.set('name', 'x'),
  has: user => user.has('name'),
  delete: user => user.delete('name'),
  update: user => user.update({ name: 'x' }),
  getOrInsert: user => user.getOrInsert('name', 'x'),
  pop: user => user.pop('name'),
  increment: user => user.increment('visits'),
  copyTo: user => user.copyTo(`{${user.key}}:copy`),
  keys: user => drained(user.keys()),
  values: user => drained(user.values()),
  entries: user => drained(user.entries()),
  'for await': user => drained(user)
}

const dict: TypeUnderTest = {
  name: 'Dict',
  variable: 'dict',
  holds: 'hash',
  make: (hot, key, options) => hot.dict<User>(key, options as { initial?: User }),
  sample: new Map<string, unknown>([
    ['name', 'Ada'],
    ['visits', 3]
  ]),
  plain: { visits: 3, name: 'Ada' },
  different: { name: 'Ada', visits: '3' },
  empty: {},
  filled: numbered,
  calls: dictCalls as unknown as TypeUnderTest['calls']
}

const defaultDictCalls: Calls<HotDefaultDict<User>, keyof User> = dictCalls

const defaultDict: TypeUnderTest = {
  ...dict,
  name: 'DefaultDict',
  variable: 'defaultDict',
  make: (hot, key, options) => hot.defaultDict<User>(() => 0, key, options as { initial?: User }),
  calls: defaultDictCalls as unknown as TypeUnderTest['calls']
}

/** Every type of handles. A new one adds itself here, and the tests of the common members run on it. */
export const types: readonly TypeUnderTest[] = [list, dict, defaultDict]
