-- How many members of a set are in none of the others. O(n).
-- KEYS: set, others.
return #redis.call('SDIFF', unpack(KEYS))
