/** Work that began while it was the newest generation. */
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

/** Lets somebody wait for all work that has begun so far, and not for what begins later. */
export class Generations {
  #current = new Generation(undefined)

  /** Work begins: tell the generation that is returned when it has ended. */
  begin(): Generation {
    this.#current.open++
    return this.#current
  }

  /** Resolves when all work that has begun so far has ended; undefined when there is none. */
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
