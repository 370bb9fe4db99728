-- Reads the queue as if the items of ended leases were put back: its size, the next item, or all items. O(1); O(n) for all
-- items, and for unique items when a lease has ended.
-- KEYS: the list, its leases, the state, and for unique items their set. ARGV: FIFO or LIFO; size, peek or items.
-- @keys items leases state members
local lifo, what = ARGV[1] == 'LIFO', ARGV[2]
local size = redis.call('LLEN', items)
local time = redis.call('TIME')
local ended = {}
for _, ticket in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', time[1] * 1000 + math.floor(time[2] / 1000))) do
  local item = redis.call('HGET', state, ticket)
  if item and not (members and redis.call('LPOS', items, item)) then
    table.insert(ended, item)
  end
end
if what == 'size' then
  return size + #ended
elseif what == 'peek' then
  return ended[1] or redis.call('LINDEX', items, lifo and -1 or 0)
end
local all = redis.call('LRANGE', items, 0, -1)
for index = 1, #ended do
  if lifo then
    table.insert(all, ended[#ended + 1 - index])
  else
    table.insert(all, index, ended[index])
  end
end
return all
