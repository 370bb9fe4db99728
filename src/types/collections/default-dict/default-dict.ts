import { callable, text } from '../../../core/arguments.js'
import { command, script, type Reply } from '../../../core/command.js'
import type { Pending } from '../../../core/pending.js'
import {
  VALUE_OPTIONS,
  defineType,
  givenOptions,
  type AnyOptions,
  type TypeDefinition
} from '../../../handles/define-type.js'
import type { JsonValue } from '../../../handles/factory-options.js'
import type { HandleContext, TypeDescriptor } from '../../../handles/operation.js'
import { dictInsertDefault, dictInsertDefaults } from '../../../scripts.generated.js'
import {
  Dict,
  fieldNames,
  missingNumber,
  type DictOptions,
  type FieldOf,
  type Fields,
  type Present
} from '../dict/dict.js'

/** A dict in Redis whose missing fields are created by a factory. */
export type HotDefaultDict<T extends object, Input extends object = T> = DefaultDict<T, Input> &
  Fields<T, Input, DefaultDict<T, Input>, never>

/** Creates the value of a missing field. */
type DefaultFactory<Input> = () => Present<Input[keyof Input]>

export interface DefaultDictFactory {
  /**
   * A dict whose missing fields are made by `factory` when they are read. See {@link HotDefaultDict}.
   *
   * @throws TypeError when the factory is not a function, the key is empty or not a string, or an option can't be right
   * @example const counts = hot.defaultDict<Record<string, number>>(() => 0, 'counts')
   */
  <T extends object = Record<string, JsonValue>>(
    factory: DefaultFactory<T>,
    key?: string,
    options?: DictOptions<T>
  ): HotDefaultDict<T>
}

/**
 * A Dict whose missing fields are created by a factory when they are read: once, atomically, so that concurrent readers in
 * all processes see one value.
 */
class DefaultDict<T extends object, Input extends object = T> extends Dict<T, Input> {
  static override readonly descriptor: TypeDescriptor = { name: 'DefaultDict', redisType: 'hash', indexedBy: 'field' }

  readonly #factory: DefaultFactory<Input>

  /** @internal */
  constructor(context: HandleContext, factory: DefaultFactory<Input>) {
    super(context)
    this.#factory = factory
  }

  /**
   * Returns the value of a field; the factory creates a missing one. `await counts.apples` is the same. `HGET`, O(1); a
   * missing field takes a script more (`HSETNX`).
   *
   * @throws CodecError when what the factory makes can't be stored; whatever the factory throws
   * @example await counts.get('apples') // 0
   */
  override get<K extends FieldOf<T>>(field: K): Pending<Present<T[K]>> {
    const op = this.context.op('get')
    const { key } = this.context
    const name = text(op.operation, 'the field', field)
    const decode = op.decoder<Present<T[K]>>(name)
    return op.update(
      command('HGET', key, name),
      stored => {
        if (stored !== null) return { result: decode(stored) as Present<T[K]> }
        const made = op.encode(this.#factory(), name)
        return { result: decode(made) as Present<T[K]>, write: script(dictInsertDefault, [key], name, made) }
      },
      { insertsDefault: true }
    )
  }

  /**
   * Returns the values of several fields, read at one moment; the factory creates missing ones. `HMGET`, O(1) per field;
   * missing fields take a script more (`HSET`).
   *
   * @throws CodecError when what the factory makes can't be stored; whatever the factory throws
   * @example const [apples, pears] = await counts.getMany('apples', 'pears')
   */
  override getMany<const K extends readonly FieldOf<T>[]>(
    ...fields: K
  ): Pending<{ -readonly [I in keyof K]: Present<T[K[I]]> }> {
    if (fields.length === 0) return super.getMany() as Pending<never>
    const op = this.context.op('getMany')
    const { key } = this.context
    const names = fieldNames(op, fields)
    const made = new Map<string, string>()
    return op.update(
      command('HMGET', key, ...names),
      found => {
        const missing = new Set(names.filter((_, index) => (found as Reply[])[index] === null))
        for (const name of missing) if (!made.has(name)) made.set(name, op.encode(this.#factory(), name))
        const texts = names.map((name, index) => (missing.has(name) ? made.get(name) : (found as string[])[index]))
        const result = texts.map((text, index) => op.decodeText(text as string, names[index])) as never
        if (missing.size === 0) return { result }
        const inserts = [...missing].flatMap(name => [name, made.get(name) as string])
        return { result, write: script(dictInsertDefaults, [key], names.length, ...names, ...inserts) }
      },
      { insertsDefault: true }
    )
  }

  /** @internal */
  override [missingNumber](field: string): string {
    return this.context.op('increment').encode(this.#factory(), field)
  }
}

export const defaultDict: TypeDefinition<DefaultDictFactory> = defineType(
  DefaultDict.descriptor,
  (operation, [factory, key, given]) => {
    const options = givenOptions<AnyOptions>(operation, given, VALUE_OPTIONS)
    const make = callable(operation, 'the factory', factory) as DefaultFactory<never>
    return { key, options, create: context => new DefaultDict(context, make) }
  }
)
