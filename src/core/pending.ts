/** How an error message tells to get at a value, or with the name of a property, how to change that part of it. */
export const hint = Symbol('hint')

/**
 * The answer to a call, on its way. It is a Promise that refuses to be mistaken for the value: in a template literal, a
 * sum or JSON it throws instead of turning into `[object Promise]`, `NaN` or `{}`, and it takes no properties.
 */
export class Pending<T> extends Promise<T> {
  /** Keeps the compiler from taking any other Promise (a forgotten await) for one of these. */
  declare private readonly awaitMe: T;

  /** @internal */
  declare [hint]?: (property?: string) => string;

  /** @internal */
  [Symbol.toPrimitive](): never {
    throw new TypeError(`this value is still in Redis: await it first${this[hint] ? ` (${this[hint]()})` : ''}`)
  }

  /** @internal */
  toJSON(): never {
    return this[Symbol.toPrimitive]()
  }
}

// With Promise as its constructor, `await` takes the promise as it is (no wrapper, no extra turns of the microtask
// queue) and `then` gives plain promises. The methods are found before the Proxy is asked: at full speed, and not to be
// overwritten.
void Object.defineProperties(Pending.prototype, {
  constructor: { value: Promise, writable: false },
  ...Object.fromEntries(
    ['then', 'catch', 'finally'].map(method => [method, { value: Reflect.get(Promise.prototype, method) as unknown }])
  )
})

// A property that a Pending does not have is looked for along its prototypes, and so reaches this Proxy when it is
// assigned. A Proxy in the prototype chain makes a Pending no slower to create, which one around it would; but it sees
// neither `delete` nor Object.defineProperty, which don't look at prototypes.
void Object.setPrototypeOf(
  Pending.prototype,
  new Proxy(Object.create(Promise.prototype) as object, {
    get(promise, property, pending) {
      if (!(property in promise)) makeRoomFor(property)
      return Reflect.get(promise, property, pending) as unknown
    },
    set(promise, property, value, pending: Pending<unknown>) {
      if (typeof property === 'string') return refuseProperty(pending, property)
      makeRoomFor(property)
      return Reflect.set(promise, property, value, pending)
    }
  })
)

/** Node.js keeps symbols of its own on promises; found on the prototype, they don't reach the Proxy from then on. */
function makeRoomFor(property: string | symbol): void {
  if (typeof property === 'string') return
  void Object.defineProperty(Pending.prototype, property, { value: undefined, writable: true, configurable: true })
}

function refuseProperty(pending: Pending<unknown>, property: string): never {
  const instead = pending[hint]?.(property) ?? 'await it, change it, and set it as a whole'
  throw new TypeError(`'${property}' can't be set on a value that is still in Redis: use ${instead}`)
}
