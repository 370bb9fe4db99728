/** The property by which a proxy returns its handle, also through a user's Proxy. Shared by all copies of the library. */
export const itself = Symbol.for('hot-redis.handle')

/** Returns the handle behind a proxy, and any other value as it is. */
export function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return (value as { readonly [itself]?: unknown })[itself] ?? value
}
