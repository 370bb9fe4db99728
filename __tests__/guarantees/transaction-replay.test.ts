import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'
import { WORLDS, emptyModel, handlesOf, violations, type Done } from '../support/replay.js'
import { scaled } from '../support/runs.js'

const PROCESSES = 4

describe.each(backends)('Random transactions of processes on $name', ({ name, createHot, raw }) => {
  const hot = createHot()
  const isCluster = name.includes('cluster')
  const each = scaled(isCluster ? 70 : 180)

  test.each([
    ['undisturbed', false],
    ['while connections are killed and scripts flushed', true]
  ])('give what they would give one after another, %s', async (_, disturbed) => {
    const tag = `{${freshKey('replay')}}`
    const args = [tag, String(each), isCluster ? 'cluster' : 'server']
    const workers = Array.from({ length: PROCESSES }, () => spawnWorker('replaying.ts', args))
    await Promise.all(workers.map(worker => worker.next()))
    let over = false
    const disturbing = (async () => {
      while (disturbed && !over) {
        await sleep(5 + Math.random() * 40)
        const command =
          Math.random() < 0.3 ? ['SCRIPT', 'FLUSH'] : ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']
        await raw(tag, ...command).catch(() => undefined)
      }
    })()
    for (const worker of workers) worker.send('go')
    const reports = await Promise.all(workers.map(worker => worker.next<Record<string, Done>>()))
    over = true
    await disturbing

    const done = new Map(reports.flatMap(report => Object.entries(report)))
    const ledger = await hot.list<string>(`${tag}:ledger`).toJS()
    expect(new Set(ledger).size).toBe(ledger.length)
    const failures = [...done.values()].flatMap(({ failed }) => failed ?? [])
    expect(failures.filter(failure => !disturbed || !failure.startsWith('ConnectionError'))).toEqual([])
    const models = Array.from({ length: WORLDS }, emptyModel)
    const wrong = ledger.flatMap(id => {
      const { world, groups } = done.get(id)!
      return violations(models[world]!, groups).map(what => `${id}: ${what}`)
    })
    expect(wrong).toEqual([])

    for (const [world, model] of models.entries()) {
      const { int, text, list, set, dict, queue } = handlesOf(hot, `${tag}:${world}`)
      expect(await int.value).toBe(model.int)
      expect(await text.value).toBe(model.text)
      expect(await list.toJS()).toEqual(model.list)
      expect(await set.toJS()).toEqual(model.set)
      expect(await dict.toJS()).toEqual(Object.fromEntries(model.dict))
      expect(await queue.toJS()).toEqual(model.queue)
    }
    const shadows = "return redis.call('KEYS', ARGV[1])"
    expect(await raw(tag, 'EVAL', shadows, '1', tag, `*${tag.slice(1, -1)}*hot-redis:shadow-*`)).toEqual([])
  })
})
