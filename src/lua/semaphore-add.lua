-- Adds a permit to those there are. O(log n) in those who wait.
-- KEYS and ARGV[1]: see include/semaphore.lua.
-- @include semaphore
local problem = mismatch()
if problem then
  return problem
end
added = added + 1
save()
hand_on()
