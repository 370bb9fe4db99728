-- Takes a permit, or puts the caller in line for one; answers the fencing token. Asking again with the same ticket is safe:
-- it is the same permit, with a higher token. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua. ARGV: …, mode (try, wait or leave), ticket, arrival ('' the first
-- time), the lease in milliseconds.
-- @bounded

-- The usual case, short: nobody holds a permit or waits.
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then
  -- @include semaphore-short
  if token then
    redis.call('ZADD', KEYS[1], string.format('%d', token / 1000 + ARGV[5]), ARGV[3])
    redis.call('SET', KEYS[3], token .. counts, 'PX', '86400000')
    return { 1, token }
  end
end

-- @include semaphore-state
-- @include same-permits
-- @include semaphore
local mode, ticket, arrival, period = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
hand_on()
local reserved = held > 0 and redis.call('ZSCORE', holders, ticket)
if reserved or held < permits + added then
  redis.call('ZADD', holders, now() + period, ticket)
  token = next_token()
  save()
  return { 1, token }
end
if mode == 'wait' then
  return enlist(waiters, ticket, arrival, holders, memory)
end
redis.call('ZREM', waiters, ticket)
return { 0 }
