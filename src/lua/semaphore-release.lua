-- Gives a permit back and hands it on; answers 0 when its lease has ended before. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua. ARGV: …, ticket.

-- The usual case, short: nobody waits.
if redis.call('EXISTS', KEYS[2]) == 0 then
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[2])
  local time = redis.call('TIME')
  redis.call('ZREM', KEYS[1], ARGV[2])
  return ends and tonumber(ends) > time[1] * 1000 + math.floor(time[2] / 1000) and 1 or 0
end

-- @include semaphore
local released = redis.call('ZREM', holders, ARGV[2])
held = held - released
hand_on()
return released
