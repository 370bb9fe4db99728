-- Tells whether the queue is empty and nothing leased, or puts the caller in line for that moment. O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/queue-keys.lua. ARGV: …, mode (try, wait or leave), ticket, arrival ('' the first time), tickets
-- whose answers have arrived.
-- @bounded
-- @include queue
local mode, ticket, arrival = ARGV[2], ARGV[3], ARGV[4]
if ARGV[5] then
  redis.call('HDEL', memory, unpack(ARGV, 5))
end
reap()
serve()
if redis.call('HEXISTS', memory, ticket) == 1 or (size == 0 and redis.call('EXISTS', leases) == 0) then
  redis.call('ZREM', joiners, ticket)
  remember(ticket, 1)
  return { 1, 1 }
end
if mode == 'wait' then
  return enlist(joiners, ticket, arrival, leases, memory)
end
redis.call('ZREM', joiners, ticket)
return { 0 }
