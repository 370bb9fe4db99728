import { afterEach, describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createHot } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'

const url = process.env['HOT_TEST_URL']!

/** What users of JavaScript can pass, and the compiler would not let through. */
const createUnchecked = createHot as (options: unknown) => unknown

describe('createHot() refuses at once', () => {
  const client = createClient()
  test.each<[string, unknown, RegExp]>([
    ['an url that is none', { url: 'nonsense' }, /url.*redis:\/\//],
    ['an empty url', { url: '' }, /url.*redis:\/\//],
    ['an url of something else', { url: 'http://127.0.0.1:6379' }, /url.*redis:\/\//],
    ['an url that is no text', { url: 6379 }, /url/],
    ['both an url and a client', { url, client }, /url.*client/],
    ['a client that is none', { client: {} }, /client/],
    ['a client that is only its options', { client: { url } }, /client/],
    ['a client that is null', { client: null }, /client/],
    ['a prefix that is no text', { prefix: 5 }, /prefix/],
    ['a prefix that UTF-8 cannot carry', { prefix: '\ud800' }, /prefix/],
    ['a negative timeout', { connectTimeout: -1 }, /connectTimeout/],
    ['a timeout that is NaN', { connectTimeout: NaN }, /connectTimeout/],
    ['a timeout that is text', { connectTimeout: '5s' }, /connectTimeout/],
    ['an onError that is no function', { onError: 'log' }, /onError/],
    ['options that are an url', url, /createHot.*(options|url)/],
    ['options that are null', null, /options/],
    ['options that are a number', 6379, /options/]
  ])('%s', (_, options, message) => {
    let thrown: unknown
    try {
      createUnchecked(options)
    } catch (error) {
      thrown = error
    }
    expect(thrown instanceof TypeError || thrown instanceof RangeError).toBe(true)
    expect((thrown as Error).message).toMatch(/^createHot/)
    expect((thrown as Error).message).toMatch(message)
  })
})

describe('REDIS_URL', () => {
  const before = process.env['REDIS_URL']
  afterEach(() => {
    if (before === undefined) delete process.env['REDIS_URL']
    else process.env['REDIS_URL'] = before
  })

  test('is where createHot() without an url looks', async () => {
    process.env['REDIS_URL'] = url
    await using hot = createHot()
    expect(await hot.list(freshKey()).push('x')).toBe(1)
  })

  test('is named when it is no url', () => {
    process.env['REDIS_URL'] = 'nonsense'
    expect(() => createHot()).toThrow(TypeError)
    expect(() => createHot()).toThrow(/REDIS_URL/)
  })

  test('does not matter where an url is given', async () => {
    process.env['REDIS_URL'] = 'nonsense'
    await using hot = createHot({ url })
    expect(await hot.list(freshKey()).push('x')).toBe(1)
  })

  test('does not matter where a client is given', async () => {
    process.env['REDIS_URL'] = 'nonsense'
    const client = createClient({ url }).on('error', () => undefined)
    try {
      await using hot = createHot({ client })
      expect(await hot.list(freshKey()).push('x')).toBe(1)
    } finally {
      if (client.isOpen) await client.disconnect()
    }
  })
})

describe('the default hot', () => {
  const [oneServer] = backends
  const stored = async (key: string) => (await oneServer!.raw(key, 'EXISTS', key)) === 1
  const run = async (scenario: string, key: string) => {
    const worker = spawnWorker('default-hot.ts', [scenario, url, key])
    const { thrown } = await worker.next<{ thrown: { name: string; message: string } | null }>()
    expect(await worker.done).toBe(0)
    return thrown
  }

  test('takes the options of configure() before its first use', async () => {
    const key = freshKey()
    expect(await run('configure before', key)).toBeNull()
    expect(await stored(`configured:${key}`)).toBe(true)
  })

  test('looks at REDIS_URL when nobody configured it', async () => {
    const key = freshKey()
    expect(await run('REDIS_URL', key)).toBeNull()
    expect(await stored(key)).toBe(true)
  })

  test('takes options after a handle was made, as long as nothing was sent', async () => {
    const key = freshKey()
    expect(await run('configure after a handle was made', key)).toBeNull()
    expect(await stored(`late:${key}`)).toBe(true)
    expect(await stored(key)).toBe(false)
  })

  test('refuses to configure after a call, says what to do, and goes on as it was', async () => {
    const key = freshKey()
    const thrown = await run('configure after a call', key)
    expect(thrown?.message).toMatch(/^configure/)
    expect(thrown?.message).toMatch(/used already.*createHot/)
    expect(await stored(`late:${key}`)).toBe(false)
    expect(await stored(key)).toBe(true)
  })

  test('refuses to configure badly, and goes on as it was', async () => {
    const key = freshKey()
    const thrown = await run('configure badly', key)
    expect(thrown?.name).toBe('TypeError')
    expect(thrown?.message).toMatch(/^configure.*url/)
    expect(await stored(key)).toBe(true)
    expect(await stored(`bad:${key}`)).toBe(false)
  })
})
