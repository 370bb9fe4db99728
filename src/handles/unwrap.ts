/** The handles behind their proxies. */
const targets = new WeakMap<object, object>()

/** Remembers which handle a proxy stands for. */
export function rememberTarget(proxy: object, handle: object): void {
  targets.set(proxy, handle)
}

/** The handle itself behind its proxy. */
export function unwrap<H extends object>(handle: H): H {
  return (targets.get(handle) as H | undefined) ?? handle
}
