-- Makes a list its own contents several times over, in place. O(n * times). Keeps the time to live.
-- KEYS: list. ARGV: times, at least 1.
-- @slow
-- @include chunks
local list, times = KEYS[1], tonumber(ARGV[1])
local length = redis.call('LLEN', list)
if length * times > 4294967295 then
  return redis.error_reply('OVERFLOW would hold ' .. string.format('%.0f', length * times) .. ' items, a list holds 4294967295 at most')
end
for _ = 2, times do
  for first = 0, length - 1, 1000 do
    local run = redis.call('LRANGE', list, first, math.min(first + 999, length - 1))
    push_all('RPUSH', list, run, 1, #run)
  end
end
