import { inspect, type InspectOptions } from 'node:util'
import type { Pending as PendingType } from '../core/pending.js'
import { Pending, hint } from '../core/pending.js'
import { step } from '../values/codec.js'
import type { HandleContext } from './operation.js'
import { askedByTool } from './tools.js'
import { itself } from './unwrap.js'

/**
 * The Proxy of every handle: property access, indexing, assignment, `delete` and calls become methods of the type.
 * Synchronous operations (`in`, spread, JSON) can't ask Redis; they throw an error that names the call to use.
 *
 * The members of a handle are those of its class. Every other property is an item or a field, as the type declares.
 */

/** The methods of a type that the traps call. */
interface Target {
  readonly context: HandleContext
  at?(index: number): PendingType<unknown>
  get?(field: string): PendingType<unknown>
  set?(place: number | string, value: unknown): PendingType<unknown>
  pop?(index: number): PendingType<unknown>
  delete?(field: string): PendingType<unknown>
}

type Method = (this: Target, ...args: unknown[]) => unknown

/** A property by which tools that compare handles tell those of one Hot from those of another. */
const ownerSymbol = Symbol('hot')
const owners = new WeakMap<object, symbol>()

function ownerOf({ owner }: HandleContext): symbol {
  const known = owners.get(owner) ?? Symbol('hot')
  owners.set(owner, known)
  return known
}

/**
 * Names that the language, test tools and frameworks read on any object to learn what it is. They are never fields, so that
 * inspecting a handle sends nothing; get() and set() access fields of these names.
 */
const probeNames = [
  'then',
  'constructor',
  'toJSON',
  '__esModule',
  // Jest, Vitest, Sinon.
  '$$typeof',
  'asymmetricMatch',
  'hasAttribute',
  'nodeName',
  'nodeType',
  'tagName',
  '_isMockFunction',
  'isSinonProxy',
  '@@__IMMUTABLE_ITERABLE__@@',
  '@@__IMMUTABLE_RECORD__@@',
  // NestJS, of every provider.
  'onModuleInit',
  'onModuleDestroy',
  'onApplicationBootstrap',
  'onApplicationShutdown',
  'beforeApplicationShutdown'
] as const

/** Properties that Node.js reads on any object, to learn whether it is a URL, or when it prints a user's Proxy. */
const suspects: ReadonlySet<string> = new Set(['href', 'protocol', 'auth', 'path', '0'])

export type Probe = (typeof probeNames)[number]

const probes: ReadonlySet<string> = new Set(probeNames)

const memberTables = new WeakMap<object, ReadonlyMap<string | symbol, PropertyDescriptor>>()

/** The methods and accessors of a class and its ancestors, without those of Object. */
function membersOf(target: object): ReadonlyMap<string | symbol, PropertyDescriptor> {
  const prototype = Object.getPrototypeOf(target) as object
  const known = memberTables.get(prototype)
  if (known) return known
  const members = new Map<string | symbol, PropertyDescriptor>()
  for (let p = prototype; p !== Object.prototype; p = Object.getPrototypeOf(p) as object) {
    for (const name of Reflect.ownKeys(p)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(p, name)
      if (descriptor && name !== 'constructor' && !members.has(name)) members.set(name, descriptor)
    }
  }
  memberTables.set(prototype, members)
  return members
}

const wholeNumber = /^(?:0|-?[1-9]\d*)$/

function indexOf(property: string): number | undefined {
  if (!wholeNumber.test(property)) return undefined
  const index = Number(property)
  return Number.isSafeInteger(index) ? index : undefined
}

/** A method as the proxy returns it: what it throws becomes a rejection, so that methods fail in one way only. */
function callable(target: Target, method: Method): (...args: unknown[]) => unknown {
  return (...args) => {
    try {
      return method.apply(target, args)
    } catch (error) {
      return Pending.reject(error)
    }
  }
}

/** The variable name of a handle in messages: `dict`, `list`. */
function example(target: Target): string {
  return target.context.descriptor.name.replace(/^[A-Z]+/, capitals => capitals.toLowerCase())
}

/** Refuses an operation and names the call to use instead. */
function refuse(target: Target, what: string, instead: string): never {
  const { descriptor, name } = target.context
  throw new TypeError(`${what} can't ask Redis (${descriptor.name} '${name}'): use ${instead}`)
}

function place(target: Target, property: string): string {
  const { descriptor, name } = target.context
  return descriptor.indexedBy === 'field' ? `field '${property}' of '${name}'` : `[${property}] of '${name}'`
}

/** Wraps a handle in its Proxy. */
export function proxied<H extends object>(handle: H): H {
  const traps = new Traps<H>(handle as unknown as Target)
  return (traps.proxy = new Proxy(lookOf(traps.target.context) as H, traps))
}

/**
 * All traps, in the order of the language reference. A class, so that a handle has one object with what only it needs, and
 * no closures.
 */
class Traps<H extends object> implements ProxyHandler<H> {
  proxy: H | undefined
  private readonly members: ReadonlyMap<string | symbol, PropertyDescriptor>
  /** The methods that have been read. */
  private bound: Map<string | symbol, unknown> | undefined
  /** Spies and mocks that replace members. */
  private spies: object | undefined
  /** Who has read properties so far. Printing a user's Proxy around a handle reads [0] and inspects the result. */
  private readBy: 'nobody' | 'itself' | 'proxy' = 'nobody'

  constructor(readonly target: Target) {
    this.members = membersOf(target)
  }

  getOwnPropertyDescriptor(_: H, property: string | symbol): PropertyDescriptor | undefined {
    const { target, members } = this
    if (property === 'key' || property === ownerSymbol) {
      const value = property === 'key' ? target.context.name : ownerOf(target.context)
      return { value, enumerable: true, configurable: true, writable: false }
    }
    const member = members.get(property)
    if (member) {
      const spy = this.spies && Reflect.getOwnPropertyDescriptor(this.spies, property)
      return spy ?? described(member, target, () => this.method(property, member))
    }
    if (typeof property === 'symbol' || probes.has(property)) return undefined
    if (askedByTool()) return undefined
    return refuse(target, `looking for an own property '${property}'`, presence(target, property))
  }

  defineProperty(_: H, property: string | symbol, descriptor: PropertyDescriptor): boolean {
    const { target, members } = this
    if (!replacesMember(members.get(property), descriptor)) {
      return refuse(target, `Object.defineProperty for '${String(property)}'`, 'an assignment or a method')
    }
    return Reflect.defineProperty(this.spyTable(), property, { ...descriptor, configurable: true })
  }

  has(_: H, property: string | symbol): boolean {
    const { target, members } = this
    if (typeof property === 'symbol') return members.has(property)
    if (probes.has(property)) return false
    if (askedByTool()) return members.has(property)
    return refuse(target, `'${property}' in ${example(target)}`, presence(target, property))
  }

  get(_: H, property: string | symbol, receiver: unknown): unknown {
    const { target, members, spies } = this
    const { indexedBy } = target.context.descriptor
    const mayBePrinted = indexedBy === 'field' || this.readBy !== 'itself'
    if (receiver !== this.proxy) this.readBy = 'proxy'
    else if (this.readBy === 'nobody') this.readBy = 'itself'
    const member = members.get(property)
    if (member) {
      if (spies && Object.hasOwn(spies, property)) return Reflect.get(spies, property, this.proxy) as unknown
      if (member.get) return member.get.call(target) as unknown
      return this.method(property, member)
    }
    if (typeof property === 'symbol') return symbolOf(target, property)
    if (property === 'toJSON') return () => toJSON(target)
    if (probes.has(property)) return undefined
    if (mayBePrinted && suspects.has(property) && askedByTool()) return undefined
    return read(target, indexedBy, property)
  }

  set(_: H, property: string | symbol, value: unknown): boolean {
    const { target, members, spies } = this
    const member = members.get(property)
    if (member && replacesMember(member, { value })) {
      const spy = { value, writable: true, enumerable: false, configurable: true }
      return Reflect.defineProperty(this.spyTable(), property, spy)
    }
    if (member?.set) {
      if (spies && Object.hasOwn(spies, property)) return Reflect.set(spies, property, value, spies)
      member.set.call(target, value)
      return true
    }
    if (typeof property === 'symbol' || member || probes.has(property)) return refuseMember(target, property)
    const at = placeOf(target, property)
    if (!target.set) return refusePlace(target, property, 'assigned')
    target.context.dispatcher.assign(target, 'set', at, value)
    return true
  }

  deleteProperty(_: H, property: string | symbol): boolean {
    const { target, members, spies } = this
    if (spies && Object.hasOwn(spies, property)) return Reflect.deleteProperty(spies, property)
    if (typeof property === 'symbol' || members.has(property) || probes.has(property))
      return refuseMember(target, property)
    const at = placeOf(target, property)
    const { dispatcher } = target.context
    if (typeof at === 'number' && target.pop) dispatcher.assign(target, 'pop', at)
    else if (typeof at === 'string' && target.delete) dispatcher.assign(target, 'delete', at)
    else return refusePlace(target, property, 'deleted')
    return true
  }

  ownKeys(): (string | symbol)[] {
    const { target } = this
    if (askedByTool()) return ['key', ownerSymbol]
    return refuse(target, 'spreading a handle, Object.keys and for … in', `await ${example(target)}.toJS()`)
  }

  preventExtensions(): never {
    const { target } = this
    return refuse(target, 'Object.freeze', `a copy: Object.freeze(await ${example(target)}.toJS())`)
  }

  setPrototypeOf(): never {
    const { target } = this
    return refuse(target, 'Object.setPrototypeOf', 'a class of your own that holds the handle')
  }

  private method(property: string | symbol, member: PropertyDescriptor): unknown {
    const bound = (this.bound ??= new Map<string | symbol, unknown>())
    const known = bound.get(property) ?? callable(this.target, member.value as Method)
    bound.set(property, known)
    return known
  }

  private spyTable(): object {
    return (this.spies ??= Object.create(null) as object)
  }
}

function toJSON(target: Target): unknown {
  if (askedByTool(2)) return `${target.context.descriptor.name} { key: ${JSON.stringify(target.context.name)} }`
  return refuse(target, 'JSON.stringify', `JSON.stringify(await ${example(target)}.toJS())`)
}

const looks = new Map<string, new (key: string) => object>()

/**
 * The target of the Proxy, which tools see that look behind it (Node.js) or at its prototypes (Jest). It has only the key:
 * with the prototype of the handle, such tools would read accessors, which send commands.
 */
function lookOf({ descriptor, name }: HandleContext): object {
  let Look = looks.get(descriptor.name)
  if (!Look) {
    Look = class {
      constructor(readonly key: string) {}

      [inspect.custom](_depth: number, options: InspectOptions): string {
        return `${descriptor.name} { key: ${inspect(this.key, options)} }`
      }
    }
    Object.defineProperty(Look, 'name', { value: descriptor.name })
    looks.set(descriptor.name, Look)
  }
  return new Look(name)
}

/** The descriptor of a member as if it were an own property: spies look for what they replace. */
function described(member: PropertyDescriptor, handle: object, method: () => unknown): PropertyDescriptor {
  const own = { enumerable: false, configurable: true }
  if (!('get' in member)) return { value: method(), writable: true, ...own }
  const set = (value: unknown): void => member.set?.call(handle, value)
  return { get: () => member.get?.call(handle) as unknown, set: member.set && set, ...own }
}

/** Whether an assignment replaces a member by a spy or mock. A function can't be a field: no codec takes one. */
function replacesMember(member: PropertyDescriptor | undefined, by: PropertyDescriptor): boolean {
  return member !== undefined && ('get' in by || (!('get' in member) && typeof by.value === 'function'))
}

function presence(target: Target, property: string): string {
  if (target.context.descriptor.indexedBy === 'field') return `await dict.has('${property}')`
  return `await ${example(target)}.toJS(), or the method that looks for a value`
}

function symbolOf(target: Target, property: symbol): unknown {
  switch (property) {
    case inspect.custom:
      return (depth: number, options: InspectOptions) => inspect(lookOf(target.context), { ...options, depth })
    case itself:
      return target
    case ownerSymbol:
      return ownerOf(target.context)
    case Symbol.toPrimitive:
      return () => refuse(target, 'turning a handle into text or a number', `await ${example(target)}.toJS()`)
    case Symbol.iterator:
      // Throws at access: tools that find an iterator go on to read the size.
      if (askedByTool(2)) return undefined
      return refuse(target, 'spreading a handle and for … of', `for await … of, or await ${example(target)}.toJS()`)
    case Symbol.toStringTag:
      return `Hot${target.context.descriptor.name}`
    default:
      return undefined
  }
}

function read(target: Target, indexedBy: string, property: string): unknown {
  if (indexedBy === 'field') {
    const field = asRejection(() => target.get?.(property) as PendingType<unknown>)
    field[hint] = part => {
      const value = `await dict.get('${property}')`
      if (part !== undefined) return `await dict.set('${property}', ${changed(value, part)})`
      return `${value}; to change a number, await dict.increment('${property}')`
    }
    return field
  }
  const index = indexedBy === 'position' ? indexOf(property) : undefined
  if (index === undefined) return undefined
  const item = asRejection(() => target.at?.(index) as PendingType<unknown>)
  item[hint] = part => {
    const handle = example(target)
    const value = `await ${handle}.at(${index})`
    if (part !== undefined) return `await ${handle}.set(${index}, ${changed(value, part)})`
    return `${value}; to change it, await ${handle}.set(${index}, value)`
  }
  return item
}

/** Code for a value with one property changed. */
function changed(value: string, property: string): string {
  return `{ ...(${value}), ${step(property).replace(/^\./, '')}: value }`
}

function asRejection(call: () => PendingType<unknown>): PendingType<unknown> {
  try {
    return call()
  } catch (error) {
    return new Pending((_, reject) => reject(error))
  }
}

/** The position or field that an assignment or a `delete` addresses. */
function placeOf(target: Target, property: string): number | string {
  const { descriptor, name } = target.context
  if (descriptor.indexedBy === 'field') return property
  const index = descriptor.indexedBy === 'position' ? indexOf(property) : undefined
  if (index !== undefined) return index
  throw new TypeError(
    `a ${descriptor.name} has no ${place(target, property)} to assign or delete: '${name}' takes its methods only`
  )
}

function refusePlace(target: Target, property: string, what: string): never {
  const { descriptor, name } = target.context
  throw new TypeError(
    `[${property}] of ${descriptor.name} '${name}' can't be ${what}: it has methods for what it can do`
  )
}

function refuseMember(target: Target, property: string | symbol): never {
  const { descriptor, name } = target.context
  const instead =
    descriptor.indexedBy === 'field'
      ? `for a field of that name use await dict.set('${String(property)}', value), dict.get and dict.delete`
      : 'it can be neither assigned nor deleted'
  throw new TypeError(`'${String(property)}' of '${name}' is a member of ${descriptor.name}: ${instead}`)
}
