/** The bytes that RESP2 is made of. */

export const CR = 13
export const LF = 10
export const MINUS = 45
export const ZERO = 48

/** The first byte of each kind of element. */
export const ARRAY = 42
export const TEXT = 36
export const INTEGER = 58
export const STATUS = 43
export const ERROR = 45
