-- The number of free permits. O(log n) in the holders.
-- KEYS: holders, state. ARGV: the number of permits.
-- @bounded
-- @keys holders state
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('ZCOUNT', holders, '(' .. string.format('%d', now), '+inf')
local permits, added = (redis.call('GET', state) or '0 0 0'):match('^%d+ (%d+) (%d+)$')
if permits ~= '0' and permits ~= ARGV[1] then
  return redis.error_reply('MISMATCH has the value ' .. permits .. ', not ' .. ARGV[1])
end
return math.max(ARGV[1] + added - held, 0)
