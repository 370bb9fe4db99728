-- Pushes items from first to last, in runs that unpack can return.
local function push_all(command, list, items, first, last)
  for start = first, last, 1000 do
    redis.call(command, list, unpack(items, start, math.min(start + 999, last)))
  end
end
