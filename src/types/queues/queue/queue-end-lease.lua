-- Ends the delivery of an item, leased or not: the item is done, or goes back to the front. O(1).
-- KEYS and ARGV[1]: see queue-keys.include.lua. ARGV: …, ticket, done or back, the item that
-- goes back.
-- @bounded
-- @include queue
local ticket = ARGV[2]
local item = unlease(ticket, ARGV[4]) or redis.call('HGET', replies, ticket)
redis.call('HDEL', replies, ticket)
if ARGV[3] == 'back' then
  return_item(item)
elseif item then
  redis.call('HDEL', returned, item)
end
reap()
serve()
