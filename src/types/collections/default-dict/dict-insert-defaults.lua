-- Sets fields if all of them are missing. O(n).
-- KEYS: hash. ARGV: how many fields were read, their names, then fields and values to set.
-- Replies 'done', or false and the values of the fields that were read.
-- @slow
local hash, read = KEYS[1], tonumber(ARGV[1])

local missing = true
for i = read + 2, #ARGV, 2 do
  missing = missing and redis.call('HEXISTS', hash, ARGV[i]) == 0
end
if missing then
  for first = read + 2, #ARGV, 1000 do
    redis.call('HSET', hash, unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
  return { 'done' }
end

local values = {}
for i = 2, read + 1 do
  values[i - 1] = redis.call('HGET', hash, ARGV[i])
end
return { false, values }
