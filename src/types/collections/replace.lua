-- Replaces all members of a set, or all fields of a hash. O(n). Keeps the time to live.
-- KEYS: set or hash. ARGV: the command that counts ('SCARD', 'HLEN'), the one that adds ('SADD', 'HSET'), what to add.
-- @include keep-ttl
redis.call(ARGV[1], KEYS[1])
keep_ttl(KEYS[1], function()
  redis.call('DEL', KEYS[1])
  for first = 3, #ARGV, 1000 do
    redis.call(ARGV[2], KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
end)
