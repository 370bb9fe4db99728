-- Inserts a value before a position; positions past either end mean that end. O(n).
-- KEYS: list. ARGV: position (negative from the end), value.
-- @slow
-- @include marker
local list, position, value = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local length = redis.call('LLEN', list)
if position < 0 then
  position = math.max(length + position, 0)
end
if position == 0 then
  redis.call('LPUSH', list, value)
elseif position >= length then
  redis.call('RPUSH', list, value)
else
  local item = redis.call('LINDEX', list, position)
  local marker = unused_marker(list)
  redis.call('LSET', list, position, marker)
  redis.call('LINSERT', list, 'BEFORE', marker, value)
  redis.call('LSET', list, position + 1, item)
end
