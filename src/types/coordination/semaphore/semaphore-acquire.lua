-- Takes a permit, or joins the wait queue for one; replies with the fencing token. A repeated call with the same ticket gets
-- the same permit, with a higher token. O(log n) in the holders and waits.
-- KEYS and ARGV[1]: see semaphore-state.include.lua. ARGV: …, mode (see Mode in wait-spec.ts), ticket, position ('' the first
-- time), the lease in milliseconds.
-- @bounded

-- Fast path: no holders, no waits.
local wants = ARGV[2] ~= 'withdraw' and ARGV[2] ~= 'refuse'
if wants and redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then
  -- @include semaphore-short
  if token then
    redis.call('ZADD', KEYS[1], string.format('%d', token / 1000 + ARGV[5]), ARGV[3])
    redis.call('SET', KEYS[3], token .. counts, 'PX', '86400000')
    return { 1, token }
  end
end

-- @include semaphore-state
-- @include same-permits
-- @include semaphore
local mode, ticket, position, period = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not wants then
  redis.call('ZREM', waiters, ticket)
  if mode == 'refuse' then
    held = held - redis.call('ZREM', holders, ticket)
  end
  serve_waiters()
  return { 0 }
end
serve_waiters()
local reserved = held > 0 and redis.call('ZSCORE', holders, ticket)
if reserved or held < permits + added then
  redis.call('ZADD', holders, now() + period, ticket)
  token = next_token()
  save()
  return { 1, token }
end
if mode == 'wait' then
  local reply = enqueue(waiters, ticket, position, holders, replies, waiters)
  local ttl = redis.call('PTTL', holders)
  if ttl >= 0 then
    reply[3] = math.min(reply[3], ttl)
  end
  return reply
end
redis.call('ZREM', waiters, ticket)
return { 0 }
