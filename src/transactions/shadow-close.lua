-- Puts off the end of shadows after calls on them: none lives longer than its transaction may take, and none is gone
-- before unless its key would be. O(1) for each.
-- KEYS: a hash with the ends that have been put off, the shadows. ARGV: how long the transaction may take, in milliseconds.
local ends, most = KEYS[1], tonumber(ARGV[1])
for index = 2, #KEYS do
  local shadow = KEYS[index]
  local left = redis.call('PTTL', shadow)
  if left == -1 then
    redis.call('HSET', ends, shadow, 'never')
  elseif left > most then
    local time = redis.call('TIME')
    redis.call('HSET', ends, shadow, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + left))
  end
  if left == -1 or left > most then
    redis.call('PEXPIRE', shadow, most)
  end
end
redis.call('HSET', ends, 'open', 1)
redis.call('PEXPIRE', ends, most)
