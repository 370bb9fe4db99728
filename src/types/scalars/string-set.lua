-- Sets a string, unless the key holds something else. O(n). Keeps the time to live.
-- KEYS: string. ARGV: text.
redis.call('STRLEN', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
