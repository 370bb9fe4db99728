-- Releases a permit and hands it over; replies 0 when it was not held any more. O(log n) in the holders and waits.
-- KEYS and ARGV[1]: see semaphore-state.include.lua. ARGV: …, ticket.
-- @bounded
local released = redis.call('ZREM', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  return released
end
local waiter, another = unpack(redis.call('ZRANGE', KEYS[2], '0', '1'))

-- @include waiting
-- Fast path: one wait, which gets the released permit.
if released == 1 and not another then
  -- @include semaphore-short
  if token then
    -- Before the message: nobody else may be offered this token.
    redis.call('SET', KEYS[3], token .. counts, 'PX', '86400000')
    if notify(waiter, token) then
      redis.call('ZREM', KEYS[2], waiter)
      redis.call('ZADD', KEYS[1], string.format('%.1f', math.floor(token / 1000) + first_lease(waiter) + UNCONFIRMED), waiter)
      return released
    end
  end
end

-- @include semaphore
serve_waiters()
return released
