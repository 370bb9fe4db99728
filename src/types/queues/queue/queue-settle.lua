-- Makes what was just put into the list, past the queue, a part of it: unique items without a set get theirs, and those who
-- wait get what they wait for. What was leased is dropped. O(n).
-- KEYS and ARGV[1]: see include/queue-keys.lua. ARGV: …, replace, or clear to forget the maxsize, too.
-- @include queue
for _, ticket in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  unlease(ticket)
end
if ARGV[2] == 'clear' then
  redis.call('HDEL', state, 'maxsize')
end
if members then
  index_members()
end
serve()
