-- Replaces all fields of a hash. O(n). Keeps the time to live.
-- KEYS: hash. ARGV: field, value, field, value, …
redis.call('HLEN', KEYS[1])
local ttl = redis.call('PTTL', KEYS[1])
redis.call('DEL', KEYS[1])
for start = 1, #ARGV, 1000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, start, math.min(start + 999, #ARGV)))
end
if ttl >= 0 and #ARGV > 0 then
  redis.call('PEXPIRE', KEYS[1], math.max(ttl, 1))
end
