interface Readable {
  toJS(): Promise<unknown>
}

type ValueOf<Handle extends Readable> = Awaited<ReturnType<Handle['toJS']>>

/** A handle of one value, seen as the oracle sees any: `for await` gives its value once. */
export interface SingleValue<Handle extends Readable> extends AsyncIterable<ValueOf<Handle>> {
  readonly handle: Handle
  toJS(): Promise<ValueOf<Handle>>
}

export function singleValue<Handle extends Readable>(handle: Handle): SingleValue<Handle> {
  const toJS = () => handle.toJS() as Promise<ValueOf<Handle>>
  return {
    handle,
    toJS,
    async *[Symbol.asyncIterator]() {
      yield await toJS()
    }
  }
}

/** Its native twin. */
export interface NativeValue<Js> {
  value: Js
}
