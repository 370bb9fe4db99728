/** Commands that change nothing, whatever their arguments. All others count as writes: a mistake on that side is safe. */
const readOnly = new Set(
  `BITCOUNT BITFIELD_RO BITPOS DBSIZE DUMP ECHO EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS
   GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET
   HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS INFO KEYS LASTSAVE LCS LINDEX LLEN LPOS LRANGE MEMORY MGET OBJECT
   PEXPIRETIME PING PTTL PUBSUB RANDOMKEY SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER
   SSCAN STRLEN SUBSTR SUNION TIME TTL TYPE XINFO XLEN XPENDING XRANGE XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD
   ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN
   ZSCORE ZUNION`.split(/\s+/)
)

const CONNECTION = 'it would change the connection that all calls share'
const WAITING = 'it would make all calls behind it wait'

/** Why commands can't be sent on a shared connection, by name; `CLIENT REPLY` is a command of two words. */
const refused = new Map<string, string>([
  ...entries(
    CONNECTION,
    'SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC REPLCONF'
  ),
  ...entries(CONNECTION, 'SELECT AUTH HELLO RESET QUIT READONLY READWRITE ASKING'),
  ...entries(`${CONNECTION}: use hot.transaction()`, 'MULTI EXEC DISCARD WATCH UNWATCH'),
  ...['REPLY', 'TRACKING', 'CACHING', 'SETNAME', 'SETINFO', 'NO-EVICT', 'NO-TOUCH', 'PAUSE'].map(
    (name): [string, string] => [`CLIENT ${name}`, CONNECTION]
  ),
  ...entries(`${WAITING}: use hot.queue()`, 'BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP'),
  ...entries(WAITING, 'WAIT WAITAOF')
])

function entries(why: string, names: string): [string, string][] {
  return names.split(' ').map(name => [name, why])
}

/** Whether a command only reads. */
export function isReadOnly([name = '']: readonly string[]): boolean {
  return readOnly.has(name)
}

/** Why a command can't be sent, if so. */
export function refusalOf([name = '', ...words]: readonly string[]): string | undefined {
  const isStream = name === 'XREAD' || name === 'XREADGROUP'
  if (isStream && words.some(word => word.toUpperCase() === 'BLOCK')) return `with BLOCK ${WAITING}`
  return refused.get(name) ?? refused.get(`${name} ${words[0]?.toUpperCase() ?? ''}`)
}
