import { callable, duration, options as optionsOf, text } from './core/arguments.js'
import { LONGEST_TIMER } from './core/clock.js'
import {
  isNodeRedis,
  providerOf,
  serverAt,
  type RedisClient,
  type RedisCluster,
  type RedisSentinel
} from './clients/node-redis/index.js'
import type { ClientProvider } from './clients/port.js'

/** What createHot() and configure() take. */
export interface HotOptions {
  /** Where Redis is. Default: the environment's REDIS_URL, or redis://127.0.0.1:6379. */
  readonly url?: string | undefined
  /**
   * Your own client, cluster or sentinel client of node-redis 4, 5 or 6, connected or not, instead of a url. It stays yours
   * to close.
   */
  readonly client?: RedisClient | RedisCluster | RedisSentinel | undefined
  /** Put before every key. */
  readonly prefix?: string | undefined
  /** How long to try to reach Redis before calls fail, in milliseconds. Default: 5000. */
  readonly connectTimeout?: number | undefined
  /**
   * How long a connection may be silent while calls wait for their replies, in milliseconds; then it counts as lost.
   * Default: 5000.
   */
  readonly responseTimeout?: number | undefined
  /**
   * Whether neighbouring calls of one turn on one key may go as one command (HGET as HMGET, RPUSH as one RPUSH). Default:
   * true.
   */
  readonly fusion?: boolean | undefined
  /** Told of each assignment that failed; without it flush() and close() throw them, and a process warning tells at once. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Settings {
  readonly provider: ClientProvider
  readonly prefix: string
  readonly connectTimeout: number
  readonly responseTimeout: number
  readonly fusion: boolean
  readonly onError: ((error: unknown) => void) | undefined
}

const DEFAULT_URL = 'redis://127.0.0.1:6379'

const HOT_OPTIONS: readonly (keyof HotOptions)[] = [
  'url',
  'client',
  'prefix',
  'connectTimeout',
  'responseTimeout',
  'fusion',
  'onError'
]

/** The options with defaults filled in; throws when one can't be right. */
export function settingsOf(operation: string, options: HotOptions = {}): Settings {
  const {
    client,
    prefix = '',
    connectTimeout = 5_000,
    responseTimeout = 5_000,
    fusion = true,
    onError
  } = optionsOf(operation, options, HOT_OPTIONS)
  if (client !== undefined && options.url !== undefined) {
    throw new TypeError(`${operation}: give a url or a client, not both`)
  }
  if (client !== undefined && (client === null || typeof client !== 'object' || !isNodeRedis(client))) {
    throw new TypeError(
      `${operation}: client must be what createClient() or createCluster() of node-redis 4, 5 or 6 gives, or createSentinel() of 5 or 6, not a pool and not what legacy(), v4 or multi() give`
    )
  }
  if (typeof fusion !== 'boolean') throw new TypeError(`${operation}: fusion must be true or false`)
  if (onError !== undefined) callable(operation, 'onError', onError)
  return {
    provider: client === undefined ? serverAt(redisUrl(operation, options.url)) : providerOf(client),
    prefix: text(operation, 'prefix', prefix),
    connectTimeout: timer(operation, 'connectTimeout', connectTimeout),
    responseTimeout: timer(operation, 'responseTimeout', responseTimeout),
    fusion,
    onError
  }
}

/** Milliseconds of a timer; what is further off than a timer goes is as far as it goes. */
function timer(operation: string, name: string, value: unknown): number {
  return Math.min(duration(operation, name, value), LONGEST_TIMER)
}

/** The url that was given, or else the environment's, or else the default. */
function redisUrl(operation: string, given: unknown): string {
  const source = given === undefined ? 'REDIS_URL' : 'url'
  const url = given ?? process.env['REDIS_URL'] ?? DEFAULT_URL
  const protocol = typeof url === 'string' && URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === 'redis:' || protocol === 'rediss:') {
    const index = new URL(url).pathname.replace(/^\//, '')
    if (/^\d*$/.test(index)) return url as string
    throw new TypeError(
      `${operation}: ${source} must end with the number of a database, such as /0, not with '${index}'`
    )
  }
  throw new TypeError(`${operation}: ${source} must look like redis://user:password@host:6379/0 (rediss: for TLS)`)
}
