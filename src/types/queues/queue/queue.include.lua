-- Functions that all scripts of a queue share.
-- @include queue-keys
-- @include waiting
local size = redis.pcall('LLEN', items)
if type(size) == 'table' then
  -- The key holds another type. All waits are removed, with the items to be put, and notified without a result: they poll
  -- and get the error.
  for _, ticket in ipairs(redis.call('ZRANGE', putters, 0, -1)) do
    redis.call('HDEL', bound, ticket)
  end
  while next_in(getters) or next_in(putters) or next_in(joiners) do
  end
  return size
end

local function lease(ticket, item, milliseconds)
  redis.call('ZADD', leases, now() + milliseconds, ticket)
  redis.call('HSET', state, ticket, item)
  if not quiet then
    schedule_recheck(now() + milliseconds, replies, getters, joiners)
  end
end

-- Ends a lease and returns its item; nil when there is no such lease. `known` is the item as its consumer knows it, in case
-- Redis has evicted the state.
local function unlease(ticket, known)
  if redis.call('ZREM', leases, ticket) == 0 then
    return nil
  end
  local item = redis.call('HGET', state, ticket) or known
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

-- Puts an item back where the next one is taken from, or behind the others, unless an equal item has been put since.
local function put_back(item, in_front)
  if item and not contains(item) then
    push(in_front == lifo and 'RPUSH' or 'LPUSH', item)
  end
end

-- Puts an item back that was delivered but not done. An item that has come back too often goes behind the others, so that
-- they are delivered, too.
-- @include queue-returns
local function return_item(item)
  if item then
    local returns = redis.call('HINCRBY', returned, item, 1)
    redis.call('PEXPIRE', returned, SETTINGS_KEPT)
    put_back(item, returns < MOST_RETURNS)
    quiet = false
  end
end

-- Hands an item over to the first wait for one; false when there is none. A consumer gets it by lease; for all others the
-- reply is cached.
local function hand_over(item)
  local getter = not quiet and next_in(getters, item)
  local length = getter and first_lease(getter)
  if length then
    lease(getter, item, length + UNCONFIRMED)
  elseif getter then
    redis.call('HDEL', returned, item)
    cache_reply(getter, item)
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
  local most = tonumber(redis.call('HGET', bound, 'maxsize'))
  return not most or size < most
end

-- Serves the waits for items, for space and for the end of all work.
local function serve()
  if quiet then
    return
  end
  while size > 0 and hand_over(redis.call('LINDEX', items, lifo and -1 or 0)) do
    take()
  end
  local putter = first_in(putters)
  while putter and has_space() do
    local item = redis.call('HGET', bound, putter)
    local is_new = item and (contains(item) and 0 or 1)
    -- The item of a process that is gone is not put: nobody would know that it was. An evicted item is not there: its process
    -- puts it again.
    local notified = notify(putter, is_new)
    redis.call('ZREM', putters, putter)
    redis.call('HDEL', bound, putter)
    if is_new and notified then
      if is_new == 1 then
        add(item)
      end
      cache_reply(putter, is_new)
    end
    putter = first_in(putters)
  end
  if size == 0 and redis.call('EXISTS', leases) == 0 then
    redis.call('DEL', returned)
    local joiner = next_in(joiners, 1)
    while joiner do
      cache_reply(joiner, 1)
      joiner = next_in(joiners, 1)
    end
  end
end

-- Puts back the items whose leases have ended, and all leased items when Redis has evicted the leases.
local function reap()
  local first_end = tonumber(redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2])
  if not first_end then
    local evicted = redis.call('HVALS', state)
    for _, item in ipairs(evicted) do
      return_item(item)
    end
    if #evicted > 0 then
      redis.call('DEL', state)
    end
  elseif first_end <= now() then
    local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now(), 'WITHSCORES')
    for index = #ended - 1, 1, -2 do
      return_item(unlease(ended[index]))
    end
    skip_stopped(getters, ended)
  end
end
