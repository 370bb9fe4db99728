const REMEMBERED = 100_000

/** Remembers the newest 100,000 names it was asked about, and up to as many more. */
export class Recent {
  #older = new Set<string>()
  #newer = new Set<string>()

  /** Whether this is the first time for `name`, as far as it remembers. */
  isNew(name: string): boolean {
    if (this.#newer.has(name) || this.#older.has(name)) return false
    if (this.#newer.size === REMEMBERED) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(name)
    return true
  }
}
