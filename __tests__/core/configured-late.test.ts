import { expect, test } from '@jest/globals'
import { spawnWorker } from '../support/processes.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'

const [oneServer] = backends

test('configure() works after handles of every type were made and looked at, as long as nothing was sent', async () => {
  const key = freshKey()
  const worker = spawnWorker('configured-late.ts', [process.env['HOT_TEST_URL']!, key])
  expect(await worker.next()).toEqual({ later: 'used already' })
  expect(await worker.done).toBe(0)
  for (const name of ['dict', 'queue', 'set queue', 'list']) {
    expect(await oneServer!.raw(key, 'EXISTS', `late:${key} ${name}`)).toBe(1)
    expect(await oneServer!.raw(key, 'EXISTS', `${key} ${name}`)).toBe(0)
  }
})
