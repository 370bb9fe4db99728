-- Takes all permits from their holders and those that were added; the next token is higher still. Who waits goes on waiting.
-- O(n) in those who hold.
-- KEYS and ARGV[1]: see include/semaphore.lua.
-- @include semaphore
redis.call('DEL', holders, memory)
held, added = 0, 0
if redis.call('EXISTS', waiters) == 0 then
  permits = 0
end
if token > 0 then
  save()
end
hand_on()
