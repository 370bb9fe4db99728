-- Brings the queue's auxiliary keys up to date after a write that bypassed them: indexes unique items, serves waits, and
-- drops all leases. O(n).
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, replace, or clear to remove the maxsize, too.
-- @include queue
for _, ticket in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  unlease(ticket)
end
if ARGV[2] == 'clear' then
  redis.call('HDEL', bound, 'maxsize')
end
if members then
  index_members()
end
serve()
