-- Extends a lease, counted from now; returns 0 when it has ended. O(log n) in the leases.
-- KEYS: leases, scored by their end. ARGV: ticket, milliseconds.
-- @bounded
local leases, ticket = unpack(KEYS), ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = tonumber(redis.call('ZSCORE', leases, ticket))
if not ends or ends <= now then
  return 0
end
-- Out of memory, Redis refuses ZADD unless the script has called a write that it does not refuse. This one changes nothing.
redis.call('ZREM', leases, '')
redis.call('ZADD', leases, now + ARGV[2], ticket)
return 1
