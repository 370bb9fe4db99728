-- Whether anybody holds a permit; for a key of another type, whether it exists. O(log n) in the holders.
-- KEYS: holders.
-- @bounded
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  return redis.call('EXISTS', KEYS[1])
end
local time = redis.call('TIME')
local now = string.format('(%d', time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZCOUNT', KEYS[1], now, '+inf') > 0 and 1 or 0
