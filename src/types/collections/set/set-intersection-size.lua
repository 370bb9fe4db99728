-- How many members all the sets share (SINTERCARD, which Redis 6.2 does not have). O(n).
-- KEYS: sets.
return #redis.call('SINTER', unpack(KEYS))
