import { expect } from '@jest/globals'

/** Assigns whatever the compiler would not let through. */
export function assign(handle: object, name: PropertyKey, value: unknown): void {
  ;(handle as Record<PropertyKey, unknown>)[name] = value
}

export function expectTypeError(action: () => unknown, message: RegExp | string): void {
  expect(action).toThrow(TypeError)
  expect(action).toThrow(message)
}
