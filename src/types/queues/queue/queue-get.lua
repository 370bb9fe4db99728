-- Takes an item, or joins the wait queue for one. A repeated call with the same ticket returns the same reply. O(1), and
-- O(log n) in the waits.
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, mode (see Mode in wait-spec.ts), ticket ('' for a call that is not
-- repeated), position ('' the first time), the lease in milliseconds (0 for no lease), the ticket of an item that is done,
-- tickets whose replies have been received.
-- @bounded
-- @include queue-keys
local mode, ticket, position, period, done = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local reply_key = period > 0 and state or replies
if ARGV[7] then
  redis.call('HDEL', replies, unpack(ARGV, 7))
end
if done ~= '' then
  if not quiet then
    redis.call('HDEL', returned, redis.call('HGET', state, done) or '')
  end
  redis.call('ZREM', leases, done)
  redis.call('HDEL', state, done)
end

-- Fast path: no waits, no lease that has ended.
local empty, wants = false, mode ~= 'withdraw' and mode ~= 'refuse'
if wants and quiet and not members and not (ticket ~= '' and redis.call('HGET', reply_key, ticket)) then
  local first_end = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
  local time = (first_end or period > 0) and redis.call('TIME')
  local now = time and time[1] * 1000 + math.floor(time[2] / 1000)
  local settled = not (first_end and tonumber(first_end) <= now)
  local item = settled and redis.call(lifo and 'RPOP' or 'LPOP', items)
  if item and period > 0 then
    redis.call('ZADD', leases, now + period, ticket)
    redis.call('HSET', state, ticket, item)
  elseif item then
    cache_reply(ticket, item)
  end
  if item then
    return { 1, item }
  end
  empty = settled and (first_end or redis.call('EXISTS', state) == 0)
end

-- @include waiting
if empty and mode == 'wait' then
  return enqueue(getters, ticket, position, leases, replies, getters, putters, joiners)
end

-- @include queue
if not wants then
  redis.call('ZREM', getters, ticket)
  if mode == 'refuse' then
    local item = unlease(ticket) or redis.call('HGET', replies, ticket)
    redis.call('HDEL', replies, ticket)
    put_back(item, true)
  end
end
reap()
serve()
if not wants then
  return { 0 }
end
-- The reply of an earlier call, or of serve() above.
local item = ticket ~= '' and redis.call('HGET', reply_key, ticket)
if not item then
  item = take()
  if item and period == 0 then
    redis.call('HDEL', returned, item)
    cache_reply(ticket, item)
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
  return enqueue(getters, ticket, position, leases, replies, getters, putters, joiners)
end
if ticket ~= '' then
  redis.call('ZREM', getters, ticket)
end
return { 0 }
