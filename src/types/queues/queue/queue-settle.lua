-- Ends a replace, a default or a clear: cuts the list, brings the auxiliary keys up to date and serves waits; drops all
-- leases, unless only a default was stored. O(n).
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, the number of new items at the end of the list that replace the
-- others, default, or clear to remove the maxsize, too.
-- @include queue
local clear, count = ARGV[2] == 'clear', tonumber(ARGV[2])
if count then
  local most = tonumber(redis.call('HGET', bound, 'maxsize'))
  if most and count > most then
    redis.call('LTRIM', items, 0, -count - 1)
    return redis.error_reply('MISMATCH has the maxsize ' .. most .. ', too small for ' .. count .. ' items')
  end
  if count > 0 then
    redis.call('LTRIM', items, -count, -1)
  else
    redis.call('LTRIM', items, 1, 0)
  end
  size = count
end
if ARGV[2] ~= 'default' then
  for _, ticket in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    unlease(ticket)
  end
  redis.call('DEL', returned)
end
if members then
  index_members()
end
serve()
-- Waiting puts rely on the maxsize.
if clear and redis.call('EXISTS', putters) == 0 then
  redis.call('HDEL', bound, 'maxsize')
end
