-- Puts an item, or puts it in line for space. Asking again with the same ticket is safe: it gives the same answer. Answers
-- 1, or 0 when items are unique and this one was there already. O(1), and O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/queue-keys.lua. ARGV: …, mode (try, wait or leave), ticket ('' for one that never asks again),
-- arrival ('' the first time), maxsize ('' for what others have set), item, tickets whose answers have arrived.
-- @bounded
-- @include queue-keys
local mode, ticket, arrival, maxsize, item = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

-- The usual case, short: nobody waits, and there is space for any number.
if ticket == '' and maxsize == '' and not anybody_waits and not members and not redis.call('HGET', state, 'maxsize') then
  redis.call('RPUSH', items, item)
  return { 1, 1 }
end

-- @include waiting
-- The same when somebody waits for an item, and the queue is empty: so there is space, and nothing else to be done.
if ticket == '' and maxsize == '' and not members and redis.call('EXISTS', items, putters, leases) == 0 then
  local getter = first_in(getters)
  if getter and not first_lease(getter) and tell(getter, item) then
    redis.call('ZREM', getters, getter)
    remember(getter, item)
    return { 1, 1 }
  end
end

-- @include queue
if maxsize ~= '' then
  local known = redis.call('HGET', state, 'maxsize')
  if not known then
    redis.call('HSET', state, 'maxsize', maxsize)
  elseif known ~= maxsize then
    return redis.error_reply('MISMATCH has the maxsize ' .. known .. ', not ' .. maxsize)
  end
end
if ARGV[7] then
  redis.call('HDEL', memory, unpack(ARGV, 7))
end
reap()
if size > 0 or redis.call('EXISTS', putters) == 1 then
  serve()
end
-- Also when it was put just now, out of the line.
local answer = ticket ~= '' and redis.call('HGET', memory, ticket)
if answer then
  return { 1, tonumber(answer) }
end

local function leave()
  if ticket ~= '' then
    redis.call('ZREM', putters, ticket)
    redis.call('HDEL', state, ticket)
  end
end

local known = contains(item)
if known or has_space() then
  leave()
  if not known then
    add(item)
  end
  answer = known and 0 or 1
  remember(ticket, answer)
  return { 1, answer }
end
if mode == 'wait' then
  redis.call('HSET', state, ticket, item)
  return enlist(putters, ticket, arrival, leases, memory)
end
leave()
return { 0 }
