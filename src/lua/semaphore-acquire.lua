-- Takes a permit, or puts the caller in line for one; answers the fencing token. Asking again with the same ticket is safe:
-- it is the same permit, with a higher token. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua. ARGV: …, mode (try, wait or leave), ticket, arrival ('' the first
-- time), the lease in milliseconds.
-- @include semaphore-state
-- @include same-permits
local mode, ticket, arrival, period = ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- The usual case, short: nobody holds a permit, and nobody waits.
if added == '0' and redis.call('EXISTS', holders, waiters) == 0 then
  local time = redis.call('TIME')
  redis.call('ZADD', holders, time[1] * 1000 + math.floor(time[2] / 1000) + period, ticket)
  token = math.max(token + 1, time[1] * 1000000 + time[2])
  redis.call('SET', state, string.format('%.0f %s 0', token, permits), 'PX', 86400000)
  return { 1, token }
end

-- @include semaphore
hand_on()
local reserved = held > 0 and redis.call('ZSCORE', holders, ticket)
if reserved or held < permits + added then
  redis.call('ZADD', holders, now() + period, ticket)
  token = math.max(token + 1, time_in_microseconds())
  save()
  return { 1, token }
end
if mode == 'wait' then
  return enlist(waiters, ticket, arrival, holders, memory)
end
redis.call('ZREM', waiters, ticket)
return { 0 }
