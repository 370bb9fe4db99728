import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { KeyTypeError, createHot } from '../../src/index.js'
import { failureOf } from '../support/promises.js'
import { ownServer, type OwnServer } from '../support/own-server.js'

let own: OwnServer
beforeAll(async () => {
  own = await ownServer()
})
afterAll(() => own.close())

/** How often Redis has executed each of these commands since the last time. */
async function executed(...names: string[]): Promise<number[]> {
  const stats = String(await own.raw('INFO', 'commandstats'))
  await own.raw('CONFIG', 'RESETSTAT')
  return names.map(name => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
}

describe('Calls made together', () => {
  test('go as one command, and each has its own result', async () => {
    const { hot } = own
    const dict = hot.dict<Record<string, number>>('dict', { initial: { a: 1, b: 2 } })
    const set = hot.set<string>('set')
    const list = hot.list<string>('list')
    await hot.flush()
    await executed()
    expect(await Promise.all([dict.a, dict.b, dict.c])).toEqual([1, 2, undefined])
    expect(await Promise.all([set.add('x'), set.add('x'), set.add('y')])).toEqual([1, 0, 1])
    expect(await Promise.all([list.push('a'), list.push('b', 'c'), list.push('d')])).toEqual([1, 3, 4])
    expect(await Promise.all([list[0], list[1], list[2], list[9]])).toEqual(['a', 'b', 'c', undefined])
    expect(await Promise.all([list.shift(), list.shift()])).toEqual(['a', 'b'])
    dict.d = 4
    dict.e = 5
    await hot.flush()
    expect(await executed('hget', 'hmget', 'rpush', 'lpop', 'hset')).toEqual([0, 1, 1, 1, 1])
  })

  test('fail each for itself where the key holds another type', async () => {
    const { hot } = own
    await hot.list('a list').push('x')
    const dict = hot.dict<Record<string, number>>('a list')
    const failures = await Promise.all([dict.get('a'), dict.get('b')].map(failureOf))
    for (const [at, failure] of failures.entries()) {
      expect(failure).toBeInstanceOf(KeyTypeError)
      expect(failure).toMatchObject({ key: 'a list', operation: 'Dict.get' })
      expect(failures.indexOf(failure)).toBe(at)
    }
  })

  test('go one by one with fusion: false', async () => {
    const hot = createHot({ url: own.url, fusion: false })
    const dict = hot.dict<Record<string, number>>('dict')
    await dict.size
    await executed()
    await Promise.all([dict.a, dict.b])
    expect(await executed('hget', 'hmget')).toEqual([2, 0])
    await hot.close()
  })

  test('go one by one for a user who may not send the command for several', async () => {
    await own.raw('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all', '-hmget', '-smismember', '-lrange')
    const hot = createHot({ url: own.url.replace('redis://', 'redis://limited:secret@') })
    const dict = hot.dict<Record<string, number>>('mine', { initial: { a: 1, b: 2 } })
    const set = hot.set<string>('my set')
    const list = hot.list<string>('my list')
    await Promise.all([hot.flush(), set.add('x'), list.push('a', 'b')])
    expect(await Promise.all([dict.a, dict.b, set.has('x'), set.has('y'), list[0], list[1]])).toEqual([
      1,
      2,
      true,
      false,
      'a',
      'b'
    ])
    await hot.close()
  })
})
