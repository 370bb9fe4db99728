import { describe, expect, test } from '@jest/globals'
import { command, type Request } from '../../src/core/command.js'
import { Key } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'
import { plan, repliesOf, type PlanOptions, type Transmission } from '../../src/execution/plan.js'

const key = new Key('k')
const other = new Key('other')

const call = (request: Request, ignoresReply = false): Call => ({
  requests: [request],
  resend: false,
  ignoresReply,
  losses: 0,
  replied: () => undefined,
  failed: () => undefined
})
const on = (...words: [string, ...(Key | string | number)[]]): Call => call(command(...words))
const ignoring = (...words: [string, ...(Key | string | number)[]]): Call => call(command(...words), true)

const everything: PlanOptions = { idle: false, oneKeyPerBatch: false, mayFuse: () => true }
const sent = (calls: readonly Call[], options = everything) => plan(calls, options).map(({ words }) => words)
const replies = (calls: readonly Call[], reply: Parameters<typeof repliesOf>[1]) => {
  const [transmission, ...more] = plan(calls, everything) as [Transmission]
  expect(more).toEqual([])
  const parts = repliesOf(transmission, reply)
  return calls.map((_call, index) => parts[index] ?? null)
}

describe('Neighbouring calls on one key', () => {
  test('that read fields or members are one command, an element of the reply for each', () => {
    const gets = [on('HGET', key, 'a'), on('HGET', key, 'b')]
    expect(sent(gets)).toEqual([['HMGET', 'k', 'a', 'b']])
    expect(replies(gets, ['1', null])).toEqual(['1', null])
    expect(sent([on('SISMEMBER', key, 'a'), on('SISMEMBER', key, 'b')])).toEqual([['SMISMEMBER', 'k', 'a', 'b']])
  })

  test('that append are one command, each length counted back from the last', () => {
    const pushes = [on('RPUSH', key, 'a', 'b'), on('RPUSH', key, 'c'), on('RPUSH', key, 'd', 'e')]
    expect(sent(pushes)).toEqual([['RPUSH', 'k', 'a', 'b', 'c', 'd', 'e']])
    expect(replies(pushes, 15)).toEqual([12, 13, 15])
  })

  test('that assign are one command', () => {
    expect(sent([ignoring('HSET', key, 'a', '1'), ignoring('HSET', key, 'b', '2', 'c', '3')])).toEqual([
      ['HSET', 'k', 'a', '1', 'b', '2', 'c', '3']
    ])
    expect(sent([ignoring('HDEL', key, 'a'), ignoring('HDEL', key, 'b')])).toEqual([['HDEL', 'k', 'a', 'b']])
  })

  test('whose reply tells of all together run one by one in a script', () => {
    const deletes = [on('HDEL', key, 'a'), on('HDEL', key, 'b')]
    expect(sent(deletes)).toEqual([['EVAL', expect.any(String), '1', 'k', 'HDEL', 'a', 'b']])
    expect(replies(deletes, [1, 0])).toEqual([1, 0])
  })

  test('that add or remove members go with a look at which there were', () => {
    const three = (name: string) => [on(name, key, 'a'), on(name, key, 'b'), on(name, key, 'a')]
    expect(plan(three('SADD'), everything).map(({ multi }) => multi?.commands)).toEqual([
      [
        ['SMISMEMBER', 'k', 'a', 'b', 'a'],
        ['SADD', 'k', 'a', 'b', 'a']
      ]
    ])
    expect(replies(three('SADD'), [[0, 1, 0], 1])).toEqual([1, 0, 0])
    expect(replies(three('SREM'), [[1, 0, 1], 1])).toEqual([1, 0, 0])
    const refusal = new Error('WRONGTYPE')
    expect(replies(three('SADD'), [refusal, refusal])).toEqual([refusal, refusal, refusal])
  })

  test('that take items are one command; who comes too late gets none', () => {
    const pops = [on('LPOP', key), on('LPOP', key), on('LPOP', key)]
    expect(sent(pops)).toEqual([['LPOP', 'k', '3']])
    expect(replies(pops, ['a', 'b'])).toEqual(['a', 'b', null])
    expect(replies(pops, null)).toEqual([null, null, null])
  })

  test('that read neighbouring items are a range', () => {
    const reads = [on('LINDEX', key, 3), on('LINDEX', key, 4), on('LINDEX', key, 4), on('LINDEX', key, 5)]
    expect(sent(reads)).toEqual([['LRANGE', 'k', '3', '5']])
    expect(replies(reads, ['d', 'e'])).toEqual(['d', 'e', 'e', null])
    expect(sent([on('LINDEX', key, 1), on('LINDEX', key, 3)])).toHaveLength(2)
    expect(sent([on('LINDEX', key, -2), on('LINDEX', key, -1), on('LINDEX', key, 0)])).toHaveLength(3)
  })

  test('that read the same are one command', () => {
    const reads = [on('GET', key), on('GET', key)]
    expect(sent(reads)).toEqual([['GET', 'k']])
    expect(replies(reads, 'x')).toEqual(['x', 'x'])
    expect(sent([on('LRANGE', key, 0, 1), on('LRANGE', key, 0, 2)])).toHaveLength(2)
  })

  test('get an array of their own each', () => {
    const [first, second] = replies([on('LRANGE', key, 0, -1), on('LRANGE', key, 0, -1)], ['a', 'b'])
    expect(first).toEqual(second)
    expect(first).not.toBe(second)
  })

  test('fail each with what the command failed with', () => {
    const failed = new Error('WRONGTYPE')
    expect(replies([on('HGET', key, 'a'), on('HGET', key, 'b')], failed)).toEqual([failed, failed])
  })
})

describe('Calls stay apart', () => {
  test('when another call is between them, or they are on other keys', () => {
    expect(sent([on('HGET', key, 'a'), on('HLEN', key), on('HGET', key, 'b')])).toHaveLength(3)
    expect(sent([on('HGET', key, 'a'), on('HGET', other, 'a')])).toHaveLength(2)
  })

  test('when their result can not be told from the reply, or is random', () => {
    expect(sent([on('HSET', key, 'a', '1'), on('HSET', key, 'b', '2')])).toHaveLength(2)
    expect(sent([on('HSET', key, 'a', '1'), ignoring('HSET', key, 'b', '2')])).toHaveLength(2)
    expect(sent([on('SRANDMEMBER', key, 1), on('SRANDMEMBER', key, 1)])).toHaveLength(2)
    expect(sent([on('SPOP', key), on('SPOP', key)])).toHaveLength(2)
    expect(sent([on('SADD', key, 'a', 'b'), on('SADD', key, 'c')])).toHaveLength(2)
  })

  test('when one of them has no arguments: Redis refuses that one', () => {
    expect(sent([on('RPUSH', key), on('RPUSH', key, 'a')])).toHaveLength(2)
    expect(sent([on('LPUSH', key, 'a'), on('LPUSH', key)])).toHaveLength(2)
  })

  test('when the user may not send the command that takes several', () => {
    const options = { ...everything, mayFuse: (name: string) => name !== 'HMGET' }
    expect(sent([on('HGET', key, 'a'), on('HGET', key, 'b'), on('LPOP', key), on('LPOP', key)], options)).toEqual([
      ['HGET', 'k', 'a'],
      ['HGET', 'k', 'b'],
      ['LPOP', 'k', '2']
    ])
  })

  test('when they are several requests, or go behind an ASKING', () => {
    const several = { ...on('HGET', key, 'a'), requests: [command('HGET', key, 'a'), command('HGET', key, 'b')] }
    expect(plan([several, on('HGET', key, 'b')], everything)).toHaveLength(2)
    expect(sent([on('HGET', key, 'a'), { ...on('HGET', key, 'b'), asking: true }])).toHaveLength(2)
  })

  test('beyond 1,000 words and 256 KB', () => {
    const many = Array.from({ length: 2_500 }, (_, index) => on('RPUSH', key, index))
    expect(sent(many).map(({ length }) => length)).toEqual([1_000, 1_000, 506])
    const large = Array.from({ length: 3 }, () => on('RPUSH', key, 'x'.repeat(100_000)))
    expect(sent(large).map(({ length }) => length)).toEqual([4, 3])
  })
})
