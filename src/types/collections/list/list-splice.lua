-- Array.splice in place: removes items from a position on, inserts others there, returns the removed ones. Near an end it
-- moves the items between there and the end; elsewhere a few items are changed where they are, and for many the shorter
-- side of the list is moved. O(n). Keeps the time to live: the list is never empty in between.
-- KEYS: list, and a list that holds the items to insert when there are too many for arguments (it is consumed).
-- ARGV: position (negative from the end), how many to remove, items to insert.
-- @slow
-- @include chunks
-- @include marker
local list, staging = KEYS[1], KEYS[2]
local items = {}
for i = 3, #ARGV do
  items[i - 2] = ARGV[i]
end
if staging then
  items = redis.call('LRANGE', staging, 0, -1)
  redis.call('DEL', staging)
end

local length = redis.call('LLEN', list)
local start = tonumber(ARGV[1])
if start < 0 then
  start = math.max(length + start, 0)
end
start = math.min(start, length)
local count = math.max(math.min(tonumber(ARGV[2]), length - start), 0)
local behind = length - start - count
if count == 0 and #items == 0 then
  return {}
end

local removed = {}
if count > 0 then
  removed = redis.call('LRANGE', list, start, start + count - 1)
end

-- The items from one position up to another, in runs that unpack can return.
local function runs(first, last)
  local all = {}
  for from = first, last, 5000 do
    all[#all + 1] = redis.call('LRANGE', list, from, math.min(from + 4999, last))
  end
  return all
end

local function reverse(run)
  local n = #run
  for i = 1, math.floor(n / 2) do
    run[i], run[n + 1 - i] = run[n + 1 - i], run[i]
  end
  return run
end

local function move_tail()
  local tail = runs(start + count, length - 1)
  redis.call('LTRIM', list, 0, start - 1)
  push_all('RPUSH', list, items, 1, #items)
  for _, run in ipairs(tail) do
    redis.call('RPUSH', list, unpack(run))
  end
end

local function move_head()
  local head = runs(0, start - 1)
  redis.call('LTRIM', list, start + count, -1)
  push_all('LPUSH', list, reverse(items), 1, #items)
  for i = #head, 1, -1 do
    redis.call('LPUSH', list, unpack(reverse(head[i])))
  end
end

local function replace_all()
  push_all('RPUSH', list, items, 1, #items)
  redis.call('LTRIM', list, count, -1)
end

-- Items are replaced one by one. What is left to insert goes before a marker, and what is left to remove becomes markers.
local function change_in_place()
  local replaced = math.min(count, #items)
  for i = 1, replaced do
    redis.call('LSET', list, start + i - 1, items[i])
  end
  if #items > replaced then
    local marker, next_item = unused_marker(list), redis.call('LINDEX', list, start + replaced)
    redis.call('LSET', list, start + replaced, marker)
    for i = replaced + 1, #items do
      redis.call('LINSERT', list, 'BEFORE', marker, items[i])
    end
    redis.call('LSET', list, start + #items, next_item)
  elseif count > replaced then
    local marker = unused_marker(list)
    for i = replaced, count - 1 do
      redis.call('LSET', list, start + i, marker)
    end
    redis.call('LREM', list, behind < start and replaced - count or count - replaced, marker)
  end
end

-- Each insertion searches the list for the marker, which takes a twentieth of the time that moving half of it takes.
local few = count <= 500 and #items <= 500 and #items - count <= 5

if start == 0 and behind == 0 then
  replace_all()
elseif few and math.min(start, behind) > 500 then
  change_in_place()
elseif behind <= start then
  move_tail()
else
  move_head()
end
return removed
