/**
 * The answer to a call, on its way. It is a Promise that refuses to be mistaken for the value: in a template literal, a
 * sum or JSON it throws instead of turning into `[object Promise]`, `NaN` or `{}`.
 */
export class Pending<T> extends Promise<T> {
  /** Keeps the compiler from taking any other Promise (a forgotten await) for one of these. */
  declare private readonly awaitMe: T

  /** What to say when somebody uses this promise as if it were the value. */
  declare hint?: () => string;

  /** @internal */
  [Symbol.toPrimitive](): never {
    throw new TypeError(`this value is still in Redis: await it first${this.hint ? ` (${this.hint()})` : ''}`)
  }

  /** @internal */
  toJSON(): never {
    return this[Symbol.toPrimitive]()
  }
}

// With Promise as its constructor, `await` takes the promise as it is (no wrapper, no extra turns of the microtask
// queue) and `then` gives plain promises.
void Object.defineProperty(Pending.prototype, 'constructor', { value: Promise })
