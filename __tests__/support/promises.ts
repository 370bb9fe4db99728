/** What a promise was rejected with; fails if it was not. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`it should have failed, and gave ${JSON.stringify(value)}`)
}

/** A promise that the test comes back to; a test that fails before that does not end the run by it. */
export function started<P extends Promise<unknown>>(promise: P): P {
  promise.catch(() => undefined)
  return promise
}

/** Repeats a check until it is true; fails after ten seconds. */
export async function until(what: string, check: () => unknown, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${timeout} ms in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
