/** Counts operations in flight. Waits for all that have begun so far, not for later ones. */
export class InFlight {
  #current = new Generation(undefined)

  /** An operation begins; the caller calls `ended` of the generation when it ends. */
  begin(): Generation {
    this.#current.open++
    return this.#current
  }

  /** Resolves when all operations begun so far have ended; undefined when there are none. */
  settled(): Promise<void> | undefined {
    const { open, previous } = this.#current
    if (open === 0 && previous === undefined) return undefined
    const settled = this.#current.settled().then(() => {
      // What has begun since is counted there.
      if (this.#current.previous === settled) this.#current.previous = undefined
    })
    this.#current = new Generation(settled)
    return settled
  }
}

/** The operations that began between two calls of `settled`. */
export class Generation {
  open = 0
  #done: (() => void) | undefined

  constructor(public previous: Promise<void> | undefined) {}

  ended(): void {
    if (--this.open === 0) this.#done?.()
  }

  async settled(): Promise<void> {
    await this.previous
    if (this.open > 0) await new Promise<void>(resolve => (this.#done = resolve))
  }
}
