import { randomUUID } from 'node:crypto'

/** A key that no other test uses: files run at the same time on the same servers. */
export function freshKey(name = 'key'): string {
  return `${name}:${randomUUID()}`
}
