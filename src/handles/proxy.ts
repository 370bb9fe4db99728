import { inspect, type InspectOptions } from 'node:util'
import type { Pending as PendingType } from '../core/pending.js'
import { Pending, hint } from '../core/pending.js'
import { step } from '../values/codec.js'
import type { HandleContext } from './operation.js'
import { askedByTool } from './tools.js'
import { itself } from './unwrap.js'

/**
 * The one Proxy behind every handle: property access, indexing, assignment, `delete` and calls become methods of the
 * type. What JavaScript can only do at once (`in`, spread, JSON) can't ask Redis, and says what to call instead.
 *
 * The members of a handle are what its class puts on the prototype; everything else in square brackets or behind a dot
 * is an item or a field, as the type declares.
 */

/** What the traps need of a type beside its members. */
interface Target {
  readonly context: HandleContext
  at?(index: number): PendingType<unknown>
  get?(field: string): PendingType<unknown>
  set?(place: number | string, value: unknown): PendingType<unknown>
  pop?(index: number): PendingType<unknown>
  delete?(field: string): PendingType<unknown>
}

type Method = (this: Target, ...args: unknown[]) => unknown

/** What tells the handles of one Hot from those of another, where tools compare them. */
const ownerSymbol = Symbol('hot')
const owners = new WeakMap<object, symbol>()

function ownerOf({ owner }: HandleContext): symbol {
  const known = owners.get(owner) ?? Symbol('hot')
  owners.set(owner, known)
  return known
}

/**
 * Names that the language, test tools and frameworks read on any object, to learn what it is: never fields, so that looking
 * sends nothing. Fields of these names are reached by get() and set().
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

/** Fields that Node.js reads of any object: to learn whether it is a URL, or a Proxy of the user's around a handle. */
const suspects: ReadonlySet<string> = new Set(['href', 'protocol', 'auth', 'path', '0'])

export type Probe = (typeof probeNames)[number]

const probes: ReadonlySet<string> = new Set(probeNames)

const memberTables = new WeakMap<object, ReadonlyMap<string | symbol, PropertyDescriptor>>()

/** The methods and accessors of a class and its ancestors, Object's left out. */
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

/** A method as the proxy gives it: whatever it throws becomes a rejection, so that methods fail in one way only. */
function callable(target: Target, method: Method): (...args: unknown[]) => unknown {
  return (...args) => {
    try {
      return method.apply(target, args)
    } catch (error) {
      return Pending.reject(error)
    }
  }
}

/** What to call a handle in an example: `dict`, `list`. */
function example(target: Target): string {
  return target.context.descriptor.name.replace(/^[A-Z]+/, capitals => capitals.toLowerCase())
}

/** What a handle can't do, and what to call instead. */
function refuse(target: Target, what: string, instead: string): never {
  const { descriptor, name } = target.context
  throw new TypeError(`${what} can't ask Redis (${descriptor.name} '${name}'): use ${instead}`)
}

function place(target: Target, property: string): string {
  const { descriptor, name } = target.context
  return descriptor.indexedBy === 'field' ? `field '${property}' of '${name}'` : `[${property}] of '${name}'`
}

/** The handle with its traps. All traps stand here, in the order in which the language reference lists them. */
export function proxied<H extends object>(handle: H): H {
  const bound = new Map<string | symbol, unknown>()
  /** Spies and mocks that stand in for members. */
  const spies = Object.create(null) as object
  const target = handle as unknown as Target
  const members = membersOf(handle)
  const { indexedBy } = target.context.descriptor

  /** Who has read anything so far. Printing a Proxy of the user's around a handle reads [0], which is then looked into. */
  let readBy: 'nobody' | 'itself' | 'proxy' = 'nobody'
  const proxy = new Proxy(lookOf(target.context) as H, {
    getOwnPropertyDescriptor(_, property) {
      if (property === 'key' || property === ownerSymbol) {
        const value = property === 'key' ? target.context.name : ownerOf(target.context)
        return { value, enumerable: true, configurable: true, writable: false }
      }
      const member = members.get(property)
      if (member) {
        const spy = Reflect.getOwnPropertyDescriptor(spies, property)
        return spy ?? described(member, handle, () => method(property, member))
      }
      if (typeof property === 'symbol' || probes.has(property)) return undefined
      if (askedByTool()) return undefined
      return refuse(target, `looking for an own property '${property}'`, presence(target, property))
    },

    defineProperty(_, property, descriptor) {
      if (!replacesMember(members.get(property), descriptor)) {
        return refuse(target, `Object.defineProperty for '${String(property)}'`, 'an assignment or a method')
      }
      return Reflect.defineProperty(spies, property, { ...descriptor, configurable: true })
    },

    has(_, property) {
      if (typeof property === 'symbol') return members.has(property)
      if (probes.has(property)) return false
      if (askedByTool()) return members.has(property)
      return refuse(target, `'${property}' in ${example(target)}`, presence(target, property))
    },

    get(_, property, receiver) {
      const mayBePrinted = indexedBy === 'field' || readBy !== 'itself'
      if (receiver !== proxy) readBy = 'proxy'
      else if (readBy === 'nobody') readBy = 'itself'
      const member = members.get(property)
      if (member) {
        if (Object.hasOwn(spies, property)) return Reflect.get(spies, property, proxy) as unknown
        if (member.get) return member.get.call(handle) as unknown
        return method(property, member)
      }
      if (typeof property === 'symbol') return symbolOf(target, property)
      if (property === 'toJSON') return toJSON
      if (probes.has(property)) return undefined
      if (mayBePrinted && suspects.has(property) && askedByTool()) return undefined
      return read(target, indexedBy, property)
    },

    set(_, property, value) {
      const member = members.get(property)
      if (replacesMember(member, { value: value as unknown })) {
        const spy = { value: value as unknown, writable: true, enumerable: false, configurable: true }
        return Reflect.defineProperty(spies, property, spy)
      }
      if (member?.set) {
        if (Object.hasOwn(spies, property)) return Reflect.set(spies, property, value, spies)
        member.set.call(handle, value)
        return true
      }
      if (typeof property === 'symbol' || member || probes.has(property)) return refuseMember(target, property)
      const at = placeOf(target, property)
      if (!target.set) return refusePlace(target, property, 'assigned')
      target.context.dispatcher.assign(target.set(at, value))
      return true
    },

    deleteProperty(_, property) {
      if (Object.hasOwn(spies, property)) return Reflect.deleteProperty(spies, property)
      if (typeof property === 'symbol' || members.has(property) || probes.has(property))
        return refuseMember(target, property)
      const at = placeOf(target, property)
      const removed = typeof at === 'number' ? target.pop?.(at) : target.delete?.(at)
      if (!removed) return refusePlace(target, property, 'deleted')
      target.context.dispatcher.assign(removed)
      return true
    },

    ownKeys() {
      if (askedByTool()) return ['key', ownerSymbol]
      return refuse(target, 'spreading a handle, Object.keys and for … in', `await ${example(target)}.toJS()`)
    },

    preventExtensions() {
      return refuse(target, 'Object.freeze', `a copy: Object.freeze(await ${example(target)}.toJS())`)
    },

    setPrototypeOf() {
      return refuse(target, 'Object.setPrototypeOf', 'a class of your own that holds the handle')
    }
  })

  function method(property: string | symbol, member: PropertyDescriptor): unknown {
    const known = bound.get(property) ?? callable(target, member.value as Method)
    bound.set(property, known)
    return known
  }

  function toJSON(): unknown {
    if (askedByTool()) return `${target.context.descriptor.name} { key: ${JSON.stringify(target.context.name)} }`
    return refuse(target, 'JSON.stringify', `JSON.stringify(await ${example(target)}.toJS())`)
  }

  return proxy
}

const looks = new Map<string, new (key: string) => object>()

/**
 * What tools see that look behind a proxy, as Node.js does, or along its prototypes, as Jest does: no more than the key.
 * The prototype of the handle itself would have them read accessors, which sends commands.
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

/** A member as if it were the handle's own: spies look for what they stand in for. */
function described(member: PropertyDescriptor, handle: object, method: () => unknown): PropertyDescriptor {
  const own = { enumerable: false, configurable: true }
  if (!('get' in member)) return { value: method(), writable: true, ...own }
  const set = (value: unknown): void => member.set?.call(handle, value)
  return { get: () => member.get?.call(handle) as unknown, set: member.set && set, ...own }
}

/** Whether a function stands in for a member, as spies and mocks have it. No codec takes a function: it can't be a field. */
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
      // At once: tools that find an iterator go on to read the size.
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

/** A value with one property changed, as code. */
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

/** Where an assignment or a `delete` goes. */
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
