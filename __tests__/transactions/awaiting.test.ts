import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type HotDict, type HotList } from '../../src/index.js'
import { backends } from '../support/backends.js'
import { freshKey } from '../support/fresh-key.js'
import { spawnWorker } from '../support/processes.js'

interface World {
  readonly todo: HotList<string>
  readonly user: HotDict<{ name: string; visits: number }>
  /** Where fetch() finds something. */
  readonly page: string
}

type Shape = (world: World) => unknown

const nothing = () => undefined
const first = async ({ todo }: World) => second(todo)
const second = async (todo: HotList<string>) => (await third(todo)) + 1
const third = (todo: HotList<string>) => Promise.resolve().then(() => fourth(todo))
const fourth = async (todo: HotList<string>) => {
  await turn()
  return fifth(todo)
}
const fifth = (todo: HotList<string>) => todo.push('deep')

async function* numbers(todo: HotList<string>) {
  await turn()
  yield todo.push('x')
}

/** Ways to wait for what a write returns, in the middle of a transaction: each is ordinary code. */
const ordinary: Readonly<Record<string, Shape>> = {
  'await todo.push()': async ({ todo }) => {
    await todo.push('x')
  },
  'await todo.pop()': async ({ todo }) => {
    await todo.pop()
  },
  'await user.increment()': async ({ user }) => {
    await user.increment('visits')
  },
  'a write kept and awaited later': async ({ todo, user }) => {
    const pushed = todo.push('x')
    await user.name
    await turn()
    await pushed
  },
  'Promise.all': ({ todo }) => Promise.all([todo.push('x'), todo.push('y')]),
  'Promise.all of a read and a write': ({ todo, user }) => Promise.all([user.name, todo.push('x')]),
  'Promise.allSettled': ({ todo }) => Promise.allSettled([todo.push('x')]),
  'Promise.race': ({ todo }) => Promise.race([todo.push('x'), sleep(2_000)]),
  'Promise.any': ({ todo }) => Promise.any([todo.push('x')]),
  'Promise.resolve': ({ todo }) => Promise.resolve(todo.push('x')),
  'new Promise': ({ todo }) => new Promise(resolve => resolve(todo.push('x'))),
  'async () => todo.push()': async ({ todo }) => todo.push('x'),
  '.then(log)': ({ todo }) => void todo.push('x').then(nothing),
  '.then(log, log)': ({ todo }) => void todo.push('x').then(nothing, nothing),
  '.catch(log)': ({ todo }) => void todo.push('x').catch(nothing),
  '.finally(log)': ({ todo }) => void todo.push('x').finally(nothing).catch(nothing),
  'a then() that returns it': ({ todo, user }) => user.get('name').then(() => todo.push('x')),
  'a try/catch around it': async ({ todo }) => {
    try {
      await todo.push('x')
    } catch {
      // As if it did not matter.
    }
  },
  'a try/catch around it, and other writes after it': async ({ todo, user }) => {
    await todo.push('x').catch(nothing)
    user.name = 'Ada'
    await todo.push('y').catch(nothing)
  },
  'a helper five calls deep': first,
  'a helper five calls deep, in a try/catch': world => first(world).catch(nothing),
  'a timer in between': async ({ todo }) => {
    await sleep(5)
    await todo.push('x')
  },
  'a timer callback': ({ todo }) =>
    new Promise<void>(resolve => {
      setTimeout(() => {
        todo.push('x').then(() => resolve(), resolve)
      }, 5)
    }),
  'a fetch in between': async ({ todo, page }) => {
    await (await fetch(page)).text()
    await todo.push('x')
  },
  'an event in between': async ({ todo }) => {
    const emitter = new EventEmitter()
    setTimeout(() => emitter.emit('go'), 5)
    await once(emitter, 'go')
    await todo.push('x')
  },
  'a microtask': ({ todo }) =>
    new Promise<void>(resolve => queueMicrotask(() => void todo.push('x').then(() => resolve(), resolve))),
  'for await over an array of writes': async ({ todo }) => {
    // eslint-disable-next-line @typescript-eslint/await-thenable -- it awaits each of them
    for await (const length of [todo.push('x')]) expect(length).toBe(3)
  },
  'an async generator that yields it': async ({ todo }) => {
    for await (const length of numbers(todo)) expect(length).toBe(3)
  },
  'inside of a loop over a handle': async ({ todo, user }) => {
    for await (const [field] of user) await todo.push(field)
    await todo.push('x')
  }
}

/** Ways to use a transaction that are right: what they give, and what the list holds after. */
const right: Readonly<Record<string, readonly [shape: Shape, result: unknown, left: readonly string[]]>> = {
  'await of a write that returns nothing': [
    async ({ todo }) => {
      await todo.reverse()
      await todo.set(0, 'B')
    },
    undefined,
    ['B', 'a']
  ],
  'Promise.all of writes that return nothing': [
    async ({ todo, user }) => {
      await Promise.all([todo.reverse(), user.set('name', 'Ada')])
    },
    undefined,
    ['b', 'a']
  ],
  'an async function that returns a write that returns nothing': [
    async ({ todo }) => todo.reverse(),
    undefined,
    ['b', 'a']
  ],
  'a single write returned': [({ todo }) => todo.push('c'), 3, ['a', 'b', 'c']],
  'a single write returned from five calls deep': [
    ({ todo }) => (() => (() => (() => (() => fifth(todo))())())())(),
    3,
    ['a', 'b', 'deep']
  ],
  'a single read returned': [({ user }) => user.name, 'Grace', ['a', 'b']],
  'a single read returned by an async function': [async ({ user }) => user.name, 'Grace', ['a', 'b']],
  'writes and reads in an array': [
    ({ todo, user }) => [todo.push('c'), user.name, 7],
    [3, 'Grace', 7],
    ['a', 'b', 'c']
  ],
  'writes and reads in a record': [
    ({ todo, user }) => ({ n: todo.push('c'), name: user.name, seven: 7 }),
    { n: 3, name: 'Grace', seven: 7 },
    ['a', 'b', 'c']
  ],
  'an array from an async function': [
    async ({ todo, user }) => {
      const name = (await user.name) ?? ''
      return [todo.push(name), todo.shift()]
    },
    [3, 'a'],
    ['b', 'Grace']
  ],
  'a record from an async function': [
    async ({ todo, user }) => {
      await user.name
      return { n: todo.push('c') }
    },
    { n: 3 },
    ['a', 'b', 'c']
  ],
  'an array from a then()': [
    ({ todo, user }) => user.get('name').then(name => [todo.push(name ?? '')]),
    [3],
    ['a', 'b', 'Grace']
  ],
  'Promise.all of reads': [({ todo, user }) => Promise.all([user.name, todo.length]), ['Grace', 2], ['a', 'b']],
  'Promise.race of reads': [({ user }) => Promise.race([user.name, user.name]), 'Grace', ['a', 'b']],
  'as many writes as there are items': [
    ({ todo }) => ['x', 'y', 'z'].map(item => todo.push(item)),
    [3, 4, 5],
    ['a', 'b', 'x', 'y', 'z']
  ],
  'one write returned twice': [
    ({ todo }) => {
      const pushed = todo.push('c')
      return [pushed, pushed]
    },
    [3, 3],
    ['a', 'b', 'c']
  ],
  'void for a result not wanted': [({ todo }) => void todo.push('c'), undefined, ['a', 'b', 'c']],
  'for await over a list, writing after it': [
    async ({ todo }) => {
      const items: string[] = []
      for await (const item of todo) items.push(item)
      for (const item of items) void todo.push(item.toUpperCase())
    },
    undefined,
    ['a', 'b', 'A', 'B']
  ],
  'for await over a dict': [
    async ({ user }) => {
      const fields: string[] = []
      for await (const [field] of user) fields.push(field)
      return fields.sort()
    },
    ['name', 'visits'],
    ['a', 'b']
  ],
  'a loop left early': [
    async ({ todo }) => {
      for await (const item of todo) return item
      return undefined
    },
    'a',
    ['a', 'b']
  ],
  'a read after a timer and a fetch': [
    async ({ user, page }) => {
      await sleep(5)
      await (await fetch(page)).text()
      return user.visits
    },
    3,
    ['a', 'b']
  ],
  'reads that nobody waits for': [({ user }) => void user.name, undefined, ['a', 'b']],
  'nothing at all': [nothing, undefined, ['a', 'b']],
  'a plain value': [() => ({ deep: [1, { two: 2 }] }), { deep: [1, { two: 2 }] }, ['a', 'b']],
  'a record without a prototype': [
    ({ todo }) => Object.assign(Object.create(null) as object, { n: todo.push('c') }),
    { n: 3 },
    ['a', 'b', 'c']
  ],
  'an empty array': [() => [], [], ['a', 'b']],
  'results that are undefined': [
    ({ user }) => [user.get('name'), user.pop('name'), user.pop('name')],
    ['Grace', 'Grace', undefined],
    ['a', 'b']
  ]
}

describe.each(backends)('Inside a transaction on $name', ({ createHot }) => {
  const hot = createHot({ onError: () => undefined })
  const observer = createHot()
  const pages = createServer((_, response) => void response.end('hello'))
  let page: string

  beforeAll(async () => {
    pages.listen(0, '127.0.0.1')
    await once(pages, 'listening')
    page = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  })

  afterAll(() => {
    pages.closeAllConnections()
    pages.close()
  })

  async function newWorld(): Promise<World> {
    const tag = `{${freshKey()}}`
    const todo = hot.list<string>(`${tag}:todo`, { initial: ['a', 'b'] })
    const user = hot.dict<{ name: string; visits: number }>(`${tag}:user`, { initial: { name: 'Grace', visits: 3 } })
    await hot.flush()
    return { todo, user, page }
  }

  async function expectUntouched({ todo, user }: World): Promise<void> {
    expect(await observer.list(todo.key).toJS()).toEqual(['a', 'b'])
    expect(await observer.dict(user.key).toJS()).toEqual({ name: 'Grace', visits: 3 })
  }

  describe('a write’s result can be waited for as outside, and nothing is seen before the end:', () => {
    test.each(Object.entries(ordinary))('%s', async (_, shape) => {
      const [outside, inside] = [await newWorld(), await newWorld()]
      const result = await shape(outside)
      let runs = 0
      const given = await hot.transaction(
        async () => {
          runs++
          const result = await shape(inside)
          await expectUntouched(inside)
          return result
        },
        { timeout: 5_000 }
      )
      expect(given).toEqual(result)
      expect(runs).toBe(1)
      expect(await observer.list(inside.todo.key).toJS()).toEqual(await observer.list(outside.todo.key).toJS())
      expect(await observer.dict(inside.user.key).toJS()).toEqual(await observer.dict(outside.user.key).toJS())
    })

    test('in a nested transaction', async () => {
      const world = await newWorld()
      const lengths = await hot.transaction(async () => {
        const [length] = await hot.transaction(() => [world.todo.push('x')])
        return [length, await hot.transaction(async () => (await world.todo.push('y')) + 1)]
      })
      expect(lengths).toEqual([3, 5])
      expect(await observer.list(world.todo.key).toJS()).toEqual(['a', 'b', 'x', 'y'])
    })

    test('in a transaction of another Hot inside it', async () => {
      const world = await newWorld()
      const length = await hot.transaction(async () => {
        const pushed = world.todo.push('x')
        return observer.transaction(async () => (await pushed) + 1)
      })
      expect(length).toBe(4)
    })

    test('but through a promise that was made outside of it, it is there after the commit only, and the error says so', async () => {
      const world = await newWorld()
      let settle!: (value: PromiseLike<number>) => void
      const outside = new Promise<number>(resolve => (settle = resolve))
      const waiting = hot.transaction(
        async () => {
          settle(world.todo.push('x'))
          await outside
        },
        { timeout: 200 }
      )
      await expect(waiting).rejects.toMatchObject({
        code: 'TRANSACTION',
        message: expect.stringContaining('List.push')
      })
      await expectUntouched(world)
    })
  })

  describe('this works:', () => {
    test.each(Object.entries(right))('%s', async (_, [shape, result, left]) => {
      const world = await newWorld()
      const given = await hot.transaction(() => shape(world), { timeout: 5_000 })
      expect(given).toEqual(result)
      expect(await observer.list(world.todo.key).toJS()).toEqual(left)
    })

    test('for await over more than a page', async () => {
      const { todo } = await newWorld()
      const many = Array.from({ length: 2_500 }, (_, index) => `item ${index}`)
      await todo.replace(many)
      const items = await hot.transaction(async () => {
        const seen: string[] = []
        for await (const item of todo) seen.push(item)
        void todo.clear()
        return seen
      })
      expect(items).toEqual(many)
      expect(await todo.exists()).toBe(false)
    })

    test('for await over a dict of more than a page', async () => {
      const dict = hot.dict<Record<string, number>>(freshKey())
      const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, index) => [`field ${index}`, index]))
      await dict.replace(many)
      const seen = await hot.transaction(async () => {
        const fields: Record<string, number> = {}
        for await (const [field, value] of dict) fields[field] = value
        return fields
      })
      expect(seen).toEqual(many)
    })

    test('the promise of a write, kept, has its result after the commit', async () => {
      const { todo } = await newWorld()
      const kept: Promise<unknown>[] = []
      await hot.transaction(() => {
        kept.push(todo.push('c'), todo.shift())
      })
      expect(await Promise.all(kept)).toEqual([3, 'a'])
    })

    test('the promise of a write can be awaited outside while the transaction runs', async () => {
      const { todo } = await newWorld()
      let pushed: Promise<number> | undefined
      const done = hot.transaction(async () => {
        pushed = todo.push('c')
        await sleep(5)
      })
      expect(await pushed).toBe(3)
      await done
    })

    test('the promise of a write rejects when the transaction fails', async () => {
      const { todo } = await newWorld()
      const thrown = new Error('no')
      let pushed: Promise<number> | undefined
      await expect(
        hot.transaction(() => {
          pushed = todo.push('c')
          throw thrown
        })
      ).rejects.toBe(thrown)
      await expect(pushed).rejects.toBeInstanceOf(Error)
    })

    test('a write’s result used as a value fails loudly, not silently', async () => {
      const world = await newWorld()
      await expect(hot.transaction(() => `it is ${world.todo.push('x') as unknown as string}`)).rejects.toThrow(
        TypeError
      )
      await expectUntouched(world)
    })

    test('a handle comes back as itself', async () => {
      const { todo } = await newWorld()
      expect(await hot.transaction(() => todo)).toBe(todo)
      expect(await hot.transaction(() => Promise.resolve(todo))).toBe(todo)
    })

    test('a promise of something else that fails, fails all of it, and nothing is sent', async () => {
      const world = await newWorld()
      const thrown = new Error('no')
      await expect(hot.transaction(() => [world.todo.push('x'), Promise.reject(thrown)])).rejects.toBe(thrown)
      await expectUntouched(world)
    })
  })
})

test('A process with transactions that fail in every way has no unhandled rejection', async () => {
  const worker = spawnWorker('transaction-rejections.ts')
  const { unhandled } = await worker.next<{ unhandled: string[] }>()
  expect(unhandled).toEqual([])
  expect(await worker.done).toBe(0)
})
