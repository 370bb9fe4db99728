import { describe, expect, test } from '@jest/globals'
import { command, type Command, type Reply, type Update } from '../../src/core/command.js'
import { CodecError, ConnectionError, KeyTypeError, ReplyError } from '../../src/core/errors.js'
import { Key } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'
import { execute, type Executor } from '../../src/execution/driver.js'
import { failureOf } from '../support/promises.js'

const info = { operation: 'Dict.get', key: 'app:k', redisType: 'hash' } as const
const key = new Key('app:k')
const read = command('HGET', key, 'f')
const write = (text: string) => command('HSET', key, 'f', text)

/** An executor whose replies are the test's. */
class FakeExecutor implements Executor {
  readonly sent: { readonly how: 'read' | 'write'; readonly call: Call; readonly assumed?: Reply | undefined }[] = []
  constructor(readonly repliesToWrites = true) {}
  read(call: Call) {
    this.sent.push({ how: 'read', call })
  }
  write(call: Call, assumed?: Reply) {
    this.sent.push({ how: 'write', call, assumed })
  }
  typeOf() {
    return Promise.resolve('list')
  }

  /** What was sent: `read HGET app:k f`. */
  get log() {
    return this.sent.map(
      ({ how, call }) =>
        `${how} ${call.requests.map(request => (request.script ? [] : request.words).join(' ')).join('; ')}`
    )
  }
  get last() {
    return this.sent.at(-1)!
  }
  reply(...replies: Reply[]) {
    this.last.call.replied(replies, 1)
  }
  fail(error: unknown) {
    this.last.call.failed(error)
  }
}

/** Runs a command; `settled` lists every result and error it was settled with. */
function run<R>(command: Command<R>, executor = new FakeExecutor()) {
  const settled: unknown[] = []
  const result = new Promise<R>((resolve, reject) => {
    execute(
      command,
      executor,
      value => {
        settled.push(value)
        resolve(value)
      },
      error => {
        settled.push(error)
        reject(error)
      }
    )
  })
  result.catch(() => undefined)
  return { executor, result, settled }
}

/** An Update that appends `+` to what is stored, and tells what it found. */
const append = (more: Partial<Update<Reply>> = {}): Update<Reply> => ({
  info,
  kind: 'update',
  read,
  compute: stored => ({ result: stored, write: write(`${String(stored)}+`) }),
  insertsDefault: false,
  ...more
})

const writing = (more: { idempotent?: boolean } = {}): Command<Reply | undefined> => ({
  info,
  kind: 'write',
  requests: [write('x'), write('y')],
  decode: ([first]) => first,
  returnsNothing: false,
  idempotent: false,
  ...more
})

const reading = (
  decode: (replies: readonly Reply[], epoch: number) => Reply = ([first = null]) => first
): Command<Reply> => ({
  info,
  kind: 'read',
  requests: [read],
  decode
})

describe('A Read', () => {
  test('is sent once, may be sent again, and is decoded with the number of the connection', async () => {
    const { executor, result } = run(reading(([reply], epoch) => [reply ?? null, epoch]))
    expect(executor.log).toEqual(['read HGET app:k f'])
    expect(executor.last.call.resend).toBe(true)
    executor.last.call.replied(['a'], 7)
    expect(await result).toEqual(['a', 7])
  })

  test('whose decoding throws rejects with just that, once', async () => {
    const thrown = new CodecError('not JSON')
    const { executor, result, settled } = run(
      reading(() => {
        throw thrown
      })
    )
    executor.reply('a')
    expect(await failureOf(result)).toBe(thrown)
    expect(settled).toEqual([thrown])
  })
})

describe('A Write', () => {
  test('is one call of all its requests, sent again only if that does no harm', async () => {
    const { executor, result } = run(writing())
    expect(executor.log).toEqual(['write HSET app:k f x; HSET app:k f y'])
    expect(executor.last.call.resend).toBe(false)
    executor.reply(1, 0)
    expect(await result).toBe(1)
    expect(run(writing({ idempotent: true })).executor.last.call.resend).toBe(true)
  })

  test('that returns nothing resolves with undefined', async () => {
    const { executor, result } = run({ ...writing(), decode: undefined } as Command<unknown>)
    executor.reply(1, 0)
    expect(await result).toBeUndefined()
  })
})

describe('An Update', () => {
  test('reads, computes and writes', async () => {
    const { executor, result } = run(append())
    expect(executor.last.call.resend).toBe(true)
    executor.reply('a')
    expect(executor.log).toEqual(['read HGET app:k f', 'write HSET app:k f a+'])
    expect(executor.last.call.resend).toBe(false)
    executor.reply(['a+'])
    expect(await result).toBe('a')
  })

  test('with nothing to write ends with what it read', async () => {
    const { executor, result } = run(append({ compute: stored => ({ result: stored }) }))
    executor.reply(null)
    expect(await result).toBeNull()
    expect(executor.log).toEqual(['read HGET app:k f'])
  })

  test('whose write is refused computes again from what is stored by now, without reading', async () => {
    const { executor, result, settled } = run(append())
    executor.reply('a')
    executor.reply([null, 'b'])
    executor.reply([null, null])
    expect(settled).toEqual([])
    expect(executor.log).toEqual([
      'read HGET app:k f',
      ...['a+', 'b+', 'null+'].map(text => `write HSET app:k f ${text}`)
    ])
    executor.reply(['done'])
    expect(await result).toBeNull()
    expect(settled).toHaveLength(1)
  })

  test('may have nothing to write any more once its write was refused', async () => {
    const { executor, result } = run(
      append({
        compute: stored => (stored === 'taken' ? { result: stored } : { result: 'mine', write: write('mine') })
      })
    )
    executor.reply(null)
    executor.reply([null, 'taken'])
    expect(await result).toBe('taken')
    expect(executor.sent).toHaveLength(2)
  })

  test('tries first what does it all in Redis, and reads its reply as that of a write', async () => {
    const tried = run(append({ tryFirst: write('tried') }))
    expect(tried.executor.log).toEqual(['write HSET app:k f tried'])
    tried.executor.reply([null, 'b'])
    expect(tried.executor.log.at(-1)).toBe('write HSET app:k f b+')
    tried.executor.reply(['b+'])
    expect(await tried.result).toBe('b')
  })

  test('reads instead where writes are not replied to, and says what their reply would be', () => {
    const { executor } = run(append({ tryFirst: write('tried') }), new FakeExecutor(false))
    executor.reply('a')
    expect(executor.log).toEqual(['read HGET app:k f', 'write HSET app:k f a+'])
    expect(executor.sent[1]!.assumed).toEqual(['done'])
  })

  test.each([
    ['the first time', []],
    ['after a refused write', [[null, 'b']]]
  ])('whose computation throws %s rejects with just that, once', async (_, refusals: Reply[]) => {
    const thrown = new Error('the factory failed')
    let attempts = 0
    const { executor, result, settled } = run(
      append({
        compute: stored => {
          if (attempts++ === refusals.length) throw thrown
          return { result: stored, write: write('x') }
        }
      })
    )
    executor.reply('a')
    for (const refusal of refusals) executor.reply(refusal)
    expect(await failureOf(result)).toBe(thrown)
    expect(settled).toEqual([thrown])
    expect(executor.sent).toHaveLength(1 + refusals.length)
  })
})

const commands: [string, () => Command<Reply | undefined>, Reply[]][] = [
  ['a Read', reading, []],
  ['a Write', writing, []],
  ['an Update that reads', append, []],
  ['an Update that writes', append, ['a']]
]

describe.each(commands)('A failure of %s', (_, make, before) => {
  const started = () => {
    const ran = run(make())
    for (const reply of before) ran.executor.reply(reply)
    return ran
  }

  test('that Redis replies becomes an error that explains it', async () => {
    const wrongType = new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
    const { executor, result, settled } = started()
    executor.last.call.replied([wrongType, 'OK'], 1)
    const error = await failureOf(result)
    expect(error).toBeInstanceOf(KeyTypeError)
    expect(error).toMatchObject({ key: 'app:k', operation: 'Dict.get', cause: wrongType })
    expect((error as Error).message).toContain('holds a list, not a hash')
    expect(settled).toEqual([error])
  })

  test('of any other kind names the key', async () => {
    const { executor, result } = started()
    executor.reply(new Error('ERR something new'))
    const error = await failureOf(result)
    expect(error).toBeInstanceOf(ReplyError)
    expect((error as Error).message).toContain("key 'app:k': Redis answers ERR something new")
  })

  test.each(['not-sent', 'unknown'] as const)('to be answered (%s) names key, operation and outcome', async outcome => {
    const cause = new Error('socket closed')
    const { executor, result } = started()
    executor.fail(new ConnectionError('the connection was lost', { outcome, cause }))
    const error = (await failureOf(result)) as ConnectionError
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ key: 'app:k', operation: 'Dict.get', outcome, cause })
    expect(error.message).toContain("key 'app:k': the connection was lost")
    const hinted = outcome === 'unknown' && make().kind !== 'read'
    expect(error.message.includes('may or may not have been applied')).toBe(hinted)
  })

  test('that is none of the connection is passed on as it is', async () => {
    const { executor, result } = started()
    const failure = new TypeError('bad')
    executor.fail(failure)
    expect(await failureOf(result)).toBe(failure)
  })
})

test('The second reply of several is an error like the first', async () => {
  const { executor, result } = run(writing())
  executor.reply(1, new Error('ERR second'))
  expect(((await failureOf(result)) as Error).message).toContain('ERR second')
})
