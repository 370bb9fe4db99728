-- Tells the process of the last ticket in a wait queue to watch the key, because the process that did so waits no more. The
-- last one waits for longest. O(log n) in the waits.
-- KEYS: the wait queue.
-- @include waiting
local ticket = redis.call('ZREVRANGE', KEYS[1], 0, 0)[1]
while ticket and publish(ticket:match('^(.*)/'), 'watch ' .. KEYS[1]) == 0 do
  redis.call('ZREM', KEYS[1], ticket)
  ticket = redis.call('ZREVRANGE', KEYS[1], 0, 0)[1]
end
