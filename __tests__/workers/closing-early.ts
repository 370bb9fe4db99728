/** Gives a wait up while its connections are being opened, and closes. Ends by itself if nothing is left. */

import { createHot, type HotError } from '../../src/index.js'

const hot = createHot({ url: process.argv[2] })
const failure = await hot
  .queue('nothing')
  .get({ timeout: 320 })
  .catch((error: unknown) => error as HotError)
await hot.close()
process.send!((failure as HotError).code)
process.disconnect()
