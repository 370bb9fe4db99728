import type {
  HotDefaultDict,
  HotDict,
  HotFloat,
  HotInt,
  HotList,
  HotMultiSet,
  HotSet,
  HotString
} from '../../src/index.js'
import { queueTypes } from './queues.js'
import type { Calls, TypeUnderTest } from './type-under-test.js'

export type { AnyHandle, TypeUnderTest } from './type-under-test.js'

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
  getMany: user => user.getMany('name', 'visits'),
  hasMany: user => user.hasMany('name', 'visits'),
  deleteMany: user => user.deleteMany('name', 'visits'),
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

// One member, so that what is taken out at random is known.
const set: TypeUnderTest = {
  name: 'Set',
  variable: 'set',
  holds: 'set',
  make: (hot, key, options) => hot.set<string>(key, options as { initial?: string[] }),
  sample: ['a', 'a'],
  plain: new Set(['a']),
  different: new Set(['b']),
  empty: new Set(),
  filled: (size, text) => Array.from({ length: size }, (_, index) => (index === 0 ? text : `${text} #${index}`)),
  calls: {
    toJS: tags => tags.toJS(),
    replace: tags => tags.replace(['x']),
    equals: tags => tags.equals(['x']),
    size: tags => tags.size,
    add: tags => tags.add('x'),
    has: tags => tags.has('x'),
    hasMany: tags => tags.hasMany('a', 'x'),
    deleteMany: tags => tags.deleteMany('a', 'x'),
    delete: tags => tags.delete('a'),
    pop: tags => tags.pop(),
    sample: tags => tags.sample(),
    union: tags => tags.union(['x']),
    intersection: tags => tags.intersection(['a', 'x']),
    difference: tags => tags.difference(['x']),
    symmetricDifference: tags => tags.symmetricDifference(['x']),
    isSubsetOf: tags => tags.isSubsetOf(['a', 'x']),
    isSupersetOf: tags => tags.isSupersetOf(['x']),
    isDisjointFrom: tags => tags.isDisjointFrom(['x']),
    update: tags => tags.update(['x']),
    intersectionUpdate: tags => tags.intersectionUpdate(['x']),
    differenceUpdate: tags => tags.differenceUpdate(['x']),
    symmetricDifferenceUpdate: tags => tags.symmetricDifferenceUpdate(['x']),
    values: tags => drained(tags.values()),
    'for await': tags => drained(tags)
  } satisfies Calls<HotSet<string>> as unknown as TypeUnderTest['calls']
}

/** Its members without the items, which may have any name. */
type MultiSetMembers = { [Member in keyof HotMultiSet as string extends Member ? never : Member]: unknown }

const multiSetCalls: Record<keyof Calls<MultiSetMembers>, (words: HotMultiSet) => Promise<unknown>> = {
  toJS: words => words.toJS(),
  replace: words => words.replace(['x']),
  equals: words => words.equals(['x']),
  size: words => words.size,
  get: words => words.get('apple'),
  set: words => words.set('apple', 5),
  has: words => words.has('apple'),
  delete: words => words.delete('apple'),
  increment: words => words.increment('apple'),
  decrement: words => words.decrement('apple'),
  total: words => words.total(),
  mostCommon: words => words.mostCommon(),
  elements: words => drained(words.elements()),
  update: words => words.update(['x']),
  subtract: words => words.subtract(['x']),
  intersectionUpdate: words => words.intersectionUpdate(['x']),
  unionUpdate: words => words.unionUpdate(['x']),
  sum: words => words.sum(['x']),
  difference: words => words.difference(['x']),
  intersection: words => words.intersection(['apple']),
  union: words => words.union(['x']),
  'for await': words => drained(words)
}

const multiSet: TypeUnderTest = {
  name: 'MultiSet',
  variable: 'multiSet',
  holds: 'hash',
  make: (hot, key, options) => hot.multiSet(key, options as { initial?: string[] }),
  sample: ['apple', 'pear', 'apple'],
  plain: new Map([
    ['apple', 2],
    ['pear', 1]
  ]),
  different: new Map([['apple', 2]]),
  empty: new Map(),
  // The length of the text is what each item counts.
  filled: (size, text) => new Map(Array.from({ length: size }, (_, index) => [`item ${index}`, text.length])),
  calls: multiSetCalls as unknown as TypeUnderTest['calls']
}

const string: TypeUnderTest = {
  name: 'String',
  variable: 'string',
  holds: 'string',
  make: (hot, key, options) => hot.string(key, options as { initial?: string }),
  sample: 'aBé',
  plain: 'aBé',
  different: 'aBe',
  empty: '',
  filled: (size, text) => (typeof text === 'string' ? text.slice(-1).repeat(size) : text),
  calls: {
    toJS: title => title.toJS(),
    replace: title => title.replace('x'),
    equals: title => title.equals('x'),
    value: title => title.value,
    length: title => title.length,
    at: title => title.at(0),
    slice: title => title.slice(0, 2),
    indexOf: title => title.indexOf('é'),
    includes: title => title.includes('é'),
    startsWith: title => title.startsWith('a'),
    endsWith: title => title.endsWith('é'),
    set: title => title.set(0, 'x'),
    append: title => title.append('x'),
    prepend: title => title.prepend('x'),
    repeat: title => title.repeat(2),
    splice: title => title.splice(0, 1, 'x'),
    replaceAll: title => title.replaceAll('a', 'x'),
    toUpperCase: title => title.toUpperCase(),
    toLowerCase: title => title.toLowerCase(),
    trim: title => title.trim(),
    trimStart: title => title.trimStart(),
    trimEnd: title => title.trimEnd(),
    padStart: title => title.padStart(5),
    padEnd: title => title.padEnd(5)
  } satisfies Omit<Calls<HotString>, 'for await'> as unknown as TypeUnderTest['calls']
}

const numberCalls = {
  toJS: (n: HotFloat) => n.toJS(),
  replace: (n: HotFloat) => n.replace(5),
  equals: (n: HotFloat) => n.equals(5),
  value: (n: HotFloat) => n.value,
  increment: (n: HotFloat) => n.increment(),
  decrement: (n: HotFloat) => n.decrement(),
  multiply: (n: HotFloat) => n.multiply(2),
  divide: (n: HotFloat) => n.divide(2),
  remainder: (n: HotFloat) => n.remainder(2),
  power: (n: HotFloat) => n.power(2),
  getAndSet: (n: HotFloat) => n.getAndSet(5),
  compareAndSet: (n: HotFloat) => n.compareAndSet(7, 5)
} satisfies Omit<Calls<HotFloat>, 'for await'>

const float: TypeUnderTest = {
  name: 'Float',
  variable: 'float',
  holds: 'string',
  make: (hot, key, options) => hot.float(key, options as { initial?: number }),
  sample: 7,
  plain: 7,
  different: 8,
  empty: 0,
  filled: (_, text) => (typeof text === 'string' ? text.length : text),
  calls: numberCalls as unknown as TypeUnderTest['calls']
}

const int: TypeUnderTest = {
  ...float,
  name: 'Int',
  variable: 'int',
  make: (hot, key, options) => hot.int(key, options as { initial?: number }),
  calls: {
    ...(numberCalls as unknown as Omit<Calls<HotInt>, 'for await'>),
    and: n => n.and(3),
    or: n => n.or(8),
    xor: n => n.xor(1),
    shiftLeft: n => n.shiftLeft(1),
    shiftRight: n => n.shiftRight(1)
  } satisfies Omit<Calls<HotInt>, 'for await'> as unknown as TypeUnderTest['calls']
}

// An ImmutableString has a test file of its own: what all the others do here is write to it.

/** Every type of handles. A new one adds itself here, and the tests of the common members run on it. */
export const types: readonly TypeUnderTest[] = [
  list,
  dict,
  defaultDict,
  set,
  multiSet,
  string,
  int,
  float,
  ...queueTypes
]
