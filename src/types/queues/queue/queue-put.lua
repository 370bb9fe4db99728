-- Puts an item, or joins the wait queue for space. A repeated call with the same ticket returns the same reply. Replies 1,
-- or 0 when items are unique and this one is in the queue already. O(1), and O(log n) in the waits.
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, mode (see Mode in wait-spec.ts), ticket ('' for a call that is not
-- repeated), position ('' the first time), maxsize ('' for the stored one), item, tickets whose replies have been received.
-- @bounded
-- @include queue-keys
local mode, ticket, position, maxsize, item = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

-- Fast path: no waits, no maxsize.
if ticket == '' and maxsize == '' and quiet and not members and not redis.call('HGET', bound, 'maxsize') then
  redis.call('RPUSH', items, item)
  return { 1, 1 }
end

-- @include waiting
-- Fast path: the queue is empty and a wait for an item gets this one, so no space is needed.
if ticket == '' and maxsize == '' and not members and redis.call('EXISTS', items, putters, leases) == 0 then
  local getter = first_in(getters)
  if getter and not first_lease(getter) and notify(getter, item) then
    redis.call('ZREM', getters, getter)
    cache_reply(getter, item)
    return { 1, 1 }
  end
end

-- @include queue
if maxsize ~= '' then
  local known = redis.call('HGET', bound, 'maxsize')
  if not known then
    redis.call('HSET', bound, 'maxsize', maxsize)
  elseif known ~= maxsize then
    return redis.error_reply('MISMATCH has the maxsize ' .. known .. ', not ' .. maxsize)
  end
  redis.call('PEXPIRE', bound, SETTINGS_KEPT)
end
if ARGV[7] then
  redis.call('HDEL', replies, unpack(ARGV, 7))
end
local function leave()
  if ticket ~= '' then
    redis.call('ZREM', putters, ticket)
    redis.call('HDEL', bound, ticket)
  end
end

local wants = mode ~= 'withdraw' and mode ~= 'refuse'
if not wants then
  leave()
end
reap()
if size > 0 or redis.call('EXISTS', putters) == 1 then
  serve()
end
if not wants then
  return { 0 }
end
-- The reply of an earlier call, or of serve() above.
local answer = ticket ~= '' and redis.call('HGET', replies, ticket)
if answer then
  return { 1, tonumber(answer) }
end

local known = contains(item)
if known or has_space() then
  leave()
  if not known then
    add(item)
  end
  answer = known and 0 or 1
  cache_reply(ticket, answer)
  return { 1, answer }
end
if mode == 'wait' then
  redis.call('HSET', bound, ticket, item)
  redis.call('PEXPIRE', bound, SETTINGS_KEPT)
  return enqueue(putters, ticket, position, leases, replies, getters, putters, joiners)
end
leave()
return { 0 }
