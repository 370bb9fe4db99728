-- The members of a queue of unique items. The list is authoritative, and other programs may change it; the set of members is
-- an index, rebuilt when the two disagree. A list that holds duplicates, which only other programs can put there, is longer
-- than the set by `surplus`.

-- Maximum list length at which a member of the set is verified in the list, which is O(n).
local SEARCHED = 10000

local function surplus()
  return tonumber(redis.call('HGET', bound, 'surplus') or 0)
end

local function add_member(item)
  if members then
    redis.call('SADD', members, item)
    redis.call('PEXPIRE', members, SETTINGS_KEPT)
  end
end

local function remove_member(item)
  if not members then
    return
  end
  if surplus() > 0 and redis.call('LPOS', items, item) then
    if redis.call('HINCRBY', bound, 'surplus', -1) == 0 then
      redis.call('HDEL', bound, 'surplus')
    end
  else
    redis.call('SREM', members, item)
  end
end

-- Rebuilds the set from the list. O(n).
local function index_members()
  redis.call('DEL', members)
  for start = 0, size - 1, 1000 do
    redis.call('SADD', members, unpack(redis.call('LRANGE', items, start, start + 999)))
  end
  redis.call('PEXPIRE', members, SETTINGS_KEPT)
  local twice = size - redis.call('SCARD', members)
  if twice > 0 then
    redis.call('HSET', bound, 'surplus', twice)
    redis.call('PEXPIRE', bound, SETTINGS_KEPT)
  else
    redis.call('HDEL', bound, 'surplus')
  end
end

-- Whether the set is likely to match the list. Compares the sizes and both ends, where other programs usually push and pop.
local function agrees()
  if redis.call('SCARD', members) + surplus() ~= size then
    return false
  end
  local ends = size > 0 and { redis.call('LINDEX', items, 0), redis.call('LINDEX', items, -1) } or {}
  for _, item in ipairs(ends) do
    if redis.call('SISMEMBER', members, item) == 0 then
      return false
    end
  end
  return true
end

-- O(1) when the item is not in the list, or the list is longer than SEARCHED; O(n) for an item in a shorter list, and when
-- the index is rebuilt.
local function contains(item)
  if not members then
    return false
  end
  if not agrees() then
    index_members()
  end
  local known = redis.call('SISMEMBER', members, item) == 1
  if known and size <= SEARCHED and not redis.call('LPOS', items, item) then
    index_members()
    return false
  end
  return known
end
