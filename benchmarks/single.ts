// One call after another, each awaited, by every client.

import { dictIncrement } from '../src/scripts.generated.js'
import { BASELINE, contestants, type Calls } from './support/clients.js'
import { contest, type Side } from './support/contest.js'
import { withServer } from './support/pairs.js'

await withServer(async server => {
  const sides = await contestants(server)
  const { hot, send, all } = sides
  const each = (call: (calls: Partial<Calls>) => Promise<unknown> | undefined): Record<string, Side> =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([, calls]) => calls.push !== undefined || call === get || call === set)
        .map(([label, calls]) => [label, once(() => call(calls))])
    )
  const get = (calls: Partial<Calls>): Promise<unknown> | undefined => calls.get?.('dict', 'name')
  const set = (calls: Partial<Calls>): Promise<unknown> | undefined => calls.set?.('dict', 'name', 'Ada')
  const push = (calls: Partial<Calls>): Promise<unknown> | undefined => calls.push?.('pushed', 'x')

  const counts = hot.dict<{ visits: number }>('counts', { initial: { visits: 0 } })
  await send(['SCRIPT', 'LOAD', dictIncrement.source])
  const script = {
    'hot-redis': once(() => counts.increment('visits')),
    [BASELINE]: once(() => send(['EVALSHA', dictIncrement.sha1, '1', 'counts', 'visits', '1', '0']))
  }
  const rows = Object.entries({ get: each(get), set: each(set), push: each(push), script })
  await contest(
    'One call after another',
    BASELINE,
    rows.map(([name, row]) => ({ name, times: 500, sides: row }))
  )
  await sides.close()
})

/** A side must not return a number, which would be taken for the time. */
function once(call: () => Promise<unknown> | undefined): Side {
  return async () => {
    await call()
  }
}
