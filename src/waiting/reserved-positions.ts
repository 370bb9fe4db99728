import { now } from '../core/clock.js'

/** Milliseconds for which the position of a cancelled wait is reserved for the next wait of this process. */
const RESERVED_FOR = 10

interface ReservedPosition {
  readonly waitQueue: string
  readonly position: string
  readonly until: number
}

/** Positions of cancelled waits: a loop of waits with short timeouts is served as one long wait would be. */
export class ReservedPositions {
  #positions: ReservedPosition[] = []

  reserve(waitQueue: string, position: string): void {
    this.#dropExpired()
    this.#positions.push({ waitQueue, position, until: now() + RESERVED_FOR })
  }

  /** The oldest reserved position in a wait queue; empty when there is none. */
  take(waitQueue: string): string {
    if (this.#positions.length === 0) return ''
    this.#dropExpired()
    const index = this.#positions.findIndex(reserved => reserved.waitQueue === waitQueue)
    return index === -1 ? '' : (this.#positions.splice(index, 1)[0]?.position ?? '')
  }

  #dropExpired(): void {
    const current = now()
    this.#positions = this.#positions.filter(({ until }) => until > current)
  }
}
