-- Takes an item, or puts the caller in line for one. Asking again with the same ticket is safe: it gives the same answer.
-- O(1), and O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/queue-keys.lua. ARGV: …, mode (try, wait or leave), ticket ('' for one that never asks again),
-- arrival ('' the first time), the lease in milliseconds (0: it is the caller's for good), the ticket whose item has been
-- done, tickets whose answers have arrived.
-- @bounded
-- @include queue-keys
local mode, ticket, arrival, period, done = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local answers = period > 0 and state or memory
if ARGV[7] then
  redis.call('HDEL', memory, unpack(ARGV, 7))
end
if done ~= '' then
  redis.call('ZREM', leases, done)
  redis.call('HDEL', state, done)
end

-- The usual case, short: nobody waits, and nothing has to be put back.
local empty = false
if not anybody_waits and not members and not (ticket ~= '' and redis.call('HGET', answers, ticket)) then
  local first_end = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
  local time = (first_end or period > 0) and redis.call('TIME')
  local now = time and time[1] * 1000 + math.floor(time[2] / 1000)
  local settled = not (first_end and tonumber(first_end) <= now)
  local item = settled and redis.call(lifo and 'RPOP' or 'LPOP', items)
  if item and period > 0 then
    redis.call('ZADD', leases, now + period, ticket)
    redis.call('HSET', state, ticket, item)
  elseif item then
    remember(ticket, item)
  end
  if item then
    return { 1, item }
  end
  empty = settled
end

-- @include waiting
if empty and mode == 'wait' then
  return enlist(getters, ticket, arrival, leases, memory)
end

-- @include queue
reap()
serve()
-- Answered before, or by having been first in line just now.
local item = ticket ~= '' and redis.call('HGET', answers, ticket)
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
