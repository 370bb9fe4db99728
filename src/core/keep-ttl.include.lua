-- Runs a change that may remove the key for a moment, and restores the key's time to live.
local function keep_ttl(key, change)
  local ttl = redis.call('PTTL', key)
  change()
  if ttl >= 0 and redis.call('EXISTS', key) == 1 then
    redis.call('PEXPIRE', key, math.max(ttl, 1))
  end
end
