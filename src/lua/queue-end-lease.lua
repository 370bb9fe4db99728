-- Ends a lease: the item has been done, or goes back in front. O(1).
-- KEYS and ARGV[1]: see include/queue.lua. ARGV: …, ticket, done or back.
-- @include queue
local item = unlease(ARGV[2])
if ARGV[3] == 'back' then
  put_back(item)
end
settle()
