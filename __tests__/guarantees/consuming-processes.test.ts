import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHot, QueueEmptyError } from '../../src/index.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'
import { failureOf, started, until } from '../support/promises.js'
import { limit } from '../support/queues.js'

const url = process.env['HOT_TEST_URL']!

describe('A process that consumes', () => {
  test('that is killed: the item goes to who waits when the lease has ended, and then to the front', async () => {
    await using hot = createHot({ url })
    const queue = hot.queue<string>(freshKey(), { initial: ['a', 'b', 'c'] })
    await hot.flush()
    const workers = ['a', 'b'].map(() => spawnWorker('queueing.ts', ['holds', url, queue.key, '1000']))
    expect((await Promise.all(workers.map(worker => worker.next()))).sort()).toEqual(['a', 'b'])
    // Renewed: nobody gets it as long as its holder lives.
    await sleep(2_500)
    expect(await queue.toJS()).toEqual(['c'])
    expect(await queue.get()).toBe('c')
    const waiting = started(queue.get(limit))
    const joined = started(queue.join(limit))
    for (const worker of workers) worker.kill()
    const items = [await waiting, await queue.get(limit)]
    expect(items.sort()).toEqual(['a', 'b'])
    await joined
    expect(await failureOf(queue.getNowait())).toBeInstanceOf(QueueEmptyError)
  })

  test('that is killed: whoever comes after its lease has ended finds the item in front', async () => {
    await using hot = createHot({ url })
    const queue = hot.queue<string>(freshKey(), { initial: ['a', 'b', 'c'] })
    await hot.flush()
    const workers = [1, 2].map(() => spawnWorker('queueing.ts', ['holds', url, queue.key, '200']))
    expect((await Promise.all(workers.map(worker => worker.next()))).sort()).toEqual(['a', 'b'])
    for (const worker of workers) worker.kill()
    await Promise.all(workers.map(worker => worker.done))
    await sleep(400)
    const items = await queue.toJS()
    // Whose lease ended first is in front.
    expect([items.slice(0, 2).sort(), items[2]]).toEqual([['a', 'b'], 'c'])
    expect([await queue.size, await queue.empty(), await queue.peek()]).toEqual([3, false, items[0]])
    expect([await queue.getNowait(), await queue.getNowait(), await queue.getNowait()]).toEqual(items)
  })

  test('that is paused for longer than its lease loses the item, and does not bring it back', async () => {
    await using hot = createHot({ url })
    const queue = hot.queue<string>(freshKey(), { initial: ['a'] })
    await hot.flush()
    const worker = spawnWorker('queueing.ts', ['holds', url, queue.key, '300'])
    await worker.next()
    worker.kill('SIGSTOP')
    expect(await queue.get(limit)).toBe('a')
    worker.kill('SIGCONT')
    await sleep(500)
    await queue.join(limit)
    worker.kill()
    await worker.done
    expect(await queue.size).toBe(0)
  })

  test('many of them, some killed: every item is done at least once', async () => {
    await using hot = createHot({ url })
    const items = Array.from({ length: 2_000 }, (_, index) => `item ${index}`)
    const queue = hot.queue<string>(freshKey(), { initial: items })
    await hot.flush()
    const done = new Set<string>()
    /** Resolves when so many are done. */
    const progress = (count: number) => until(`${count} items are done`, () => done.size >= count)
    const consume = () => {
      const worker = spawnWorker('queueing.ts', ['consumes', url, queue.key, '400'])
      void (async () => {
        for (;;) done.add(await worker.next<string>())
      })().catch(() => undefined)
      return worker
    }
    const workers = [consume(), consume(), consume()]
    for (const worker of workers.slice(1)) {
      await progress(Math.min(done.size + 100, items.length))
      worker.kill()
    }
    await queue.join(limit)
    await progress(items.length)
    workers[0]!.kill()
    await Promise.all(workers.map(worker => worker.done))
  })
})
