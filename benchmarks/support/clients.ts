// The same seven calls by each client, used as its documentation advises.

import { GlideClient } from '@valkey/valkey-glide'
import { createKeyv } from '@keyv/redis'
import { createHot, type Hot } from 'hot-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis-v5'
import { createClient as createClient6 } from 'redis-v6'
import type { Server } from '../../__tests__/support/servers.js'

export interface Calls {
  /** A field of a dict. */
  get(key: string, field: string): Promise<unknown>
  set(key: string, field: string, value: string): Promise<unknown>
  push(key: string, value: string): Promise<unknown>
  add(key: string, member: string): Promise<unknown>
  has(key: string, member: string): Promise<unknown>
  increment(key: string, field: string): Promise<unknown>
  /** The first item of a list. */
  first(key: string): Promise<unknown>
  close(): unknown
}

/** What node-redis 4, 5 and 6 have in common. */
interface NodeRedis {
  hGet(key: string, field: string): Promise<unknown>
  hSet(key: string, field: string, value: string): Promise<unknown>
  rPush(key: string, value: string): Promise<unknown>
  sAdd(key: string, member: string): Promise<unknown>
  sIsMember(key: string, member: string): Promise<unknown>
  hIncrBy(key: string, field: string, by: number): Promise<unknown>
  lIndex(key: string, index: number): Promise<unknown>
}

function typed(client: NodeRedis, close: () => unknown): Calls {
  return {
    get: (key, field) => client.hGet(key, field),
    set: (key, field, value) => client.hSet(key, field, value),
    push: (key, value) => client.rPush(key, value),
    add: (key, member) => client.sAdd(key, member),
    has: (key, member) => client.sIsMember(key, member),
    increment: (key, field) => client.hIncrBy(key, field, 1),
    first: key => client.lIndex(key, 0),
    close
  }
}

function words(send: (words: string[]) => Promise<unknown>, close: () => unknown): Calls {
  return {
    get: (key, field) => send(['HGET', key, field]),
    set: (key, field, value) => send(['HSET', key, field, value]),
    push: (key, value) => send(['RPUSH', key, value]),
    add: (key, member) => send(['SADD', key, member]),
    has: (key, member) => send(['SISMEMBER', key, member]),
    increment: (key, field) => send(['HINCRBY', key, field, '1']),
    first: key => send(['LINDEX', key, '0']),
    close
  }
}

function overIoredis(client: Redis): Calls {
  return {
    get: (key, field) => client.hget(key, field),
    set: (key, field, value) => client.hset(key, field, value),
    push: (key, value) => client.rpush(key, value),
    add: (key, member) => client.sadd(key, member),
    has: (key, member) => client.sismember(key, member),
    increment: (key, field) => client.hincrby(key, field, 1),
    first: key => client.lindex(key, 0),
    close: () => client.disconnect()
  }
}

function overGlide(client: GlideClient): Calls {
  return {
    get: (key, field) => client.hget(key, field),
    set: (key, field, value) => client.hset(key, { [field]: value }),
    push: (key, value) => client.rpush(key, [value]),
    add: (key, member) => client.sadd(key, [member]),
    has: (key, member) => client.sismember(key, member),
    increment: (key, field) => client.hincrBy(key, field, 1),
    first: key => client.lindex(key, 0),
    close: () => client.close()
  }
}

/** Handles are made once, as users do. */
function overHot(hot: Hot): Calls {
  const known = <H>(make: (key: string) => H): ((key: string) => H) => {
    const handles = new Map<string, H>()
    return key => {
      const handle = handles.get(key) ?? make(key)
      handles.set(key, handle)
      return handle
    }
  }
  const dict = known(key => hot.dict<Record<string, string>>(key))
  const counts = known(key => hot.dict<Record<string, number>>(key))
  const list = known(key => hot.list<string>(key))
  const set = known(key => hot.set<string>(key))
  return {
    get: (key, field) => dict(key).get(field),
    set: (key, field, value) => dict(key).set(field, value),
    push: (key, value) => list(key).push(value),
    add: (key, member) => set(key).add(member),
    has: (key, member) => set(key).has(member),
    increment: (key, field) => counts(key).increment(field),
    first: key => list(key).at(0),
    close: () => hot.close()
  }
}

/** A store of values by key: it has no dicts, so the key and the field are one. */
function overKeyv(url: string): Pick<Calls, 'get' | 'set' | 'close'> {
  const keyv = createKeyv(url)
  return {
    get: (key, field) => keyv.get(`${key}:${field}`),
    set: (key, field, value) => keyv.set(`${key}:${field}`, value),
    close: () => keyv.disconnect()
  }
}

export const BASELINE = 'node-redis 4'

export interface Contestants {
  readonly hot: Hot
  /** node-redis 4, for what is done by hand. */
  readonly send: (words: string[]) => Promise<unknown>
  readonly all: Readonly<Record<string, Partial<Calls>>>
  close(): Promise<void>
}

export async function contestants({ url, port }: Server): Promise<Contestants> {
  const four = createClient({ url }).on('error', () => undefined)
  const five = createClient5({ url }).on('error', () => undefined)
  const six = createClient6({ url, commandOptions: { timeout: 120_000 } }).on('error', () => undefined)
  await Promise.all([four.connect(), five.connect(), six.connect()])
  const hot = createHot({ url })
  const send = (command: string[]): Promise<unknown> => four.sendCommand(command)
  const all: Record<string, Partial<Calls>> = {
    'hot-redis': overHot(hot),
    [BASELINE]: typed(four, () => four.disconnect()),
    'node-redis 4 sendCommand': words(send, () => undefined),
    'node-redis 5': typed(five, () => five.destroy()),
    'node-redis 6': typed(six, () => six.destroy()),
    ioredis: overIoredis(new Redis(url)),
    'ioredis autopipelining': overIoredis(new Redis(url, { enableAutoPipelining: true })),
    GLIDE: overGlide(
      await GlideClient.createClient({
        addresses: [{ host: '127.0.0.1', port }],
        inflightRequestsLimit: 50_000,
        requestTimeout: 60_000
      })
    ),
    '@keyv/redis': overKeyv(url)
  }
  const close = async (): Promise<void> => {
    for (const calls of Object.values(all)) await calls.close?.()
  }
  return { hot, send, all, close }
}
