interface Place {
  settle: (() => void) | undefined
  next: Place | undefined
}

/**
 * Handles replies in the order in which their commands were sent. A client resolves a MULTI some microtasks later than a
 * single command whose reply came in the same chunk; calls that are sent again would change places by that.
 */
export class ReplyOrder {
  #first: Place | undefined
  #last: Place | undefined

  /** Whether a reply is awaited: then the next one has to wait for its turn. */
  get busy(): boolean {
    return this.#first !== undefined
  }

  /** Takes the next place; the function it returns is given what to do with the reply. */
  next(): (settle: () => void) => void {
    const place: Place = { settle: undefined, next: undefined }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    return settle => {
      place.settle = settle
      this.#run()
    }
  }

  #run(): void {
    for (let place = this.#first; place?.settle; place = this.#first) {
      this.#first = place.next
      if (!place.next) this.#last = undefined
      place.settle()
    }
  }
}
