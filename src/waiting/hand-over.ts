/**
 * Milliseconds of the lease under which a permit or an item is handed over, until its receiver confirms it. An object, so
 * that tests of receivers that never confirm can shorten it.
 */
export const handOver = { lease: 2_000 }
