-- A text that no item of the list equals, to stand for one item while commands that go by value work on it. O(n).
local function unused_marker(list)
  local marker = '\0'
  while redis.call('LPOS', list, marker) do
    marker = marker .. '\0'
  end
  return marker
end
