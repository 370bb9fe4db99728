import { text } from '../arguments.js'
import { words } from '../command.js'
import type { Pending } from '../pending.js'
import { Dict, missingNumber, type FieldOf, type Present } from './dict.js'
import type { Issuer, TypeShape } from './issuer.js'

/** Makes the value of a field that is missing. */
export type DefaultFactory<Input> = () => Present<Input[keyof Input]>

/**
 * A Dict whose missing fields are made by a factory when they are read: once, atomically, so that all who read at the
 * same time, in any process, see one value.
 */
export class DefaultDict<T extends object, Input extends object = T> extends Dict<T, Input> {
  static override readonly shape: TypeShape = { name: 'DefaultDict', holds: 'hash', indexedBy: 'field' }

  readonly #factory: DefaultFactory<Input>

  /** @internal */
  constructor(issue: Issuer, factory: DefaultFactory<Input>) {
    super(issue)
    this.#factory = factory
  }

  /**
   * The value of a field, made by the factory first when there is none: `await counts.apples` is the same. `HGET`, O(1); a
   * field that is missing takes `HSETNX` and `HGET` more.
   *
   * @throws CodecError when what the factory makes can't be stored; whatever the factory throws
   * @example await counts.get('apples') // 0
   */
  override get<K extends FieldOf<T>>(field: K): Pending<Present<T[K]>> {
    const { key } = this.issue
    const name = text(this.issue.operation('get'), 'the field', field)
    const decode = this.issue.decoder<Present<T[K]>>('get', name)
    const read = this.issue.command('read', 'get', words('HGET', key, name), decode)
    return this.issue.run({
      ...read,
      next: found => {
        if (found !== undefined) return { result: found }
        const made = this.issue.encode('get', this.#factory(), name)
        const requests = [words('HSETNX', key, name, made), words('HGET', key, name)]
        const insert = this.issue.command('write', 'get', requests, (_, stored) => decode(stored))
        return { command: { ...insert, expected: () => decode(made), fillsIn: true, repeatable: true } }
      }
    }) as Pending<Present<T[K]>>
  }

  /** @internal */
  override [missingNumber](field: string): string {
    return this.issue.encode('increment', this.#factory(), field)
  }
}
