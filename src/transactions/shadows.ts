import { nanoid } from 'nanoid'
import { keysOf, script, type Request } from '../core/command.js'
import { Key, isWaitQueue, shadowKey } from '../core/keys.js'
import { shadowClose, shadowOpen } from '../scripts.generated.js'

/**
 * Shadows: copies of keys, in their slots, that only one transaction knows. What it has written is run on them when it is
 * read before the commit. Wait queues are empty there, so that nobody is served by what may not come to pass.
 */
export class Shadows {
  readonly #id = nanoid()
  readonly #current = new Map<string, Key>()
  readonly #made = new Set<string>()
  #ends: Key | undefined

  constructor(
    /** Milliseconds that the transaction may still take. */
    private readonly lifetime: number,
    /** The most elements that a key to copy may have. */
    private readonly maxElements: number | undefined
  ) {}

  has(key: string): boolean {
    return this.#current.has(key)
  }

  /** Those of keys, before calls on them; `fresh` are keys to copy first. */
  open(keys: ReadonlySet<string>, fresh: ReadonlySet<string>): Request {
    const known = [...keys].flatMap(key => (fresh.has(key) ? [] : (this.#current.get(key) ?? [])))
    const copies = [...fresh].flatMap(key => [new Key(key), this.#make(key)])
    const ends = (this.#ends ??= this.#nameOf([...fresh][0] as string, 'ends'))
    this.#made.add(ends.name)
    return script(shadowOpen, [ends, ...known, ...copies], known.length, this.maxElements ?? '')
  }

  /** The same after the calls. */
  close(keys: ReadonlySet<string>): Request {
    const shadows = [...keys].flatMap(key => this.#current.get(key) ?? [])
    return script(shadowClose, [this.#ends as Key, ...shadows], Math.round(this.lifetime))
  }

  /** They do not hold any more what they should: they are copied again before they are used. */
  drop(keys: Iterable<string>): void {
    for (const key of keys) this.#current.delete(key)
  }

  /** The request, sent to the shadows there are, and to wait queues that are empty. */
  onShadows(request: Request): Request {
    return withKeys(request, key => this.#current.get(key)?.name ?? this.#hidden(key))
  }

  /** The request, sent to the keys themselves, but to wait queues that are empty. */
  onKeys(request: Request): Request {
    return keysOf(request).some(isWaitQueue) ? withKeys(request, key => this.#hidden(key)) : request
  }

  /** Forgets all shadows; returns the command that removes them, or undefined when there are none. */
  remove(): readonly string[] | undefined {
    const names = [...this.#made]
    this.#made.clear()
    this.#current.clear()
    return names.length === 0 ? undefined : ['UNLINK', ...names]
  }

  #make(key: string): Key {
    const shadow = this.#nameOf(key, 'of')
    this.#current.set(key, shadow)
    this.#made.add(shadow.name)
    return shadow
  }

  #hidden(key: string): string {
    if (!isWaitQueue(key)) return key
    return this.#nameOf(key, 'of').name
  }

  #nameOf(key: string, role: string): Key {
    return shadowKey(new Key(key), `${this.#id}-${role}`)
  }
}

/** The request, sent to other keys. */
function withKeys(request: Request, nameOf: (key: string) => string): Request {
  if (request.script) return { ...request, keys: request.keys.map(({ name }) => new Key(nameOf(name))) }
  if (request.keysAt.length === 0) return request
  const words = [...request.words]
  for (const at of request.keysAt) words[at] = nameOf(words[at] as string)
  return { ...request, words }
}
