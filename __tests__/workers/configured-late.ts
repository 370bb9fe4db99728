import { isDeepStrictEqual } from 'node:util'
import { configure, hot } from '../../src/index.js'

// Handles at the top of a module, before the program configures the shared `hot` that makes them.

const [url, key] = process.argv.slice(2) as [string, string]
process.env['REDIS_URL'] = 'redis://127.0.0.1:1'

const dict = hot.dict<{ on: boolean }>(`${key} dict`)
const queue = hot.queue<number>(`${key} queue`, { maxsize: 5 })
const setQueue = hot.setQueue<number>(`${key} set queue`)
const lock = hot.lock(`${key} lock`)
const rlock = hot.rlock(`${key} rlock`)
const list = hot.list<number>(`${key} list`)
const push = list.push.bind(list)
if (dict.key !== `${key} dict` || isDeepStrictEqual(lock, rlock)) throw new Error('looked at wrongly')

configure({ url, prefix: 'late:' })
dict.on = true
await queue.put(1)
await setQueue.put(1)
await push(1)
await lock.run(() => rlock.run(() => undefined))
await hot.flush()
let later = 'accepted'
try {
  configure({ url })
} catch (error) {
  later = (error as Error).message.includes('used already') ? 'used already' : String(error)
}
await hot.close()
process.send?.({ later })
