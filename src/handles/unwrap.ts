/** Where a proxy gives the handle behind it, also through a Proxy of the user's around it. Of any copy of the library. */
export const itself = Symbol.for('hot-redis.handle')

/** The handle itself behind its proxy; anything else as it is. */
export function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return (value as { readonly [itself]?: unknown })[itself] ?? value
}
