-- Reads the queue as if the items of ended leases were put back: its size, the next item, or all items. O(1); O(n) for all
-- items, and for unique items when a lease has ended.
-- KEYS: see queue-keys.include.lua. ARGV: FIFO or LIFO; size, peek or items.
-- @keys items leases state returned members
-- @include queue-returns
local lifo, what = ARGV[1] == 'LIFO', ARGV[2]
local size = redis.call('LLEN', items)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The items that go in front, the next one first, and those that go behind the others, the last one last.
local front, behind = {}, {}
for _, ticket in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  local item = redis.call('HGET', state, ticket)
  if item and not (members and redis.call('LPOS', items, item)) then
    if tonumber(redis.call('HGET', returned, item) or 0) + 1 < MOST_RETURNS then
      table.insert(front, item)
    else
      table.insert(behind, 1, item)
    end
  end
end
if what == 'size' then
  return size + #front + #behind
elseif what == 'peek' then
  return front[1] or redis.call('LINDEX', items, lifo and -1 or 0) or behind[1]
end
local all = redis.call('LRANGE', items, 0, -1)
if lifo then
  front, behind = behind, front
end
for index = 1, #front do
  table.insert(all, index, front[lifo and #front + 1 - index or index])
end
for index = 1, #behind do
  table.insert(all, behind[lifo and #behind + 1 - index or index])
end
return all
