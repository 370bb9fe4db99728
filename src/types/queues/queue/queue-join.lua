-- Whether the queue is empty with nothing leased; joins the wait queue for that if not. O(log n) in the waits.
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, mode (see Mode in wait-spec.ts), ticket, position ('' the first time),
-- tickets whose replies have been received.
-- @bounded
-- @include queue
local mode, ticket, position = ARGV[2], ARGV[3], ARGV[4]
if ARGV[5] then
  redis.call('HDEL', replies, unpack(ARGV, 5))
end
reap()
serve()
local settled = size == 0 and redis.call('EXISTS', leases) == 0
local wants = mode ~= 'withdraw' and mode ~= 'refuse'
if wants and (settled or redis.call('HEXISTS', replies, ticket) == 1) then
  redis.call('ZREM', joiners, ticket)
  cache_reply(ticket, 1)
  return { 1, 1 }
end
if mode == 'wait' then
  return enqueue(joiners, ticket, position, leases, replies, getters, putters, joiners)
end
redis.call('ZREM', joiners, ticket)
return { 0 }
