-- Prepares shadows for the calls that follow, and copies keys to new ones. A shadow has a time to live of its own, in case
-- its client dies; here it gets that of its key back, as far as the transaction has left it. O(1) for a shadow, O(n) for a copy.
-- KEYS: a hash with the ends of shadows that have been put off, the shadows to prepare, each key to copy with its new
-- shadow. ARGV: the number of shadows to prepare, the most elements that a key to copy may have ('' for any number).
-- @slow
local ends, known, most = KEYS[1], tonumber(ARGV[1]) + 1, tonumber(ARGV[2])
if known > 1 and redis.call('HEXISTS', ends, 'open') == 0 then
  return redis.error_reply('SHADOW lost')
end
for index = 2, known do
  local shadow = KEYS[index]
  local own = redis.call('HGET', ends, shadow)
  if own and redis.call('EXISTS', shadow) == 0 then
    return redis.error_reply('SHADOW lost')
  elseif own == 'never' then
    redis.call('PERSIST', shadow)
  elseif own then
    redis.call('PEXPIREAT', shadow, own)
  end
  redis.call('HDEL', ends, shadow)
end
local sizes = { list = 'LLEN', set = 'SCARD', hash = 'HLEN', zset = 'ZCARD', stream = 'XLEN' }
for index = known + 1, #KEYS, 2 do
  local key, shadow = KEYS[index], KEYS[index + 1]
  local size = most and sizes[redis.call('TYPE', key).ok]
  if size and redis.call(size, key) > most then
    return redis.error_reply('SHADOW size ' .. key)
  end
  redis.call('UNLINK', shadow)
  redis.call('HDEL', ends, shadow)
  redis.call('COPY', key, shadow)
end
