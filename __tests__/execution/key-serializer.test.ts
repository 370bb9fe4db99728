import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { command, type Update } from '../../src/core/command.js'
import { Key } from '../../src/core/keys.js'
import type { Call } from '../../src/execution/call.js'
import { KeySerializer } from '../../src/execution/key-serializer.js'
import { heapUsed } from '../support/heap.js'
import { scaled } from '../support/runs.js'

/** Calls and Updates by name, and in which order they start. */
class Scheduled {
  readonly started: string[] = []
  /** How to end the Updates that have started and not ended. */
  readonly running = new Map<string, () => void>()
  readonly #names = new Map<Call, string>()
  readonly #serializer: KeySerializer

  constructor(
    perKey: boolean,
    private readonly onStart: (name: string) => void = () => undefined
  ) {
    const sink = { submit: (call: Call) => this.#started(this.#names.get(call)!) }
    this.#serializer = new KeySerializer(sink, perKey)
  }

  call(name: string, ...keys: string[]): void {
    const call: Call = {
      requests: [command('DEL', ...keys.map(key => new Key(key)))],
      resend: false,
      losses: 0,
      replied: () => undefined,
      failed: () => undefined
    }
    this.#names.set(call, name)
    this.#serializer.submit(call)
  }

  /** An Update that lets nothing else run beside it. */
  update(name: string, ...keys: string[]): void {
    this.#run(name, keys, false)
  }

  /** An Update that only inserts a default. */
  insert(name: string, ...keys: string[]): void {
    this.#run(name, keys, true)
  }

  end(name: string): void {
    const done = this.running.get(name)!
    this.running.delete(name)
    done()
  }

  /** What has started since the last time. */
  get news(): string {
    return this.started.splice(0).join(' ')
  }

  #run(name: string, keys: readonly string[], insertsDefault: boolean): void {
    const update: Update<unknown> = {
      info: { operation: name, key: keys[0] ?? '', redisType: undefined },
      kind: 'update',
      read: command('MGET', ...keys.map(key => new Key(key))),
      compute: () => ({ result: undefined }),
      insertsDefault
    }
    this.#serializer.run(update, done => {
      this.#started(name)
      this.running.set(name, done)
    })
  }

  #started(name: string): void {
    this.onStart(name)
    this.started.push(name)
  }
}

describe('On one server', () => {
  test('nothing waits while no Update runs, before and after one', () => {
    const order = new Scheduled(false)
    order.call('a', 'x')
    order.update('U', 'x')
    expect(order.news).toBe('a U')
    order.end('U')
    order.call('b', 'x')
    order.call('c', 'y')
    expect(order.news).toBe('b c')
  })

  test('everything behind an Update waits for it, whatever its keys, and goes in order', () => {
    const order = new Scheduled(false)
    order.update('U', 'x')
    order.call('a', 'y')
    order.update('V', 'z')
    order.insert('I', 'x')
    order.call('b', 'x')
    expect(order.news).toBe('U')
    order.end('U')
    expect(order.news).toBe('a V')
    order.end('V')
    expect(order.news).toBe('I')
    order.end('I')
    expect(order.news).toBe('b')
  })

  test('Updates that insert a default run together; calls and other Updates behind them wait for all of them', () => {
    const order = new Scheduled(false)
    order.insert('I', 'x')
    order.insert('J', 'x')
    order.insert('K', 'y')
    expect(order.news).toBe('I J K')
    order.call('a', 'z')
    order.insert('L', 'x')
    order.end('J')
    order.end('I')
    expect(order.news).toBe('')
    order.end('K')
    expect(order.news).toBe('a L')
    order.update('U', 'x')
    order.insert('M', 'x')
    order.end('L')
    expect(order.news).toBe('U')
    order.end('U')
    expect(order.news).toBe('M')
  })

  test('calls without a key wait, too', () => {
    const order = new Scheduled(false)
    order.update('U', 'x')
    order.call('a')
    expect(order.news).toBe('U')
    order.end('U')
    expect(order.news).toBe('a')
  })
})

describe('On a cluster', () => {
  test('only what shares a key with an Update waits for it', () => {
    const order = new Scheduled(true)
    order.update('U', 'x')
    order.call('a', 'y')
    order.call('b', 'x')
    order.call('c', 'x', 'y')
    order.update('V', 'z')
    expect(order.news).toBe('U a V')
    order.end('U')
    expect(order.news).toBe('b c')
  })

  test('what shares a key with a waiting call of several keys waits behind it', () => {
    const order = new Scheduled(true)
    order.update('U', 'x')
    order.call('a', 'x', 'y')
    order.call('b', 'y', 'z')
    order.call('c', 'z')
    order.call('d', 'w')
    expect(order.news).toBe('U d')
    order.end('U')
    expect(order.news).toBe('a b c')
  })

  test('an Update of several keys waits for, and holds up, each of them', () => {
    const order = new Scheduled(true)
    order.update('U', 'x')
    order.update('V', 'y')
    order.update('W', 'x', 'y')
    order.call('a', 'y')
    order.end('U')
    expect(order.news).toBe('U V')
    order.end('V')
    expect(order.news).toBe('W')
    order.end('W')
    expect(order.news).toBe('a')
  })

  test('a key named twice counts once', () => {
    const order = new Scheduled(true)
    order.update('U', 'x', 'x')
    order.call('a', 'x', 'x')
    order.end('U')
    expect(order.news).toBe('U a')
  })
})

/** What a random program does next: a call, an Update, or the end of one that runs. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('call' as const, 'update' as const, 'insert' as const, 'end' as const, 'end' as const),
    keys: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 2 }),
    pick: fc.nat()
  }),
  { maxLength: 60 }
)

interface Made {
  readonly name: string
  readonly kind: 'call' | 'update' | 'insert'
  readonly keys: readonly string[]
}

describe.each([
  ['one server', false],
  ['a cluster', true]
])('Any program on %s', (_, perKey) => {
  const shareScope = (one: Made, other: Made) => !perKey || one.keys.some(key => other.keys.includes(key))
  const mayOverlap = (one: Made, other: Made) => one.kind === 'insert' && other.kind === 'insert'

  test('starts all of it, in order where it shares a scope, and never beside an Update that it has to wait for', () => {
    fc.assert(
      fc.property(steps, program => {
        const made = new Map<string, Made>()
        const overlaps: string[] = []
        const order = new Scheduled(perKey, name => {
          const one = made.get(name)!
          for (const running of order.running.keys()) {
            const other = made.get(running)!
            if (shareScope(one, other) && !mayOverlap(one, other)) overlaps.push(`${name} beside ${running}`)
          }
        })
        const endOne = (pick: number) => {
          const names = [...order.running.keys()]
          if (names.length > 0) order.end(names[pick % names.length]!)
        }

        for (const [index, { kind, keys, pick }] of program.entries()) {
          if (kind === 'end') {
            endOne(pick)
          } else {
            const name = `${kind}${index}`
            made.set(name, { name, kind, keys })
            order[kind](name, ...keys)
          }
        }
        for (let pick = 0; order.running.size > 0; pick += 7) endOne(pick)

        expect(overlaps).toEqual([])
        expect([...order.started].sort()).toEqual([...made.keys()].sort())
        const places = new Map(order.started.map((name, place) => [name, place]))
        const all = [...made.values()]
        for (const [index, one] of all.entries()) {
          for (const later of all.slice(index + 1)) {
            if (shareScope(one, later)) expect(places.get(one.name)).toBeLessThan(places.get(later.name)!)
          }
        }
      }),
      { numRuns: scaled(300) }
    )
  })

  test('lets go what has nothing before it at once', () => {
    fc.assert(
      fc.property(steps, program => {
        const unfinished = new Map<string, Made>()
        const late: string[] = []
        const order = new Scheduled(perKey, name => {
          if (unfinished.get(name)?.kind === 'call') unfinished.delete(name)
        })
        for (const [index, { kind, keys, pick }] of program.entries()) {
          if (kind === 'end') {
            const names = [...order.running.keys()]
            const name = names[pick % names.length]
            if (name === undefined) continue
            unfinished.delete(name)
            order.end(name)
            continue
          }
          const one = { name: `${kind}${index}`, kind, keys }
          const isFree = ![...unfinished.values()].some(
            other => shareScope(one, other) && !(mayOverlap(one, other) && order.running.has(other.name))
          )
          unfinished.set(one.name, one)
          order[kind](one.name, ...keys)
          if (isFree && order.started.at(-1) !== one.name) late.push(one.name)
        }
        expect(late).toEqual([])
      }),
      { numRuns: scaled(300) }
    )
  })
})

describe.each([
  ['one server', false],
  ['a cluster', true]
])('Memory on %s', (_, perKey) => {
  const noCall = (key: string): Call => ({
    requests: [command('DEL', new Key(key))],
    resend: false,
    losses: 0,
    replied: () => undefined,
    failed: () => undefined
  })
  const update = (key: string, insertsDefault: boolean): Update<unknown> => ({
    info: { operation: 'update', key, redisType: undefined },
    kind: 'update',
    read: command('GET', new Key(key)),
    compute: () => ({ result: undefined }),
    insertsDefault
  })

  test.each([
    ['that insert defaults', true],
    ['that run alone', false]
  ])('does not grow with 100,000 Updates %s, of which there is always one, and calls among them', (_, inserts) => {
    let sent = 0
    const serializer = new KeySerializer({ submit: () => sent++ }, perKey)
    const running: (() => void)[] = []
    const round = (index: number) => {
      serializer.run(update('k', inserts), done => running.push(done))
      serializer.submit(noCall(perKey && index % 2 === 0 ? `k${index}` : 'k'))
      if (index > 0) running.shift()!()
    }
    for (let index = 0; index < 1_000; index++) round(index)
    const before = heapUsed()
    for (let index = 1_000; index < 101_000; index++) round(index)
    expect(heapUsed() - before).toBeLessThan(4_000_000)

    while (running.length > 0) running.shift()!()
    expect(sent).toBe(101_000)
    serializer.submit(noCall('k'))
    expect(sent).toBe(101_001)
  })

  test('is given back when 100,000 Updates and calls that waited are done', () => {
    let sent = 0
    const serializer = new KeySerializer({ submit: () => sent++ }, perKey)
    const running: (() => void)[] = []
    const before = heapUsed()
    for (let index = 0; index < 50_000; index++) {
      serializer.run(update(`k${index % 1_000}`, false), done => running.push(done))
      serializer.submit(noCall(`k${index % 1_000}`))
    }
    expect(sent).toBe(0)
    while (running.length > 0) running.shift()!()
    expect(sent).toBe(50_000)
    expect(heapUsed() - before).toBeLessThan(4_000_000)
  })
})
