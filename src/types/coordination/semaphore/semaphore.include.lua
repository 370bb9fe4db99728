-- Functions that all scripts of a semaphore share.
-- @include semaphore-state
-- @include waiting
token, permits, added = tonumber(token), tonumber(permits), tonumber(added)
local held = redis.call('ZCARD', holders)
if held > 0 then
  local ended = redis.call('ZRANGEBYSCORE', holders, '-inf', now(), 'WITHSCORES')
  if #ended > 0 then
    held = held - redis.call('ZREMRANGEBYSCORE', holders, '-inf', now())
    skip_stopped(waiters, ended)
  end
end

-- The state expires after a day without use, unless permits were added. New tokens are greater still: they start at the
-- current time.
local function save()
  local text = string.format('%.0f %d %d', token, permits, added)
  if added > 0 then
    redis.call('SET', state, text)
  else
    redis.call('SET', state, text, 'PX', 86400000)
  end
end

local function next_token()
  return math.max(token + 1, time_in_microseconds())
end

-- Offers a permit to the waits, until a process could be notified; returns its ticket. Each is offered a token of its own:
-- one that did not count as notified may have received the message.
local function next_holder()
  local waiter = first_in(waiters)
  while waiter do
    token = next_token()
    local notified = notify(waiter, string.format('%.0f', token))
    redis.call('ZREM', waiters, waiter)
    if notified then
      return waiter
    end
    waiter = first_in(waiters)
  end
end

-- Hands free permits over to the waits.
local function serve_waiters()
  while held < permits + added do
    local waiter = next_holder()
    if not waiter then
      return
    end
    save()
    local ends = now() + first_lease(waiter) + UNCONFIRMED
    redis.call('ZADD', holders, ends, waiter)
    held = held + 1
    schedule_recheck(ends, replies, waiters)
  end
end
