-- A text that equals no item of the list. It replaces an item while commands that search by value work on it. O(n).
local function unused_marker(list)
  local marker = '\0'
  while redis.call('LPOS', list, marker) do
    marker = marker .. '\0'
  end
  return marker
end
