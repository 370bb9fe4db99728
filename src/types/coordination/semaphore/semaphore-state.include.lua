-- KEYS: the holders by the end of their leases; the line of those who wait; the last token, the number of permits and how
-- many were added to it, in one text; a hash for note(); a key that never exists. ARGV[1]: the number of permits.
-- @keys holders waiters state memory guard
local token, permits, added = (redis.call('GET', state) or '0 0 0'):match('^(%d+) (%d+) (%d+)$')
if permits == '0' then
  permits = ARGV[1]
end
