import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ReplyError } from '../../src/index.js'
import { ownServer, type OwnServer } from '../support/own-server.js'

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(() => own.close())

test('out of memory changes no order: what is refused is not sent again behind later calls', async () => {
  const { hot, raw } = own
  const list = hot.list<number>('list', { initial: [0] })
  await hot.flush()
  for (let round = 0; round < 20; round++) {
    await raw('CONFIG', 'SET', 'maxmemory', '1')
    const calls = [
      list.push(1),
      list.insert(0, 2),
      list.splice(0, 0, 3),
      list.reverse(),
      hot.set('set').add(1),
      hot.int('n').increment()
    ]
    // Behind them on the same connection: whatever is sent again would come after it.
    const freed = hot.command('CONFIG', 'SET', 'maxmemory', '0')
    const later = [list.pop(), list.push(round)]
    const settled = await Promise.allSettled(calls)
    await freed
    await Promise.all(later)
    for (const one of settled) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(ReplyError)
    // Whatever was refused has left no trace; the last push is the last item.
    expect(await list.at(-1)).toBe(round)
    if (settled.every(({ status }) => status === 'rejected')) expect(await list.toJS()).toEqual([round])
    await list.replace([0])
    await hot.set('set').clear()
  }
})
