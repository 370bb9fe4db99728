-- After a change of the holders' time to live: tells the waits when to recheck. O(n) in the waits.
-- KEYS and ARGV[1]: see semaphore-state.include.lua.
local holds = redis.call('TYPE', KEYS[1]).ok
if holds ~= 'zset' and holds ~= 'none' then
  return
end

-- @include semaphore
serve_waiters()
local ttl = redis.call('PTTL', holders)
if ttl >= 0 then
  schedule_recheck(now() + ttl, replies, waiters)
end
