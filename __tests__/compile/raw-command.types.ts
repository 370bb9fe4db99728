import { hot, type CommandReply, type HotDict, type HotLock } from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

declare const user: HotDict<{ name: string }>
declare const lock: HotLock

export async function anyCommand() {
  expectType<CommandReply>()(await hot.command('HSTRLEN', user, 'name'))
  expectType<number>()(await hot.command<number>('HSTRLEN', user, 'name'))
  await hot.command('ZCARD', lock)
  await hot.command('LRANGE', hot.list('todo'), 0, -1)
  await hot.command(
    'EXISTS',
    hot.set('a'),
    hot.queue('b'),
    hot.int('c'),
    hot.multiSet('d'),
    hot.defaultDict<Record<string, number>>(() => 1)
  )
  await hot.command('STRLEN', hot.string('a'))
  await hot.command('STRLEN', hot.immutableString('a'))
  const [length] = await hot.transaction(() => [hot.command<number>('HSTRLEN', user, 'name')])
  expectType<number>()(length)
  // @ts-expect-error bytes are no words
  await hot.command('SET', user, Buffer.from('x'))
  // @ts-expect-error a value that is not there yet
  await hot.command('SET', user, user.name)
  // @ts-expect-error undefined is no word
  await hot.command('SET', user, undefined)
  // @ts-expect-error a boolean is no word
  await hot.command('SET', user, true)
  // @ts-expect-error an array is no word: give its items
  await hot.command('DEL', [user])
}

export async function keysAndClear() {
  for await (const key of hot.keys('user:*')) expectType<string>()(key)
  for await (const key of hot.keys()) expectType<string>()(key)
  expectType<number>()(await hot.clear('user:*'))
  // @ts-expect-error a pattern is text
  hot.keys(/user/)
}
