-- The token for the fast paths: set when no permits were added, the permit count matches the caller's, and the clock is
-- ahead of the last token. KEYS and ARGV[1]: see semaphore-state.include.lua.
local last, counts, token = redis.call('GET', KEYS[3]) or '', ' ' .. ARGV[1] .. ' 0', nil
if last == '' or last:sub(17) == counts then
  -- A time in microseconds has 16 digits.
  local time = redis.call('TIME')
  local fresh = string.format('%s%06d', time[1], time[2])
  token = last < fresh and fresh
end
