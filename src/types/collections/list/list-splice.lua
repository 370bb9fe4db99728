-- Array.splice in place: removes items from a position on, inserts others there, returns the removed ones. Moves the
-- shorter side of the list out of the way and back: O(n). Keeps the time to live.
-- KEYS: list, and a list that holds the items to insert when there are too many for arguments (it is consumed).
-- ARGV: position (negative from the end), how many to remove, items to insert.
-- @slow
-- @include chunks
-- @include keep-ttl
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
if count == 0 and #items == 0 then
  return {}
end

local removed = {}
if count > 0 then
  removed = redis.call('LRANGE', list, start, start + count - 1)
end

-- Takes n items off one end, nearest to that end first.
local function take(command, n)
  local taken = {}
  while n > 0 do
    local run = redis.call(command, list, math.min(n, 1000))
    for i = 1, #run do
      taken[#taken + 1] = run[i]
    end
    n = n - #run
  end
  return taken
end

local function reversed(from)
  local to, n = {}, #from
  for i = 1, n do
    to[i] = from[n + 1 - i]
  end
  return to
end

keep_ttl(list, function()
  local behind = length - start - count
  if start == 0 and behind == 0 then
    -- The key must not be missing in between: while its slot migrates, this node would not create it again.
    push_all('RPUSH', list, items, 1, #items)
    take('LPOP', count)
  elseif behind <= start then
    local tail = take('RPOP', behind)
    take('RPOP', count)
    push_all('RPUSH', list, items, 1, #items)
    push_all('RPUSH', list, reversed(tail), 1, #tail)
  else
    local head = take('LPOP', start)
    take('LPOP', count)
    push_all('LPUSH', list, reversed(items), 1, #items)
    push_all('LPUSH', list, reversed(head), 1, #head)
  end
end)
return removed
