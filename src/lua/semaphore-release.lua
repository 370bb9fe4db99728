-- Gives a permit back and hands it on; answers 0 when its lease has ended before. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore.lua. ARGV: …, ticket.
-- @include semaphore
local released = redis.call('ZREM', holders, ARGV[2])
held = held - released
hand_on()
return released
