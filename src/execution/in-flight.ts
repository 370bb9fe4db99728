/** Counts what is under way, and lets somebody wait for all that has begun so far, not for what begins later. */
export class InFlight {
  #current = new Generation(undefined)

  /** Something begins: call `ended` of the generation when it has ended. */
  begin(): Generation {
    this.#current.open++
    return this.#current
  }

  /** Resolves when everything that has begun so far has ended; undefined when there is nothing. */
  settled(): Promise<void> | undefined {
    const { open, previous } = this.#current
    if (open === 0 && previous === undefined) return undefined
    const settled = this.#current.settled().then(() => {
      if (this.#current.previous === settled) this.#current = new Generation(undefined)
    })
    this.#current = new Generation(settled)
    return settled
  }
}

/** What began between two calls of `settled`. */
export class Generation {
  open = 0
  #done: (() => void) | undefined

  constructor(readonly previous: Promise<void> | undefined) {}

  ended(): void {
    if (--this.open === 0) this.#done?.()
  }

  async settled(): Promise<void> {
    await this.previous
    if (this.open > 0) await new Promise<void>(resolve => (this.#done = resolve))
  }
}
