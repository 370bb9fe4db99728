-- Takes an item, or puts the caller in line for one. Asking again with the same ticket is safe: it gives the same answer.
-- O(1), and O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/queue.lua. ARGV: …, mode (try, wait or leave), ticket ('' for one that never asks again),
-- arrival ('' the first time), the lease in milliseconds (0: it is the caller's for good), the ticket whose item has been
-- done, tickets whose answers have arrived.
-- @include queue
local mode, ticket, arrival, period, done = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
forget(ARGV, 7)
if done ~= '' then
  redis.call('ZREM', leases, done)
  redis.call('HDEL', state, done)
end
reap()
serve()
-- Answered before, or by having been first in line just now.
local item = ticket ~= '' and redis.call('HGET', period > 0 and state or memory, ticket)
if not item then
  item = take()
  if item and period == 0 then
    remember(ticket, item)
  end
end
if item then
  if period > 0 then
    lease(ticket, item, period)
  end
  serve()
  return { 1, item }
end
if mode == 'wait' then
  return enlist(getters, ticket, arrival, leases, memory)
end
if ticket ~= '' then
  redis.call('ZREM', getters, ticket)
end
return { 0 }
