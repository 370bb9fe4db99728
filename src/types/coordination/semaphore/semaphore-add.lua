-- Adds a permit. O(log n) in the waits.
-- KEYS and ARGV[1]: see semaphore-state.include.lua.
-- @bounded
-- @include semaphore-state
-- @include same-permits
-- @include semaphore
added = added + 1
save()
serve_waiters()
