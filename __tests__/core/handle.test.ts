import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { CrossSlotError, KeyTypeError } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { types } from '../support/types.js'

/** The parts of what `filled` made, without what tells them apart: all the same. */
function partsOf(value: unknown): unknown[] {
  if (value instanceof Map) return [...value.values()]
  if (typeof value === 'number') return [value]
  const parts: unknown[] = value instanceof Set ? [...value] : Object.values(value as object)
  return parts.map(part => (typeof part === 'string' ? part.replace(/ #\d+$/, '') : part))
}

describe.each(backends)('on $name', ({ name: backend, createHot, raw }) => {
  const hot = createHot()
  const isCluster = backend.includes('cluster')

  describe.each(types)('every $name', type => {
    const made = async () => {
      const handle = type.make(hot, freshKey())
      await handle.replace(type.sample)
      return handle
    }

    describe('keeps a value at its key', () => {
      test('reads as the plain value it was given', async () => {
        expect(await (await made()).toJS()).toEqual(type.plain)
      })

      test('reads as empty when there is nothing', async () => {
        expect(await type.make(hot, freshKey()).toJS()).toEqual(type.empty)
      })

      test('is the same value for every handle of its key', async () => {
        const handle = await made()
        expect(await type.make(createHot(), handle.key).toJS()).toEqual(type.plain)
      })

      test('uses the Redis type that the documentation names', async () => {
        const { key } = await made()
        expect(await raw(key, 'TYPE', key)).toBe(type.holds)
      })

      test('exists from its first value until it is cleared', async () => {
        const handle = type.make(hot, freshKey())
        expect(await handle.exists()).toBe(false)
        await handle.replace(type.sample)
        expect(await handle.exists()).toBe(true)
        await expect(handle.clear()).resolves.toBeUndefined()
        expect(await handle.exists()).toBe(false)
        expect(await raw(handle.key, 'EXISTS', handle.key)).toBe(0)
      })

      test('can be cleared when there is nothing', async () => {
        await expect(type.make(hot, freshKey()).clear()).resolves.toBeUndefined()
      })
    })

    describe('has a time to live', () => {
      test('expires when its time is over', async () => {
        const handle = await made()
        expect(await handle.expire(30)).toBe(true)
        await sleep(100)
        expect(await handle.exists()).toBe(false)
      })

      test('tells in milliseconds how long it will live', async () => {
        const handle = await made()
        expect(await handle.ttl()).toBeUndefined()
        await handle.expire(60_000)
        expect(await handle.ttl()).toBeGreaterThan(50_000)
        expect(await handle.ttl()).toBeLessThanOrEqual(60_000)
      })

      test('expires at a date', async () => {
        const handle = await made()
        expect(await handle.expireAt(new Date(Date.now() + 60_000))).toBe(true)
        expect(await handle.ttl()).toBeGreaterThan(50_000)
        expect(await handle.ttl()).toBeLessThanOrEqual(60_000)
        expect(await handle.expireAt(new Date(Date.now() - 1_000))).toBe(true)
        expect(await handle.exists()).toBe(false)
      })

      test('lives for ever again after persist()', async () => {
        const handle = await made()
        expect(await handle.persist()).toBe(false)
        await handle.expire(60_000)
        expect(await handle.persist()).toBe(true)
        expect(await handle.ttl()).toBeUndefined()
      })

      test('says so when there is nothing that could expire', async () => {
        const missing = type.make(hot, freshKey())
        expect(await missing.expire(60_000)).toBe(false)
        expect(await missing.expireAt(new Date(Date.now() + 60_000))).toBe(false)
        expect(await missing.persist()).toBe(false)
        expect(await missing.ttl()).toBeUndefined()
      })

      test.each(['replace', 'initial'])('keeps it through %s', async way => {
        const handle = await made()
        await handle.expire(60_000)
        if (way === 'replace') await handle.replace(type.different)
        else type.make(hot, handle.key, { initial: type.different })
        expect(await handle.toJS()).toEqual(type.different)
        expect(await handle.ttl()).toBeGreaterThan(50_000)
      })
    })

    describe('is replaced as a whole', () => {
      test('replace() leaves nothing of what was there', async () => {
        const handle = type.make(hot, freshKey())
        await handle.replace(type.filled(50, 'old'))
        await expect(handle.replace(type.sample)).resolves.toBeUndefined()
        expect(await handle.toJS()).toEqual(type.plain)
        await handle.replace(type.empty)
        expect(await handle.toJS()).toEqual(type.empty)
        // An empty text and 0 are values too.
        expect(await handle.exists()).toBe(type.holds === 'string')
      })

      test('initial replaces what is stored, before any later call', async () => {
        const before = await made()
        const handle = type.make(hot, before.key, { initial: type.different })
        expect(await handle.toJS()).toEqual(type.different)
      })

      test('a handle without initial leaves what is stored', async () => {
        const before = await made()
        expect(await type.make(hot, before.key).toJS()).toEqual(type.plain)
      })

      test.each(['replace', 'initial'])('%s is one step: nobody sees a part of it, or nothing', async way => {
        const handle = type.make(hot, freshKey())
        const watcher = type.make(createHot(), handle.key)
        await handle.replace(type.filled(1, 'text 0'))
        const seen: unknown[] = []
        let done = false
        const watching = (async () => {
          while (!done) seen.push(await watcher.toJS())
        })()
        for (let round = 1; round <= 10; round++) {
          const value = type.filled(round % 2 ? 3_000 : 1_500, `text ${round}`)
          if (way === 'replace') await handle.replace(value)
          else type.make(hot, handle.key, { initial: value })
          await hot.flush()
        }
        done = true
        await watching
        const sizesAndTexts = seen.map(value => {
          const texts = partsOf(value)
          return [texts.length, new Set(texts).size]
        })
        expect(sizesAndTexts.filter(([size, texts]) => texts !== 1 || ![1, 1_500, 3_000].includes(size!))).toEqual([])
      })
    })

    describe('can be compared', () => {
      test('with a plain value', async () => {
        const handle = await made()
        expect(await handle.equals(type.plain)).toBe(true)
        expect(await handle.equals(type.sample)).toBe(true)
        expect(await handle.equals(type.different)).toBe(false)
        expect(await handle.equals(type.empty)).toBe(false)
      })

      test('when there is nothing, with an empty value', async () => {
        const missing = type.make(hot, freshKey())
        expect(await missing.equals(type.empty)).toBe(true)
        expect(await missing.equals(type.sample)).toBe(false)
      })

      test('with another handle whose key shares its slot', async () => {
        const tag = `{${freshKey()}}`
        const [one, same, different] = [type.make(hot, tag), type.make(hot, `${tag}:2`), type.make(hot, `${tag}:3`)]
        await Promise.all([one.replace(type.sample), same.replace(type.sample), different.replace(type.different)])
        expect(await one.equals(same)).toBe(true)
        expect(await one.equals(one)).toBe(true)
        expect(await one.equals(different)).toBe(false)
      })

      test('with another handle in another slot, on one server only', async () => {
        const [one, other] = [type.make(hot, freshKey('{a}')), type.make(hot, freshKey('{b}'))]
        await Promise.all([one.replace(type.sample), other.replace(type.sample)])
        if (!isCluster) return expect(await one.equals(other)).toBe(true)
        const error = await one.equals(other).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(CrossSlotError)
        expect(error).toMatchObject({
          code: 'CROSS_SLOT',
          operation: `${type.name}.equals`,
          message: expect.stringMatching(/hash tag/i)
        })
      })

      test('but not with a handle of another Hot', async () => {
        const handle = await made()
        await expect(handle.equals(type.make(createHot(), handle.key))).rejects.toThrow(TypeError)
      })
    })

    describe('has a prefix where its Hot has one', () => {
      const prefixed = createHot({ prefix: 'app:' })

      test.each(['given', 'generated'])('%s keys carry it in Redis, not in JavaScript', async origin => {
        const key = origin === 'given' ? freshKey() : undefined
        const handle = type.make(prefixed, key)
        await handle.replace(type.sample)
        if (key !== undefined) expect(handle.key).toBe(key)
        expect(handle.key).not.toContain('app:')
        expect(await raw(`app:${handle.key}`, 'EXISTS', `app:${handle.key}`)).toBe(1)
        expect(await raw(handle.key, 'EXISTS', handle.key)).toBe(0)
        expect(await type.make(prefixed, handle.key).toJS()).toEqual(type.plain)
        await handle.clear()
        expect(await raw(`app:${handle.key}`, 'EXISTS', `app:${handle.key}`)).toBe(0)
      })
    })

    describe('at a key that holds something else', () => {
      const wrong = {
        'a list': (key: string) => raw(key, 'RPUSH', key, 'x', 'y'),
        'a hash': (key: string) => raw(key, 'HSET', key, 'name', 'x'),
        'a string': (key: string) => raw(key, 'SET', key, 'x')
      }
      const right = `a ${type.holds}`

      describe.each(Object.keys(wrong).filter(held => held !== right))('(%s)', held => {
        const store = wrong[held as keyof typeof wrong]

        test.each(Object.entries(type.calls))('%s fails and changes nothing', async (_, call) => {
          const key = freshKey()
          await store(key)
          const before = await raw(key, 'DUMP', key)
          const error = await call(type.make(hot, key)).catch((thrown: unknown) => thrown)
          expect(error).toBeInstanceOf(KeyTypeError)
          expect(error).toMatchObject({ code: 'KEY_TYPE', key })
          expect((error as KeyTypeError).message).toContain(`key '${key}' holds ${held}, not ${right}`)
          expect((error as KeyTypeError).operation).toMatch(new RegExp(`^${type.name}\\.\\w+$`))
          expect(await raw(key, 'DUMP', key)).toEqual(before)
        })

        test('what works on any type works', async () => {
          const key = freshKey()
          await store(key)
          const handle = type.make(hot, key)
          expect(await handle.exists()).toBe(true)
          expect(await handle.expire(60_000)).toBe(true)
          expect(await handle.ttl()).toBeGreaterThan(50_000)
          expect(await handle.persist()).toBe(true)
          await handle.clear()
          expect(await handle.exists()).toBe(false)
        })
      })
    })
  })
})
