// A script that waits for nothing and closes nothing: what it has started is done all the same, and then it ends.

import { createHot } from '../../src/index.js'

const hot = createHot({ url: process.env['HOT_TEST_URL'] })
const dict = hot.dict<{ read: number; written: number }>(process.argv[2])

// The channel to the test would keep the process alive.
process.disconnect()

void hot.transaction(() => dict.increment('written'))
void hot.transaction(async () => {
  const read = (await dict.read) ?? 0
  dict.read = read + 1
})
