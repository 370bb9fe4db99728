/** What the benchmarks use of redlock 4, which has no types of its own. */
declare module 'redlock' {
  import type { Redis } from 'ioredis'

  export default class Redlock {
    constructor(clients: readonly Redis[])
    acquire(resources: readonly string[], milliseconds: number): Promise<{ unlock(): Promise<void> }>
  }
}
