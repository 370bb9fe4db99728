import type { StandardSchemaV1 } from '@standard-schema/spec'
import { hot, type HotDefaultDict, type HotDict, type HotList } from 'hot-redis'
import { z } from 'zod'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

const User = z.object({ name: z.string(), visits: z.number() })
const NumberText = z.string().transform(Number)

export async function aSchemaGivesAListItsType() {
  const names = hot.list('names', { schema: z.string() })
  expectType<HotList<string, string>>()(names)
  expectType<string | undefined>()(await names[0])
  names[0] = 'Ada'
  // @ts-expect-error strings are wanted
  void names.push(1)
  // @ts-expect-error strings are wanted
  hot.list('names', { schema: z.string(), initial: [1] })

  const users = hot.list('users', { schema: User, initial: [{ name: 'Ada', visits: 0 }] })
  expectType<{ name: string; visits: number } | undefined>()(await users.pop())
  // @ts-expect-error a name is wanted too
  void users.push({ visits: 1 })
}

export async function aTransformReadsAsItsOutputAndTakesItsInput() {
  const numbers = hot.list('numbers', { schema: NumberText, initial: ['1'] })
  expectType<HotList<number, string>>()(numbers)
  expectType<number | undefined>()(await numbers.at(0))
  // Brackets and dots are written through too, and the compiler has one type for both.
  expectType<number | string | undefined>()(await numbers[0])
  expectType<number[]>()(await numbers.slice())
  expectType<number[]>()(await numbers.toJS())
  void numbers.push('1')
  numbers[0] = '2'
  // @ts-expect-error the input is wanted, text
  void numbers.push(1)
  // @ts-expect-error the input is wanted, text
  numbers[0] = 1
}

export async function aRecordOfSchemasGivesADictItsFields() {
  const user = hot.dict('user', { schema: { name: z.string(), visits: NumberText, nickname: z.string().optional() } })
  expectType<string | undefined>()(await user.name)
  expectType<number | string | undefined>()(await user.visits)
  expectType<string | undefined>()(await user.nickname)
  expectType<number | undefined>()(await user.get('visits'))
  user.name = 'Ada'
  user.visits = '1'
  void user.set('visits', '1')
  void user.update({ visits: '1' })
  // @ts-expect-error the input is wanted, text
  user.visits = 1
  // @ts-expect-error the input is wanted, text
  void user.set('visits', 1)
  // @ts-expect-error no such field
  user.nmae = 'x'
  // @ts-expect-error the input is wanted, text
  hot.dict('user', { schema: { visits: NumberText }, initial: { visits: 1 } })
  hot.dict('user', { schema: { visits: NumberText }, initial: { visits: '1' } })
}

export async function oneSchemaIsForEveryField() {
  const scores = hot.dict('scores', { schema: z.number() })
  expectType<number | undefined>()(await scores['ada'])
  expectType<number>()(await scores.increment('ada'))
  expectType<Record<string, number>>()(await scores.toJS())
  scores['ada'] = 1
  // @ts-expect-error numbers are wanted
  scores['ada'] = 'x'
  // @ts-expect-error numbers are wanted
  hot.dict('scores', { schema: z.number(), initial: { ada: 'x' } })
}

export async function typesCanBeWrittenDown() {
  const todo: HotList<string> = hot.list<string>('todo')
  const user: HotDict<{ name: string }> = hot.dict<{ name: string }>('user')
  const counts: HotDefaultDict<Record<string, number>> = hot.defaultDict<Record<string, number>>(() => 0)
  async function first<T>(list: HotList<T>): Promise<T | undefined> {
    return list[0]
  }
  expectType<string | undefined>()(await first(todo))
  return { user, counts }
}

export async function handlesSurviveAsyncFunctions() {
  const make = async () => Promise.resolve(hot.list<string>('todo'))
  expectType<HotList<string>>()(await make())
  const makeDict = async () => Promise.resolve(hot.dict<{ name: string }>('user'))
  expectType<HotDict<{ name: string }>>()(await makeDict())
}

export function everyStandardSchemaWillDo(schema: StandardSchemaV1<string, number>) {
  const list = hot.list('list', { schema })
  void list.push('1')
  // @ts-expect-error the input is wanted, text
  void list.push(1)
}
