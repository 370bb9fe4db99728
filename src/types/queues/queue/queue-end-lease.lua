-- Takes an item from who had got it, leased or for good: it has been done, or goes back in front. O(1).
-- KEYS and ARGV[1]: see include/queue-keys.lua. ARGV: …, ticket, done or back.
-- @bounded
-- @include queue
local ticket = ARGV[2]
local item = unlease(ticket) or redis.call('HGET', memory, ticket)
redis.call('HDEL', memory, ticket)
if ARGV[3] == 'back' then
  put_back(item)
end
reap()
serve()
