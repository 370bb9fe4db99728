-- Repeats the contents of a list in place. O(n * times). Keeps the time to live.
-- KEYS: list. ARGV: times, at least 1.
-- @slow
-- @include chunks
local list, times = KEYS[1], tonumber(ARGV[1])
local length = redis.call('LLEN', list)
local wanted = length * times
if wanted > 4294967295 then
  return redis.error_reply('OVERFLOW would hold ' .. string.format('%.0f', wanted) .. ' items, a list holds 4294967295 at most')
end
-- The list doubles until it is long enough, so that short lists are copied in long runs, too. An empty one is long enough.
while length < wanted do
  local copied = math.min(length, wanted - length)
  for first = 0, copied - 1, 1000 do
    local run = redis.call('LRANGE', list, first, math.min(first + 999, copied - 1))
    push_all('RPUSH', list, run, 1, #run)
  end
  length = length + copied
end
