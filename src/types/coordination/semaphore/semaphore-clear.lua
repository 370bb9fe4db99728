-- Resets the semaphore after its holders were deleted: removes added permits, and the permit count unless there are waits;
-- serves the waits. Tokens keep increasing. O(log n) in the waits.
-- KEYS and ARGV[1]: see semaphore-state.include.lua.
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
serve_waiters()
