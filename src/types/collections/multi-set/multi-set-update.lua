-- Changes the counts of a multiset in place by those of another. O(n). Nothing is changed if one count would overflow.
-- KEYS: hash, hash of the other counts. ARGV: 'add', 'subtract', 'intersection' or 'union'.
-- @slow
-- @include number
local mine, theirs = KEYS[1], KEYS[2]
local how = ARGV[1]

local function counts_of(key)
  local flat, counts = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    local count = number_of(flat[i + 1])
    if not count or count ~= math.floor(count) then
      return nil, flat[i]
    end
    counts[flat[i]] = count
  end
  return counts
end

local counts, bad = counts_of(mine)
local others, otherBad = counts_of(theirs)
if bad or otherBad then
  return redis.error_reply('CODEC item \'' .. (bad or otherBad) .. '\' does not hold a count: set one first')
end

local changed, gone = {}, {}
if how == 'add' or how == 'subtract' then
  local sign = how == 'add' and 1 or -1
  for item, count in pairs(others) do
    local sum = (counts[item] or 0) + sign * count
    if math.abs(sum) > 9007199254740991 then
      return redis.error_reply('OVERFLOW item \'' .. item .. '\' would be counted past what a number holds exactly: nothing was changed')
    end
    changed[#changed + 1] = item
    changed[#changed + 1] = number_text(sum)
  end
else
  local pick = how == 'intersection' and math.min or math.max
  local items = {}
  for item in pairs(counts) do
    items[item] = true
  end
  for item in pairs(how == 'union' and others or {}) do
    items[item] = true
  end
  for item in pairs(items) do
    local count = pick(counts[item] or 0, others[item] or 0)
    if count <= 0 then
      gone[#gone + 1] = item
    elseif count ~= counts[item] then
      changed[#changed + 1] = item
      changed[#changed + 1] = number_text(count)
    end
  end
end

for first = 1, #changed, 1000 do
  redis.call('HSET', mine, unpack(changed, first, math.min(first + 999, #changed)))
end
for first = 1, #gone, 1000 do
  redis.call('HDEL', mine, unpack(gone, first, math.min(first + 999, #gone)))
end
