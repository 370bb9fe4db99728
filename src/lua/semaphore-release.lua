-- Gives a permit back and hands it on; answers 0 when it was not held any more. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua. ARGV: …, ticket.
local released = redis.call('ZREM', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  return released
end

-- @include semaphore
hand_on()
return released
