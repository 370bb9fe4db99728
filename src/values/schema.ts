/**
 * Standard Schema (https://standardschema.dev): the interface that zod, valibot, arktype and others share. Copied here
 * as types only, as its authors intend, so that no schema library becomes a dependency.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type that a schema takes, and the one that it returns. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

export function isSchema(value: unknown): value is StandardSchema {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as StandardSchema)['~standard']?.validate === 'function'
  )
}

/** Returns the output of the schema, or its issues in words. An asynchronous schema would break the order of calls. */
export function validate(schema: StandardSchema, value: unknown): { value: unknown } | { problems: string } {
  const result = schema['~standard'].validate(value)
  if (isThenable(result)) {
    // Nothing awaits it, so its rejection must not be unhandled.
    Promise.resolve(result).catch(() => undefined)
    throw new TypeError(
      'the schema validates asynchronously, which would break the order of calls: give one that is synchronous'
    )
  }
  return result.issues === undefined ? result : { problems: result.issues.map(describe).join('; ') }
}

/** Tests for `then`: a Promise may come from another library or another realm. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function describe(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map(part => String(typeof part === 'object' ? part.key : part)).join('.')
  return path ? `${path}: ${issue.message}` : issue.message
}
