-- Changes a set in place by others: union, intersection, difference or symmetric difference. O(n) in all their members.
-- Keeps the time to live.
-- KEYS: set, helper (empty before and after), the others. ARGV: which.
-- @slow
-- @include keep-ttl
local set, helper = KEYS[1], KEYS[2]
local others = {}
redis.call('SCARD', set)
for i = 3, #KEYS do
  redis.call('SCARD', KEYS[i])
  others[i - 2] = KEYS[i]
end

-- In runs that unpack can return.
local function store(command)
  for first = 1, #others, 1000 do
    redis.call(command, set, set, unpack(others, first, math.min(first + 999, #others)))
  end
end

local change = {
  union = function()
    store('SUNIONSTORE')
  end,
  intersection = function()
    store('SINTERSTORE')
  end,
  difference = function()
    store('SDIFFSTORE')
  end,
  symmetricDifference = function()
    -- The set itself among the others, an odd number of times, takes its own members out.
    local itself = false
    for i = 1, #others do
      itself = itself ~= (others[i] == set)
    end
    if itself then
      redis.call('DEL', set)
    end
    for i = 1, #others do
      if others[i] ~= set then
        redis.call('SINTERSTORE', helper, set, others[i])
        redis.call('SUNIONSTORE', set, set, others[i])
        redis.call('SDIFFSTORE', set, set, helper)
      end
    end
    redis.call('DEL', helper)
  end
}
keep_ttl(set, change[ARGV[1]])
