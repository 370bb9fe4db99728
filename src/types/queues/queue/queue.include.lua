-- What all scripts of a queue share.
-- @include queue-keys
-- @include waiting
local size = redis.pcall('LLEN', items)
if type(size) == 'table' then
  -- The key holds something else. Who waits is told to ask, and so to fail: out of the line, with what was to be put.
  for _, ticket in ipairs(redis.call('ZRANGE', putters, 0, -1)) do
    redis.call('HDEL', state, ticket)
  end
  while next_in(getters) or next_in(putters) or next_in(joiners) do
  end
  return size
end

local function lease(ticket, item, milliseconds)
  redis.call('ZADD', leases, now() + milliseconds, ticket)
  redis.call('HSET', state, ticket, item)
  if anybody_waits then
    note(now() + milliseconds, memory, getters, joiners)
  end
end

-- Ends a lease and gives what was leased; nil when there is no such lease.
local function unlease(ticket)
  if redis.call('ZREM', leases, ticket) == 0 then
    return nil
  end
  local item = redis.call('HGET', state, ticket)
  redis.call('HDEL', state, ticket)
  return item
end

-- @include queue-members
local function take()
  local item = redis.call(lifo and 'RPOP' or 'LPOP', items)
  if item then
    size = size - 1
    remove_member(item)
  end
  return item
end

local function push(command, item)
  redis.call(command, items, item)
  size = size + 1
  add_member(item)
end

-- Puts an item back where it is taken from next, unless it has been put again meanwhile.
local function put_back(item)
  if item and not contains(item) then
    push(lifo and 'RPUSH' or 'LPUSH', item)
  end
end

-- Tells the first who waits for an item that this one is theirs; false when nobody waits. To a consumer it is leased; to
-- all others it is for good.
local function hand_over(item)
  local getter = anybody_waits and next_in(getters, item)
  local length = getter and first_lease(getter)
  if length then
    lease(getter, item, length)
  elseif getter then
    remember(getter, item)
  end
  return getter
end

-- Adds an item that is not in the queue yet, or hands it over.
local function add(item)
  if size > 0 or not hand_over(item) then
    push('RPUSH', item)
  end
end

local function has_space()
  local most = tonumber(redis.call('HGET', state, 'maxsize'))
  return not most or size < most
end

-- Gives items, space and the end of all work to those who wait for them.
local function serve()
  if not anybody_waits then
    return
  end
  while size > 0 and hand_over(redis.call('LINDEX', items, lifo and -1 or 0)) do
    take()
  end
  local putter = first_in(putters)
  while putter and has_space() do
    local item = redis.call('HGET', state, putter)
    local is_new = contains(item) and 0 or 1
    -- Of one that is gone nothing is put: it has not been told that it was.
    local told = tell(putter, is_new)
    redis.call('ZREM', putters, putter)
    redis.call('HDEL', state, putter)
    if told then
      if is_new == 1 then
        add(item)
      end
      remember(putter, is_new)
    end
    putter = first_in(putters)
  end
  if size == 0 and redis.call('EXISTS', leases) == 0 then
    local joiner = next_in(joiners, 1)
    while joiner do
      remember(joiner, 1)
      joiner = next_in(joiners, 1)
    end
  end
end

-- Puts back what is leased no longer.
local function reap()
  local first_end = tonumber(redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2])
  if first_end and first_end <= now() then
    local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now())
    for index = #ended, 1, -1 do
      put_back(unlease(ended[index]))
    end
  end
end
