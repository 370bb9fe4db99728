-- KEYS: the holders, scored by the end of their leases; the wait queue; the last token, the permit count and the number of
-- added permits, in one string; a hash for schedule_recheck(); a key that never exists. ARGV[1]: the permit count.
-- @keys holders waiters state replies guard
local token, permits, added = (redis.call('GET', state) or '0 0 0'):match('^(%d+) (%d+) (%d+)$')
if permits == '0' then
  permits = ARGV[1]
end
