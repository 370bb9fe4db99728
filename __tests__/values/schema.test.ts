import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { CodecError, type StandardSchema } from '../../src/index.js'
import { backends } from '../support/backends.js'

describe.each(backends)('A schema on $name', ({ createHot, raw }) => {
  const hot = createHot({ prefix: 'schema:' })
  const rawly = (command: string, key: string, ...args: string[]) =>
    raw(`schema:${key}`, command, `schema:${key}`, ...args)
  const items = (key: string) => rawly('LRANGE', key, '0', '-1')

  describe('of a list', () => {
    const schema = z.object({ name: z.string().min(1), age: z.int().optional() })

    test('lets pass what it allows, and gives it back', async () => {
      const people = hot.list('people', { schema })
      await people.push({ name: 'Ada' }, { name: 'Grace', age: 85 })
      await people.set(0, { name: 'Ada', age: 36 })
      expect(await people.toJS()).toEqual([
        { name: 'Ada', age: 36 },
        { name: 'Grace', age: 85 }
      ])
      expect(await people.indexOf({ age: 85, name: 'Grace' })).toBe(1)
    })

    test('refuses anything else with a CodecError that names the key and what is wrong; nothing is stored', async () => {
      const people = hot.list('no people', { schema })
      const wrong = { name: 'Ada', age: 'old' } as never
      for (const call of [
        () => people.push({ name: 'fine' }, wrong),
        () => people.unshift({ name: 'fine' }, wrong),
        () => people.extend([{ name: 'fine' }, wrong]),
        () => people.insert(0, wrong),
        () => people.splice(0, 0, { name: 'fine' }, wrong),
        () => people.replace([{ name: 'fine' }, wrong])
      ]) {
        const calling = call()
        await expect(calling).rejects.toMatchObject({ name: 'CodecError', key: 'schema:no people' })
        await expect(calling).rejects.toThrow(/no people.*age/s)
      }
      expect(await people.exists()).toBe(false)
    })

    test('throws at once where the value is assigned, or given as initial', async () => {
      const people = hot.list('assigned people', { schema })
      await people.push({ name: 'Ada' })
      expect(() => (people[0] = { name: '' })).toThrow(CodecError)
      expect(() => hot.list('assigned people', { schema, initial: [{ name: '' }] })).toThrow(CodecError)
      await hot.flush()
      expect(await people.toJS()).toEqual([{ name: 'Ada' }])
    })

    test('refuses on reading what others wrote against it, by each way of reading', async () => {
      await rawly('RPUSH', 'strangers', '{"name":"Ada"}', '{"name":7}')
      const people = hot.list('strangers', { schema })
      expect(await people[0]).toEqual({ name: 'Ada' })
      for (const read of [
        () => people[1],
        () => people.toJS(),
        () => people.slice(1),
        async () => {
          for await (const [index] of people.entries()) expect(index).toBeLessThan(1)
        }
      ]) {
        const reading = (async () => read())()
        await expect(reading).rejects.toMatchObject({ name: 'CodecError', key: 'schema:strangers' })
        await expect(reading).rejects.toThrow(/strangers.*name/s)
      }
    })

    test('that transforms: what was given is stored, reading gives what the schema makes of it', async () => {
      const lengths = hot.list('lengths', { schema: z.string().transform(text => text.length) })
      await lengths.push('one', 'three')
      expect(await items('lengths')).toEqual(['one', 'three'])
      const [first, all]: [number | undefined, number[]] = await Promise.all([lengths.at(0), lengths.toJS()])
      expect([first, all]).toEqual([3, [3, 5]])
      expect(await lengths[0]).toBe(3)
      expect(await lengths.indexOf('three')).toBe(1)
      expect(await lengths.splice(0, 1, 'seventh')).toEqual([3])
      const streamed: number[] = []
      for await (const length of lengths) streamed.push(length)
      expect(streamed).toEqual([7, 5])
    })

    test('that coerces or fills in defaults does so on reading; what was given is stored', async () => {
      const settings = hot.list('defaults', { schema: z.object({ size: z.number().default(10) }) })
      await settings.push({})
      expect(await items('defaults')).toEqual(['{}'])
      expect(await settings[0]).toEqual({ size: 10 })
      expect(await settings.pop()).toEqual({ size: 10 })
    })

    test('makes a value that JSON does not have, out of one that it has', async () => {
      const dates = hot.list('dates', { schema: z.iso.date().transform(text => new Date(text)) })
      await dates.push('2030-01-01')
      expect(await dates[0]).toEqual(new Date('2030-01-01'))
      expect(await items('dates')).toEqual(['2030-01-01'])
    })

    test('that cannot store its own input is still refused by the codec', async () => {
      const dates = hot.list('real dates', { schema: z.date() })
      await expect(dates.push(new Date())).rejects.toThrow(CodecError)
      expect(await dates.exists()).toBe(false)
    })
  })

  describe('of a dict', () => {
    test('one schema checks the value of every field', async () => {
      const counts = hot.dict('counts', { schema: z.int().min(0) })
      counts['apples'] = 2
      await counts.update({ pears: 3 })
      expect(await counts.toJS()).toEqual({ apples: 2, pears: 3 })
      await expect(counts.update({ plums: 1, figs: -1 })).rejects.toThrow(/counts.*figs/s)
      await expect(counts.set('figs', 'many' as never)).rejects.toThrow(CodecError)
      await expect(counts.getOrInsert('figs', 0.5)).rejects.toThrow(CodecError)
      await expect(counts.replace({ figs: -1 })).rejects.toThrow(CodecError)
      expect(() => (counts['figs'] = -1)).toThrow(CodecError)
      expect(await counts.toJS()).toEqual({ apples: 2, pears: 3 })
      await rawly('HSET', 'counts', 'figs', 'foreign')
      await expect(counts.get('figs')).rejects.toMatchObject({ name: 'CodecError', key: 'schema:counts' })
      await expect(counts.toJS()).rejects.toThrow(/counts.*figs/s)
      expect(await counts.get('apples')).toBe(2)
    })

    test('a record of schemas checks each field by its own', async () => {
      const user = hot.dict('user', { schema: { name: z.string(), visits: z.number(), tags: z.array(z.string()) } })
      await user.update({ name: 'Ada', visits: 1, tags: ['a'] })
      const [name, visits, tags]: [string | undefined, number | undefined, string[] | undefined] = await Promise.all([
        user.name,
        user.visits,
        user.get('tags')
      ])
      expect([name, visits, tags]).toEqual(['Ada', 1, ['a']])
      await expect(user.set('name', 7 as never)).rejects.toThrow(/user.*name/s)
      await expect(user.update({ name: 'Grace', visits: 'often' as never })).rejects.toThrow(/user.*visits/s)
      await expect(user.set('tags', ['a', 1 as never])).rejects.toThrow(CodecError)
      expect(() => (user.visits = '1' as never)).toThrow(CodecError)
      expect(await user.toJS()).toEqual({ name: 'Ada', visits: 1, tags: ['a'] })

      await rawly('HSET', 'user', 'visits', 'often')
      expect(await user.name).toBe('Ada')
      await expect(user.get('visits')).rejects.toThrow(CodecError)
      await expect(user.toJS()).rejects.toMatchObject({ name: 'CodecError', key: 'schema:user' })
    })

    test('a record of schemas that transform: stored as given, read as made', async () => {
      const schema = { born: z.string().transform(text => new Date(text)), height: z.string().transform(Number) }
      const user = hot.dict('born', { schema, initial: { born: '1815-12-10', height: '1.65' } })
      expect(await user.born).toEqual(new Date('1815-12-10'))
      expect(await user.toJS()).toEqual({ born: new Date('1815-12-10'), height: 1.65 })
      expect(await rawly('HGET', 'born', 'height')).toBe('"1.65"')
      expect(await user.getOrInsert('height', '2')).toBe(1.65)
      expect(await user.pop('height')).toBe(1.65)
      expect(await user.getOrInsert('height', '2')).toBe(2)
      const fields: Record<string, unknown> = {}
      for await (const [field, value] of user) fields[field] = value
      expect(fields).toEqual({ born: new Date('1815-12-10'), height: 2 })
    })

    test('a copy has the same schema', async () => {
      const counts = hot.dict('{copy}', { schema: z.int(), initial: { a: 1 } })
      const copy = await counts.copyTo('{copy}:2')
      await expect(copy.set('a', 0.5)).rejects.toThrow(CodecError)
      expect(await copy.toJS()).toEqual({ a: 1 })
    })
  })

  describe('of a defaultDict', () => {
    test('checks what the factory makes, what is given and what is read', async () => {
      let made: unknown = 1
      const counts = hot.defaultDict<Record<string, number>>(() => made as number, 'default', { schema: z.int() })
      expect(await counts['a']).toBe(1)
      await expect(counts.set('b', 0.5)).rejects.toThrow(CodecError)
      made = 'many'
      await expect(counts.get('c')).rejects.toMatchObject({ name: 'CodecError', key: 'schema:default' })
      expect(await counts.toJS()).toEqual({ a: 1 })
      await rawly('HSET', 'default', 'd', 'foreign')
      await expect(counts.get('d')).rejects.toThrow(CodecError)
    })

    test('that transforms: what the factory made is stored, reading gives what the schema makes of it', async () => {
      const dict = hot.defaultDict<Record<string, unknown>>(() => '2030-01-01', 'default dates', {
        schema: z.iso.date().transform(text => new Date(text))
      })
      const reads = await Promise.all([dict['a'], dict.get('a')])
      expect(reads).toEqual([new Date('2030-01-01'), new Date('2030-01-01')])
      expect(await rawly('HGETALL', 'default dates')).toEqual(['a', '2030-01-01'])
    })
  })

  describe('that validates asynchronously', () => {
    const schema = z.string().refine(async text => Promise.resolve(text !== ''))

    test('is a TypeError on writing, and nothing is sent', async () => {
      const list = hot.list('async', { schema })
      await expect(list.push('x')).rejects.toThrow(TypeError)
      await expect(list.push('x')).rejects.toThrow(/asynchronous/)
      expect(() => (list[0] = 'x')).toThrow(TypeError)
      const dict = hot.dict('async dict', { schema: { name: schema } })
      await expect(dict.set('name', 'x')).rejects.toThrow(TypeError)
      await expect(dict.update({ name: 'x' })).rejects.toThrow(TypeError)
      expect(await Promise.all([list.exists(), dict.exists()])).toEqual([false, false])
    })

    test('is a TypeError on reading', async () => {
      await rawly('RPUSH', 'async read', 'x')
      const list = hot.list('async read', { schema })
      await expect(list.at(0)).rejects.toThrow(TypeError)
      await expect(list.toJS()).rejects.toThrow(TypeError)
    })
  })

  test('what is no Standard Schema is a TypeError when the handle is made', () => {
    for (const schema of [null, 'string', () => true, { name: 'string' }, { '~standard': {} }, [1]]) {
      expect(() => hot.list('x', { schema: schema as never })).toThrow(TypeError)
      expect(() => hot.dict('x', { schema: schema as never })).toThrow(TypeError)
    }
  })

  test('any library of the Standard Schema will do; a path of its issues is in the message', async () => {
    const even: StandardSchema<{ n: number }> = {
      '~standard': {
        version: 1,
        vendor: 'by hand',
        validate: value =>
          (value as { n: number }).n % 2 === 0
            ? { value: value as { n: number } }
            : { issues: [{ message: 'must be even', path: [{ key: 'n' }] }] }
      }
    }
    const list = hot.list('even', { schema: even })
    expect(await list.push({ n: 2 })).toBe(1)
    await expect(list.push({ n: 3 })).rejects.toThrow(/n.*must be even/)
  })
})
