-- Changes a set in place by others: union, intersection, difference or symmetric difference. O(n) in all their members.
-- Keeps the time to live.
-- KEYS: set, helper (empty before and after), the others. ARGV: which.
-- @include keep-ttl
local set, helper = KEYS[1], KEYS[2]
local others = {}
redis.call('SCARD', set)
for i = 3, #KEYS do
  redis.call('SCARD', KEYS[i])
  others[i - 2] = KEYS[i]
end

local change = {
  union = function()
    redis.call('SUNIONSTORE', set, set, unpack(others))
  end,
  intersection = function()
    redis.call('SINTERSTORE', set, set, unpack(others))
  end,
  difference = function()
    redis.call('SDIFFSTORE', set, set, unpack(others))
  end,
  symmetricDifference = function()
    for i = 1, #others do
      redis.call('SINTERSTORE', helper, set, others[i])
      redis.call('SUNIONSTORE', set, set, others[i])
      redis.call('SDIFFSTORE', set, set, helper)
    end
    redis.call('DEL', helper)
  end
}
keep_ttl(set, change[ARGV[1]])
