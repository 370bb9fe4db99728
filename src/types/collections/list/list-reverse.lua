-- Reverses a list in place: appends its items in reverse, then trims the old ones. O(n). Keeps the time to live, as the
-- list is never empty in between.
-- KEYS: list.
-- @slow
-- @include chunks
local list = KEYS[1]
local length = redis.call('LLEN', list)
local last = length - 1
while last >= 0 do
  local first = math.max(last - 999, 0)
  local run = redis.call('LRANGE', list, first, last)
  local n = #run
  for i = 1, math.floor(n / 2) do
    run[i], run[n + 1 - i] = run[n + 1 - i], run[i]
  end
  push_all('RPUSH', list, run, 1, n)
  last = first - 1
end
if length > 0 then
  redis.call('LTRIM', list, length, -1)
end
