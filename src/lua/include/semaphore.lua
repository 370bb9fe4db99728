-- What all scripts of a semaphore share. KEYS: the holders by the end of their leases; the line of those who wait; the last
-- token, the number of permits and how many were added to it, in one text; a hash for note(); a key that
-- never exists. ARGV[1]: the permits.
-- @include waiting
local holders, waiters, state, memory = unpack(KEYS)
local held = redis.call('ZCARD', holders)
if held > 0 then
  held = held - redis.call('ZREMRANGEBYSCORE', holders, '-inf', now())
end
local token, permits, added = (redis.call('GET', state) or '0 0 0'):match('^(%d+) (%d+) (%d+)$')
token, permits, added = tonumber(token), tonumber(permits), tonumber(added)
if permits == 0 then
  permits = tonumber(ARGV[1])
end

local function mismatch()
  if permits ~= tonumber(ARGV[1]) then
    return redis.error_reply('MISMATCH has the value ' .. permits .. ', not ' .. ARGV[1])
  end
end

-- A day without use and it is forgotten, unless permits were added: tokens go on from the time then.
local function save()
  local text = string.format('%.0f %d %d', token, permits, added)
  if added > 0 then
    redis.call('SET', state, text)
  else
    redis.call('SET', state, text, 'PX', 86400000)
  end
end

-- Hands what is free to those who wait.
local function hand_on()
  while held < permits + added do
    local waiter = next_in(waiters)
    if not waiter then
      return
    end
    local ends = now() + first_lease(waiter)
    redis.call('ZADD', holders, ends, waiter)
    held = held + 1
    note(ends, memory, waiters)
  end
end
