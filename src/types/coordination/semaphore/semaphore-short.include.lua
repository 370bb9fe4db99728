-- What the short ways of a semaphore's scripts share: the token for now, where no permit was added to the caller's number of
-- them and the clock has gone on since the last token. KEYS and ARGV[1]: see semaphore-state.lua.
local last, counts, token = redis.call('GET', KEYS[3]) or '', ' ' .. ARGV[1] .. ' 0', nil
if last == '' or last:sub(17) == counts then
  -- A time in microseconds has 16 digits.
  local time = redis.call('TIME')
  local fresh = string.format('%s%06d', time[1], time[2])
  token = last < fresh and fresh
end
