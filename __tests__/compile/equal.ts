/** Whether two types are the same, not just assignable to each other: `any` equals nothing else. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `expectType<Wanted>()(value)` compiles only if the value is of exactly that type. */
export declare function expectType<Wanted>(): <Actual>(actual: Actual, ...same: Same<Actual, Wanted>) => void

/** Asks for an argument that nobody can give unless the types are the same. */
type Same<A, B> = Equal<A, B> extends true ? [] : [{ expected: B; got: A }]
