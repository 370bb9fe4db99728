import {
  keysOf,
  keysOfAll,
  type CallInfo,
  type Command,
  type Request,
  type Update,
  type Write
} from '../core/command.js'
import { TransactionError } from '../core/errors.js'
import type { Pending } from '../core/pending.js'
import type { Call } from '../execution/call.js'
import { currentScope, isWithin, type Scope } from './scope.js'

/** A write that waits for the commit. Its call is missing (yet) where an Update may turn out to need no write. */
export interface Entry {
  readonly command: Write<unknown> | Update<unknown>
  /** The nested transaction that it is part of. */
  readonly scope: Scope | undefined
  call?: Call
  /** The result of the write, after the commit. */
  result?: Promise<unknown>
  /** Ends it without a commit. */
  reject?: (error: unknown) => void
}

export type Filled = Entry & { readonly call: Call; readonly result: Promise<unknown> }

/** What a transaction will write, in the order of calls, and so what it can't read any more. */
export class Journal {
  #entries: Entry[] = []
  readonly #written = new Set<string>()
  /** Keys into which only missing values have been inserted. */
  readonly #insertedInto = new Set<string>()
  /** The fields of those keys that may have been inserted. */
  readonly #insertedFields = new Set<string>()
  /** What reads that insert what is missing have given, by their requests: read again, it is the same. */
  readonly #inserted = new Map<string, { readonly result: Pending<unknown>; readonly scope: Scope | undefined }>()
  readonly #rolledBack = new WeakSet<Scope>()

  /** Whether the running code is part of a nested transaction that has failed. */
  get isRolledBack(): boolean {
    for (let scope = currentScope(); scope; scope = scope.outer) if (this.#rolledBack.has(scope)) return true
    return false
  }

  /** Gives a command its place in the order of writes. */
  enter(command: Write<unknown> | Update<unknown>): Entry {
    const entry: Entry = { command, scope: currentScope() }
    this.#entries.push(entry)
    this.#note(command)
    return entry
  }

  /** The writes to commit. */
  get filled(): readonly Filled[] {
    return this.#entries.filter((entry): entry is Filled => entry.call !== undefined)
  }

  /** Why a command can't read what it would read, if so. */
  refusal(command: Command<unknown>, keys: readonly string[]): TransactionError | undefined {
    if (command.kind === 'write') return undefined
    const insertsDefault = command.kind === 'update' && command.insertsDefault
    const changed = (key: string): boolean => this.#written.has(key) || (!insertsDefault && this.#insertedInto.has(key))
    const key = keys.find(changed) ?? (insertsDefault ? this.#insertedByAnother(command.read) : undefined)
    return key === undefined ? undefined : readAfterWrite(command.info, key)
  }

  /** The result of an equal read that inserts what is missing. */
  knownInsert(read: Request): Pending<unknown> | undefined {
    return this.#inserted.get(JSON.stringify(read))?.result
  }

  rememberInsert(read: Request, result: Pending<unknown>): void {
    this.#inserted.set(JSON.stringify(read), { result, scope: currentScope() })
  }

  /** Removes what a nested transaction has written. */
  rollBack(nested: Scope): void {
    const removed = this.#entries.filter(({ scope }) => isWithin(scope, nested))
    this.#rolledBack.add(nested)
    this.#entries = this.#entries.filter(({ scope }) => !isWithin(scope, nested))
    for (const set of [this.#written, this.#insertedInto, this.#insertedFields]) set.clear()
    for (const { command } of this.#entries) this.#note(command)
    for (const [read, { scope }] of this.#inserted) if (isWithin(scope, nested)) this.#inserted.delete(read)
    const error = new TransactionError('the nested transaction that this write was part of has failed; it is not sent')
    for (const { reject } of removed) reject?.(error)
  }

  /** Ends all writes without a commit. */
  reject(error: unknown): void {
    for (const { reject } of this.#entries) reject?.(error)
  }

  #note(command: Write<unknown> | Update<unknown>): void {
    const inserts = command.kind === 'update' && command.insertsDefault
    for (const key of changedKeys(command)) (inserts ? this.#insertedInto : this.#written).add(key)
    if (inserts) for (const field of fieldsOf(command.read)) this.#insertedFields.add(field)
  }

  /** The key of a field that another read may have inserted: this one can't know the value that the other has made. */
  #insertedByAnother(read: Request): string | undefined {
    if (this.#inserted.has(JSON.stringify(read))) return undefined
    return fieldsOf(read).some(field => this.#insertedFields.has(field)) ? keysOf(read)[0] : undefined
  }
}

/** The keys that a command changes; others it only reads, and they can be read afterwards. */
function changedKeys(command: Write<unknown> | Update<unknown>): readonly string[] {
  const keys = keysOfAll(command.kind === 'update' ? [command.read] : command.requests)
  const unchanged = command.unchanged?.map(({ name }) => name)
  return unchanged ? keys.filter(key => !unchanged.includes(key)) : keys
}

/** The fields that a read names, each with its key. */
function fieldsOf(read: Request): readonly string[] {
  const [key = ''] = keysOf(read)
  return read.script ? [] : read.words.slice(2).map(field => JSON.stringify([key, field]))
}

function readAfterWrite({ operation }: CallInfo, key: string): TransactionError {
  return new TransactionError(
    `key '${key}' was written earlier in this transaction, and writes happen at its end: read first, then write`,
    { key, operation }
  )
}
