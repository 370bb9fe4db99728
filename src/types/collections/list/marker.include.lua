-- A text that equals no item of a list. It replaces items while commands that search by value work on them. O(1): a digest
-- that nobody has computed before, so that the list need not be searched for it.
local function unused_marker(list)
  local now = redis.call('TIME')
  return '\0' .. redis.sha1hex(now[1] .. '.' .. now[2] .. '\0' .. list)
end
