-- How many items of a list equal a value. O(n).
-- KEYS: list. ARGV: value.
return #redis.call('LPOS', KEYS[1], ARGV[1], 'COUNT', 0)
