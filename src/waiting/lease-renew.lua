-- Has a lease end later, counted from now; answers 0 when it has ended already. O(log n) in the leases.
-- KEYS: leases by their end. ARGV: ticket, milliseconds.
-- @bounded
local leases, ticket = unpack(KEYS), ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = tonumber(redis.call('ZSCORE', leases, ticket))
if not ends or ends <= now then
  return 0
end
redis.call('ZADD', leases, now + ARGV[2], ticket)
return 1
