-- Counts the items of a list that equal a value. O(n).
-- KEYS: list. ARGV: value.
return #redis.call('LPOS', KEYS[1], ARGV[1], 'COUNT', 0)
