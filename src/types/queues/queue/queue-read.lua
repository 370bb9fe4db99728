-- Reads the queue as it is once the leases that have ended are put back: its size, the item that is next, or all items.
-- O(1), for all items O(n). Of unique items, one whose lease has ended is looked for: O(n), too.
-- KEYS: the list, its leases, what is leased, and for unique items their set. ARGV: FIFO or LIFO; size, peek or items.
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
