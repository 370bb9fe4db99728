-- Adds a permit to those there are. O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/semaphore-state.lua.
-- @bounded
-- @include semaphore-state
-- @include same-permits
-- @include semaphore
added = added + 1
save()
hand_on()
