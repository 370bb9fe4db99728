-- Takes a permit, or puts the caller in line for one; answers the fencing token. Asking again with the same ticket is safe:
-- it is the same permit, with a higher token. O(log n) in those who hold or wait.
-- KEYS and ARGV[1]: see include/semaphore.lua. ARGV: …, mode (try, wait or leave), ticket, arrival ('' the first time), the
-- lease in milliseconds.
-- @include semaphore
local mode, ticket, arrival, period = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local problem = mismatch()
if problem then
  return problem
end
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
