-- Gives a permit back and hands it on; answers 0 when it was not held any more. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua. ARGV: …, ticket.
-- @bounded
local released = redis.call('ZREM', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  return released
end
local waiter, another = unpack(redis.call('ZRANGE', KEYS[2], '0', '1'))

-- @include waiting
-- The usual case, short: one waits, and what was released is free.
if released == 1 and not another then
  -- @include semaphore-short
  if token and tell(waiter, token) then
    redis.call('ZREM', KEYS[2], waiter)
    redis.call('ZADD', KEYS[1], string.format('%d', token / 1000 + first_lease(waiter)), waiter)
    redis.call('SET', KEYS[3], token .. counts, 'PX', '86400000')
    return released
  end
end

-- @include semaphore
hand_on()
return released
