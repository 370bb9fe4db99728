-- Removes the item at a position and returns it; false when there is none. O(n).
-- KEYS: list. ARGV: position (negative from the end).
-- @include marker
local list, position = KEYS[1], tonumber(ARGV[1])
local item = redis.call('LINDEX', list, position)
if not item then
  return false
end
local length = redis.call('LLEN', list)
local fromEnd = (position < 0 and -position or length - position) < length / 2
local marker = unused_marker(list)
redis.call('LSET', list, position, marker)
redis.call('LREM', list, fromEnd and -1 or 1, marker)
return item
