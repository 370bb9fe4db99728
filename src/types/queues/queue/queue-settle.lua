-- Brings the queue's auxiliary keys up to date after a write that bypassed them: indexes unique items, serves waits, and
-- drops all leases, unless only a default was written. O(n).
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, replace, default, or clear to remove the maxsize, too.
-- @include queue
if ARGV[2] ~= 'default' then
  for _, ticket in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    unlease(ticket)
  end
end
if ARGV[2] == 'clear' then
  redis.call('HDEL', state, 'maxsize')
end
if members then
  index_members()
end
serve()
