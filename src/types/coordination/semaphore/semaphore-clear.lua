-- Starts anew once the holders are deleted: permits that were added are gone, and so is their number unless somebody waits;
-- who does is served. The next token is higher still. O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua.
-- @include semaphore
added = 0
if redis.call('EXISTS', waiters) == 0 then
  permits = 0
end
if token > 0 then
  save()
else
  redis.call('DEL', state)
end
hand_on()
