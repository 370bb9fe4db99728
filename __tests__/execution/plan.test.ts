import { describe, expect, test } from '@jest/globals'
import { command, keysOf, keysOfAll, script, type Request, type Script } from '../../src/core/command.js'
import { Key } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'
import { multiOf, plan, repliesOf, type Transmission } from '../../src/execution/plan.js'

const key = new Key('k')
const other = new Key('other')

const scriptNamed = (name: string, bounded = true, slow = false): Script => ({
  name,
  source: `return '${name}'`,
  sha1: `sha of ${name}`,
  bounded,
  slow
})
const one = scriptNamed('one')
const two = scriptNamed('two')

const call = (...requests: Request[]): Call => ({
  requests,
  resend: false,
  losses: 0,
  replied: () => undefined,
  failed: () => undefined
})

const get = (...args: string[]) => call(command('GET', key, ...args))
const run = (which: Script, of: Key, ...args: string[]) => call(script(which, [of], ...args))

const mayFuse = () => false
const busy = { idle: false, oneKeyPerBatch: false, mayFuse }
const idle = { idle: true, oneKeyPerBatch: false, mayFuse }

const names = (calls: readonly Call[], options = busy) => plan(calls, options).map(({ words: [name] }) => name)
const sizeOf = ({ batch }: Transmission) => batch?.length ?? 1

describe('Keys', () => {
  test('follow from the request, and are told apart from values of the same spelling', () => {
    const request = command('LMOVE', key, new Key('k'), 'k', 'other')
    expect(request.words).toEqual(['LMOVE', 'k', 'k', 'k', 'other'])
    expect(request.keysAt).toEqual([1, 2])
    expect(keysOf(command('HSET', key, 'k', 'k'))).toEqual(['k'])
    expect(keysOf(command('PING'))).toEqual([])
    expect(keysOf(script(one, [key, other], 'k'))).toEqual(['k', 'other'])
  })

  test('of several requests are listed once, in order', () => {
    expect(keysOfAll([command('GET', other), command('GET', key), script(one, [other, key])])).toEqual(['other', 'k'])
  })
})

describe('A single call', () => {
  test('goes as it is', () => {
    const [sent, ...more] = plan([get()], idle)
    expect(more).toEqual([])
    expect(sent).toMatchObject({ words: ['GET', 'k'], multi: undefined, evalFallback: undefined })
  })

  test('of several requests goes as one MULTI, however many others there are', () => {
    const several = call(command('HGET', key, 'f'), command('HDEL', key, 'f'))
    const sent = plan([get(), several, get()], idle)
    expect(sent.map(({ multi }) => multi !== undefined)).toEqual([false, true, false])
    expect(sent[1]?.multi?.commands).toEqual([
      ['HGET', 'k', 'f'],
      ['HDEL', 'k', 'f']
    ])
  })
})

describe('A script', () => {
  test('goes by its digest when it is alone, with its source to fall back on', () => {
    const [sent] = plan([run(one, key, 'x')], idle)
    expect(sent?.words).toEqual(['EVALSHA', 'sha of one', '1', 'k', 'x'])
    expect(sent?.evalFallback).toEqual(['EVAL', "return 'one'", '1', 'k', 'x'])
  })

  test('goes with its source when something is in flight, or goes with it', () => {
    expect(names([run(one, key)])).toEqual(['EVAL'])
    expect(names([run(one, key), get()], idle)).toEqual(['EVAL', 'GET'])
    expect(names([get(), run(one, key)], idle)).toEqual(['GET', 'EVAL'])
  })

  test('in a MULTI goes with its source the first time only', () => {
    const requests = [script(one, [key]), script(two, [key]), script(one, [other]), command('GET', key)]
    const { commands } = multiOf(requests, () => true)
    expect(commands.map(([name]) => name)).toEqual(['EVAL', 'EVAL', 'EVALSHA', 'GET'])
  })

  test('of a MULTI that is like its neighbour becomes one command with it, and each request has its reply', () => {
    const push = (...values: string[]) => command('RPUSH', key, ...values)
    const requests = [push('a'), push('b', 'c'), command('SADD', key, 'x'), command('SADD', key, 'y'), push('d')]
    const multi = multiOf(requests, () => true)
    expect(multi.commands).toEqual([
      ['RPUSH', 'k', 'a', 'b', 'c'],
      ['SADD', 'k', 'x'],
      ['SADD', 'k', 'y'],
      ['RPUSH', 'k', 'd']
    ])
    expect(multi.repliesFrom([5, 1, 0, 6])).toEqual([3, 5, 1, 0, 6])
    const pops = [command('LPOP', key), command('LPOP', key), push('a')]
    expect(multiOf(pops, () => true).repliesFrom([null, 1])).toEqual([null, null, 1])
    const refusal = new Error('WRONGTYPE')
    expect(multi.repliesFrom([refusal, 1, 0, 6])).toEqual([refusal, refusal, 1, 0, 6])
    expect(multiOf(requests, () => false).commands).toHaveLength(5)
  })

  test('that may be slow is marked, in a MULTI too', () => {
    const slow = script(scriptNamed('sort', false, true), [key])
    expect(plan([call(slow)], idle)[0]?.slow).toBe(true)
    expect(plan([call(command('GET', key), slow)], idle)[0]?.slow).toBe(true)
    expect(plan([get()], idle)[0]?.slow).toBe(false)
  })
})

describe('A batch', () => {
  test('is made of calls of one script in a row', () => {
    const sent = plan([run(one, key, 'a'), run(one, key, 'b'), run(one, other), run(two, key)], busy)
    expect(sent.map(sizeOf)).toEqual([3, 1])
    const [name, , keyCount, ...rest] = sent[0]?.words ?? []
    expect([name, keyCount]).toEqual(['EVAL', '2'])
    // A key that the call before had, too, is not repeated.
    expect(rest).toEqual(['k', 'other', '1', '1', 'a', '0', '1', 'b', '1', '0'])
  })

  test('is not made of scripts whose cost has no bound', () => {
    const unbounded = scriptNamed('sort', false)
    expect(names([run(unbounded, key), run(unbounded, key)])).toEqual(['EVAL', 'EVAL'])
  })

  test('does not reorder: another call in between ends it', () => {
    expect(names([run(one, key), run(one, key), get(), run(one, key)])).toEqual(['EVAL', 'GET', 'EVAL'])
  })

  test('has bounds: calls, arguments and characters', () => {
    const sizes = (calls: Call[]) => plan(calls, busy).map(sizeOf)
    expect(sizes(Array.from({ length: 250 }, () => run(one, key)))).toEqual([100, 100, 50])
    const wide = Array.from({ length: 2_000 }, () => 'x')
    expect(sizes(Array.from({ length: 5 }, () => run(one, key, ...wide)))).toEqual([2, 2, 1])
    const long = 'x'.repeat(200_000)
    expect(sizes(Array.from({ length: 3 }, () => run(one, key, long)))).toEqual([1, 1, 1])
  })

  test('goes by its digest when it is all there is', () => {
    const [sent] = plan([run(one, key), run(one, key)], idle)
    expect(sent?.words[0]).toBe('EVALSHA')
    expect(sent?.evalFallback?.[0]).toBe('EVAL')
  })

  test('on a cluster has calls of one key only', () => {
    const calls = [run(one, key), run(one, key), run(one, other)]
    expect(plan(calls, { idle: false, oneKeyPerBatch: true, mayFuse }).map(sizeOf)).toEqual([2, 1])
  })

  test('gives each call its own reply; one that failed as a whole has failed for each, and for no other', () => {
    const failed = new Error('ERR failed')
    const [batch] = plan([run(one, key), run(one, key)], busy) as [Transmission]
    expect(repliesOf(batch, ['x', failed])).toEqual(['x', failed])
    expect(repliesOf(batch, failed)).toEqual([failed, failed])
  })
})

test('A call behind an ASKING goes alone, and never by its digest', () => {
  const asking: Call = { ...run(one, key), asking: true }
  const [sent] = plan([asking], idle)
  expect(sent?.call).toBe(asking)
  expect(sent?.evalFallback).toBeUndefined()
  expect(plan([asking, { ...asking }], busy)).toHaveLength(2)
})
